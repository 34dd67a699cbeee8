# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs wrote to log files of their own."""

import os
import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.own_log import OwnLogs, words_in
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import plain
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

LOG = "/var/log/shop.log"
FRAGMENT = "/etc/systemd/system/shop.service"
SAID = "Traceback (most recent call last):\n  File x\nModuleNotFoundError: No module named 'shop'\n"
WORDS = [LOG + ": ModuleNotFoundError: No module named 'shop'"]


@pytest.fixture(name="host")
def _host(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")
    host.write(LOG, SAID)
    return host


def open_to_all(host, folder):
    os.chmod(host.path(folder), os.stat(host.path(folder)).st_mode | 0o002)  # noqa: S103 - what others may write is not read


def logs(host, since=None, listeners=None):
    return OwnLogs(host, Accounts(host), listeners, since)


@pytest.mark.parametrize(
    ("unit", "command"),
    [
        ("[Service]\nStandardOutput=null\nStandardError=append:%s\n" % LOG, "/usr/bin/node x.js"),
        ("[Service]\nStandardOutput=file:%s\n" % LOG, "/usr/bin/node x.js"),
        ("", "/usr/bin/gunicorn --error-logfile %s shop:app" % LOG),
        ("", "/usr/bin/gunicorn --log-file=%s shop:app" % LOG),
        ("", "/usr/bin/uwsgi --ini x.ini --logto %s" % LOG),
        ("", "/bin/sh -c exec node x.js >> %s 2>&1" % LOG),
    ],
)
def test_where_a_unit_writes_to(host, unit, command):
    host.write(FRAGMENT, unit)
    assert logs(host).of_unit(plain("shop", FRAGMENT, command.split()), []) == WORDS


@pytest.mark.parametrize(
    "text",
    [
        'bind = "127.0.0.1:8000"\nerrorlog = "%s"\n' % LOG,
        "[uwsgi]\nsocket = :3031\nlogto = %s\n" % LOG,
        'stdout_redirect "/var/log/out.log", "%s", true\n' % LOG,
        'stderr_path "%s"\n' % LOG,
    ],
)
def test_where_its_configuration_says_that_it_writes_to(host, text):
    host.write("/srv/shop/conf", text)
    declares = [{"address": "tcp:127.0.0.1:8000", "file": "/srv/shop/conf", "line": 1}]
    assert logs(host).of_unit(plain("shop", FRAGMENT, ["/usr/bin/x"]), declares) == WORDS


def test_what_the_journal_has_goes_first(host):
    unit = plain("shop", FRAGMENT, ["/usr/bin/gunicorn", "--error-logfile", LOG])
    assert logs(host).instead_of(["listen tcp :80: bind: permission denied"], unit, []) != WORDS
    assert logs(host).instead_of(["Starting"], unit, []) == WORDS
    host.write(LOG, "booting\n")
    assert logs(host).instead_of(["Starting"], unit, []) == ["Starting"]
    assert logs(host).instead_of([], unit, []) == [LOG + ": booting"]


def test_words_of_an_earlier_start_do_not_count(host):
    unit = plain("shop", FRAGMENT, ["/usr/bin/gunicorn", "--error-logfile", LOG])
    assert logs(host, time.time() + 60).of_unit(unit, []) == []
    assert logs(host, time.time() - 60).of_unit(unit, []) == WORDS


def test_colours_and_the_dates_of_uwsgi_are_left_out(host):
    host.write(LOG, "\x1b[31mError: no\x1b[39m\nThu Nov 30 06:00:00 2026 - *** Starting uWSGI ***\n")
    assert words_in(host, [LOG], "root", Accounts(host)) == [LOG + ": Error: no"]


def test_of_a_long_log_its_end_is_read(host):
    host.write(LOG, "Error: old\n" + "x" * 70000 + "\nError: new\n")
    assert words_in(host, [LOG], "root", Accounts(host)) == [LOG + ": Error: new"]


def test_root_follows_no_link_and_reads_nothing_that_others_put_there(host):
    host.write("/etc/shadow", "root:secret\n")
    host.link("/srv/shop/log", host.path("/etc/shadow"))
    assert words_in(host, ["/srv/shop/log", "/srv/shop/none", "/srv/shop"], "root", Accounts(host)) == []
    host.write("/srv/open/log", SAID)
    open_to_all(host, "/srv/open")
    assert words_in(host, ["/srv/open/log"], "shop", Accounts(host)) == []
    os.link(host.path("/etc/shadow"), host.path("/var/log/hard.log"))
    open_to_all(host, "/var/log")
    assert words_in(host, ["/var/log/hard.log"], "root", Accounts(host)) == []


def test_a_link_that_leads_elsewhere_once_the_file_is_open_lets_nothing_be_read(host, monkeypatch):
    host.write("/etc/secrets/shop.log", "Error: secret\n")
    host.write("/var/log/shop/real/shop.log", "")
    host.link("/var/log/shop/now", host.path("/etc/secrets"))
    open_to_all(host, "/var/log/shop")
    opened = os.open

    def open_then_swap(path, *args, **more):
        descriptor = opened(path, *args, **more)
        if str(path).endswith("/now/shop.log"):
            os.unlink(host.path("/var/log/shop/now"))
            os.symlink("real", host.path("/var/log/shop/now"))
        return descriptor

    monkeypatch.setattr(os, "open", open_then_swap)
    assert words_in(host, ["/var/log/shop/now/shop.log"], "shop", Accounts(host)) == []


@pytest.mark.parametrize(("folder", "read"), [("/var/log/shop", True), ("/var/logs-of-shop", False)])
def test_only_folders_of_logs_may_be_written_to_by_others(host, folder, read):
    host.write(folder + "/shop.log", SAID)
    open_to_all(host, folder)
    assert bool(words_in(host, [folder + "/shop.log"], "root", Accounts(host))) is read


PROGRAMS = (
    "[program:shop]\ndirectory=/srv/shop\ncommand=gunicorn -b 127.0.0.1:8000 shop:app\nstderr_logfile=/var/log/%(program_name)s.log ; why\n"
    "[program:mail]\ncommand=celery -A shop worker\n"
)


def test_the_program_of_supervisor_that_does_not_listen(host):
    host.write("/etc/supervisor/conf.d/shop.conf", PROGRAMS)
    assert logs(host).of_supervised() == ["shop, in " + WORDS[0]]
    assert logs(host, listeners={"tcp": [{"port": 8000}], "unix": []}).of_supervised() == []
