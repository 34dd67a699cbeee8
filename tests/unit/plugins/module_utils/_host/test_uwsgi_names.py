# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that uwsgi fills into its files, and the servers of Debian's uwsgi.service."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import unit_addresses, uwsgi_names
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

PATH = "/etc/uwsgi/vassals/shop.ini"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("socket = /run/%n.sock", "socket = /run/shop.sock"),
        ("chdir = /srv/%c/%n", "chdir = /srv/vassals/shop"),
        ("base = /srv\nsocket = %(base)/a.sock", "base = /srv\nsocket = /srv/a.sock"),
        (
            "set-ph = name=shop\nbase = /srv/%(name)\nsocket = %(base)/a",
            "set-ph = name=shop\nbase = /srv/shop\nsocket = /srv/shop/a",
        ),
        ("log = %(unknown) %x", "log = %(unknown) %x"),
        ("a = %(b)\nb = %(a)", "a = %(a)\nb = %(b)"),
    ],
)
def test_what_is_filled_in(text, filled):
    assert uwsgi_names.filled_in(text, PATH) == filled


def service(host, command="/etc/init.d/uwsgi start"):
    shown = "{ path=/etc/init.d/uwsgi ; argv[]=%s ; ignore_errors=no ; start_time=[n/a] }" % command
    return unit_addresses.of_service(host, {"Id": "uwsgi.service", "ExecStart": shown})


def test_debians_service_has_a_server_for_each_file(tmp_path):
    host = FakeHost(tmp_path)
    host.write(
        "/usr/share/uwsgi/conf/default.ini",
        "[uwsgi]\nsocket = /run/uwsgi/%(deb-confnamespace)/%(deb-confname)/socket\n",
    )
    host.write("/etc/uwsgi/apps-enabled/README", "socket = /no\n")
    host.write("/etc/uwsgi/apps-enabled/README.md", "")
    host.write("/etc/uwsgi/apps-enabled/shop.ini", "[uwsgi]\nmodule = shop\nhttp-socket = :8014\n")
    shop = [one for one in service(host) if one["file"].endswith("shop.ini")]
    assert [(one["address"], one["line"]) for one in shop] == [
        ("tcp:0.0.0.0:8014", 3),
        ("unix:/run/uwsgi/app/shop/socket", 0),
    ]


def test_what_is_inherited_may_be_another_file(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/default/uwsgi", "RUN_AT_STARTUP=yes\nINHERITED_CONFIG=/etc/uwsgi/all.ini\n")
    host.write("/etc/uwsgi/all.ini", "socket = /srv/%(deb-confname)\n")
    host.write("/etc/uwsgi/apps-enabled/a.yaml", "uwsgi:\n")
    assert [one["address"] for one in service(host)] == ["unix:/srv/a"]


def test_a_uwsgi_of_ones_own_is_none_of_debians(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/uwsgi/apps-enabled/a.ini", "socket = /srv/a\n")
    assert service(host, "/usr/bin/uwsgi --socket /run/b.sock") == [
        {"address": "unix:/run/b.sock", "file": "", "line": 0}
    ]
