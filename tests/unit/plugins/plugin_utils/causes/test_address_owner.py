# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an address is where a unit listens on it by its program's habit alone, or where files of other units name other addresses."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _backend_units
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import owner_of
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    fleet,
    host,
    listener,
    proxy,
)

FRAGMENT = "/etc/systemd/system/metabase.service"


@pytest.mark.parametrize(
    ("file", "port", "owner"),
    [(FRAGMENT, 3003, None), (FRAGMENT, 3004, "metabase.service"), ("/etc/metabase.conf", 3003, "metabase.service")],
    ids=["asked for elsewhere", "moved", "a setting of its own"],
)
def test_a_habit_says_nothing_of_a_unit_that_serves_elsewhere(file, port, owner):
    unit = {
        "active": "active",
        "fragment": FRAGMENT,
        "exec": ["/opt/metabase/metabase.jar"],
        "declares": [{"address": "tcp:0.0.0.0:3000", "file": file, "line": 5}],
    }
    listeners = {"tcp": [listener("0.0.0.0", port, unit="metabase.service")], "unix": []}  # noqa: S104  a fake host's
    hosts = fleet(
        web=proxy("http://10.0.0.2:3000", "http://10.0.0.2:3003"),
        app=host("10.0.0.2", units={"metabase.service": unit}, listeners=listeners),
    )
    assert owner_of(hosts, hosts.hosts["app"], Address("10.0.0.2", 3000)).unit == owner


@pytest.mark.parametrize(("named", "unit"), [("9004", "shop.service"), ("3003", None)])
def test_a_unit_whose_files_name_another_address_is_not_suspected(named, unit):
    problem = {"setting": "ExecStart", "problem": "there is no /opt/shop.jar", "exit_status": None, "command": None}
    facts = {
        "load": "loaded",
        "active": "inactive",
        "enabled": "enabled",
        "fragment": "/etc/systemd/system/shop.service",
        "declares": [],
        "named_in": [{"address": named, "file": "/etc/systemd/system/shop.service", "line": 7}],
        "start_problems": [{**problem, "missing": None, "file": "/etc/systemd/system/shop.service", "line": 5}],
    }
    app = fleet(app=host("10.0.0.2", units={"shop.service": facts})).hosts["app"]
    found = _backend_units._suspect(app, Address("10.0.0.2", 9004))
    assert (found.unit if found else None) == unit
