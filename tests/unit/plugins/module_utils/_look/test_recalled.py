# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an address is where nobody listens: what the journal and the files below /etc say."""

import errno
import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import plain_unit
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.recalled import recall
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


def row(address, number=errno.ECONNREFUSED):
    return {"tried": [{"address": address, "errno": number}]}


SHOWN = "Id=%s\nLoadState=loaded\nActiveState=%s\nUnitFileState=disabled\nExecStart={ path=/x ; argv[]=/x ; ignore_errors=no ; }\n"


def seen(
    tmp_path, rows, lines=(), grep="", units=("shop.service",), declares=(), pools=(), answers=(), files=(), logs=()
):
    """The host, and its units after they were looked for."""
    said = "".join(json.dumps({"_SYSTEMD_UNIT": unit, "MESSAGE": text}) + "\n" for unit, text in lines)
    host = FakeHost(tmp_path, {**dict(answers), "journalctl": said + "no object\n", "grep": grep})
    for name in files:
        host.write("/lib/systemd/system/" + name, "")
    for name in logs:
        host.write("/var/log/" + name, "")
    found = {name: plain_unit("active", "enabled", "/x") for name in units}
    for name, address in declares:
        found[name]["declares"] = [{"address": address, "file": "/x", "line": 1}]
    facts = {
        "units": found,
        "reach": rows,
        "listeners": None,
        "system": {"addresses": ["10.0.0.1"], "service_manager": "systemd"},
        "nginx": {
            "config": {
                "routes": [{"server_names": ["cloud.test"], "server_place": {"file": "/etc/nginx/conf.d/a.conf"}}]
            }
        },
        "php_fpm": [{"pools": {str(at): {"address": one} for at, one in enumerate([None, *pools])}}],
    }
    recall(host, facts)
    return host, found


@pytest.mark.parametrize("address", ["tcp:127.0.0.1:5000", "tcp:[::1]:5000", "tcp:10.0.0.1:5000"])
def test_a_unit_that_said_it_listens_there_is_remembered(tmp_path, address):
    said = ("listening on :5001", "listening on :5000", "listening on :5000")
    lines = [("gone.service", said[1]), *(("shop.service", one) for one in said)]
    _host, found = seen(tmp_path, [row(address)], lines)
    assert found["shop.service"]["listened"] == ["tcp:0.0.0.0:5000"]


@pytest.mark.parametrize(
    "text", ["connecting to 127.0.0.1:5000", "took 5000 ms", ["listening on :5000"], "listening on :50001"]
)
def test_a_line_that_says_no_such_thing_is_not(tmp_path, text):
    _host, found = seen(tmp_path, [row("tcp:127.0.0.1:5000")], [("shop.service", text)])
    assert found["shop.service"]["listened"] == []


def test_a_file_of_its_own_that_names_the_port_counts_once(tmp_path):
    grep = "/etc/shop/shop.conf:43:# Port: 5000\n/etc/shop/shop.conf:50:# http://localhost:5000/\n/etc/other.conf:1:5000\n/etc/shop/cut\n"
    _host, found = seen(tmp_path, [row("tcp:127.0.0.1:5000")], grep=grep)
    assert found["shop.service"]["named_in"] == [{"address": "5000", "file": "/etc/shop/shop.conf", "line": 43}]


@pytest.mark.parametrize(
    ("log", "line", "listened"),
    [
        ("shop", "/var/log/shop/out.log:HTTP listener started on port 5000", ["tcp:0.0.0.0:5000"]),
        ("shop.log", "/var/log/shop.log:listening on :5000", ["tcp:0.0.0.0:5000"]),
        ("shop", "/var/log/shop/out.log:listener 5000 started on port 5001", []),
        ("other", "/var/log/other:listening on :5000", []),
    ],
    ids=["in its folder", "its file", "another port", "another's"],
)
def test_a_log_of_its_own_is_read_as_well(tmp_path, log, line, listened):
    answers = {"find": line + "\n" + line + "\n"}
    _host, found = seen(tmp_path, [row("tcp:127.0.0.1:5000")], answers=answers, logs=[log])
    assert found["shop.service"]["listened"] == listened


def test_a_log_that_bears_the_names_of_two_is_nobodys(tmp_path):
    answers = {"find": "/var/log/shop/out.log:listening on :5000\n"}
    units = ("shop-web.service", "shop-jobs.service")
    _host, found = seen(tmp_path, [row("tcp:127.0.0.1:5000")], answers=answers, logs=["shop"], units=units)
    assert [unit["listened"] for unit in found.values()] == [[], []]


def test_a_socket_is_looked_for_as_well(tmp_path):
    grep = "/etc/default/shop:5:SOCKET=/run/shop/shop.sock\n"
    _host, found = seen(tmp_path, [row("unix:/run/shop/shop.sock", errno.ENOENT)], grep=grep)
    assert [one["address"] for one in found["shop.service"]["named_in"]] == ["/run/shop/shop.sock"]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row("tcp:127.0.0.1:5000", None)],
        [row("tcp:127.0.0.1:5000", errno.ETIMEDOUT)],
        [row("tcp:10.0.0.2:5000")],
        [row("tcp:127.0.0.1:8000")],
        [row("unix:/run/php/php-fpm.sock", errno.ENOENT)],
    ],
)
def test_where_all_is_known_nothing_is_asked(tmp_path, rows):
    host, _found = seen(
        tmp_path, rows, declares=[("shop.service", "tcp:0.0.0.0:8000")], pools=["unix:/run/php/php-fpm.sock"]
    )
    assert host.commands == []


STOPPED = "journalctl --no-pager --quiet -o cat -b -o json"


def test_services_that_were_stopped_or_have_the_sites_name_become_facts(tmp_path):
    shown = "\n".join(
        [
            SHOWN % ("etcd.service", "inactive"),
            SHOWN % ("cloudd.service", "active"),
            SHOWN % ("again.service", "active"),
        ]
    )
    _host, found = seen(
        tmp_path,
        [row("tcp:127.0.0.1:5000")],
        answers=[(STOPPED, '{"UNIT":"etcd.service"}\n{"UNIT" : "again.service"}\n'), ("systemctl show", shown)],
        files=["cloudd.service", "cloudd@.service", "other.service"],
    )
    states = {name: (unit["active"], unit["stopped"]) for name, unit in found.items()}
    assert states == {
        "shop.service": ("active", False), "etcd.service": ("inactive", True), "cloudd.service": ("active", False), "again.service": ("active", False),
    }  # fmt: skip


def test_a_service_that_a_file_names_becomes_a_fact(tmp_path):
    host, found = seen(
        tmp_path,
        [row("tcp:127.0.0.1:5000")],
        grep="/etc/radicale/config:18:#hosts = localhost:5000\n",
        answers=[("systemctl show", SHOWN % ("radicale.service", "inactive"))],
        files=["radicale.service"],
    )
    assert found["radicale.service"]["named_in"] == [{"address": "5000", "file": "/etc/radicale/config", "line": 18}]
    assert found["radicale.service"]["exec"] == ["/x"]
