# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that changed, by the times of their entries: what is looked at, what is said of it, and that nobody can lead it astray."""

import os
import time

from ansible_collections.webops.bad_gateway.plugins.module_utils._history import files
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.files import file_changes
from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

SHOW = """\
Id=shop.service
FragmentPath=/etc/systemd/system/shop.service
DropInPaths=/etc/systemd/system/shop.service.d/limits.conf
EnvironmentFiles=/etc/default/shop (ignore_errors=yes)
ExecStart={ path=/usr/bin/python3 ; argv[]=/usr/bin/python3 serve.py --port 8000 ; ignore_errors=no ; start_time=[n/a] }
WorkingDirectory=/srv/shop
"""


def found(host, since=None, units=(), more=()):
    span = Span(time.time() - 60 if since is None else since, time.time() + 60)
    return {one["subject"]: (one["what"], one["of"]) for one in file_changes(host, span, units, more)}


def test_what_was_written_or_put_there(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/nginx/nginx.conf", "")
    host.write("/etc/php/8.2/fpm/pool.d/www.conf", "")
    host.write("/etc/hosts", "")
    host.write("/var/www/index.php", "")
    os.utime(host.path("/etc/hosts"), (1.0, 1.0))
    host.link("/etc/nginx/sites-enabled/shop", "/gone")
    assert found(host) == {
        "/etc/nginx/nginx.conf": ("was written", None),
        "/etc/nginx/sites-enabled/shop": ("was linked", None),
        "/etc/php/8.2/fpm/pool.d/www.conf": ("was written", None),
        "/etc/hosts": ("was put there, or got another owner or mode", None),
    }
    assert found(host, since=time.time() + 30) == {}


def test_files_that_units_use_and_files_that_are_named(tmp_path):
    host = FakeHost(tmp_path, {"systemctl show": SHOW})
    for path in (
        "/etc/systemd/system/shop.service.d/limits.conf",
        "/etc/default/shop",
        "/srv/shop/serve.py",
        "/srv/shop/access.log",
        "/opt/tls.pem",
    ):
        host.write(path, "")
    assert found(host, units=["shop.service"], more=["/opt/tls.pem", "/opt/not-there"]) == {
        "/etc/systemd/system/shop.service.d/limits.conf": ("was written", "shop.service"),
        "/etc/default/shop": ("was written", "shop.service"),
        "/srv/shop/serve.py": ("was written", "shop.service"),
        "/opt/tls.pem": ("was written", None),
    }


def test_files_of_a_service_that_an_init_script_starts(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/run/openrc/softlevel", "default")
    for path in ("/etc/init.d/shop", "/etc/conf.d/shop", "/etc/default/shop"):
        host.write(path, "")
    assert found(host, units=["shop.service"])["/etc/init.d/shop"] == ("was written", "shop.service")
    assert found(host, units=["shop"]) == dict.fromkeys(
        ("/etc/init.d/shop", "/etc/conf.d/shop", "/etc/default/shop"), ("was written", "shop")
    )
    assert host.commands == []


def test_a_release_that_was_linked_anew_is_the_service_s(tmp_path):
    host = FakeHost(tmp_path, {"systemctl show": SHOW})
    host.write("/srv/releases/2/serve.py", "")
    host.link("/srv/shop", "releases/2")
    assert found(host, units=["shop.service"])["/srv/shop"] == ("was linked", "shop.service")


def test_behind_a_link_the_file_is_looked_at(tmp_path):
    host = FakeHost(tmp_path)
    host.link("/etc/nginx/sites-enabled/shop", "/srv/shop.conf")
    host.write("/srv/shop.conf", "")
    assert found(host) == {"/etc/nginx/sites-enabled/shop": ("was written", None)}


def test_a_file_that_is_gone_shows_in_its_folder(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/nginx/conf.d/a.conf", "")
    os.unlink(host.path("/etc/nginx/conf.d/a.conf"))
    assert found(host) == {"/etc/nginx/conf.d/": ("got or lost an entry", None)}


def test_folders_of_others_are_neither_read_whole_nor_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_ENTRIES", 60)
    host = FakeHost(tmp_path)
    for number in range(90):
        host.write("/etc/nginx/%d" % number, "")
    host.link("/etc/nginx/loop", ".")
    assert 0 < len(found(host)) <= 60
    assert [one["missing"] for one in host.unknown] == ["files that changed"]
