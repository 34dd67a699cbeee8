# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a service waits for in vain, by its own words, and how that is started."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_services import (
    how_to_serve_it,
    what_it_waits_for,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

REFUSED = "error: Failed to ping DB: dial tcp 127.0.0.1:%d: connect: connection refused"


def host(*units: str, port: int = 22, active: str = "inactive"):
    facts = small_fleet.host(
        listeners={"tcp": [small_fleet.listener("127.0.0.1", port)], "unix": []},
        units={name: {"load": "loaded", "active": active, "enabled": "enabled"} for name in units},
    )
    return small_fleet.fleet(app=facts).hosts["app"]


@pytest.mark.parametrize(
    ("said", "port", "words"),
    [
        (REFUSED % 5432, 22, "nothing listens on port 5432 (PostgreSQL), which it connects to"),
        (REFUSED % 7777, 22, "nothing listens on port 7777, which it connects to"),
        (REFUSED % 5432, 5432, ""),
        ("error: relation 'users' does not exist, port 5432", 22, ""),
    ],
    ids=["a database", "something", "it is back", "no refusal"],
)
def test_says_where_nobody_listens(said, port, words):
    assert what_it_waits_for(host(port=port), said) == words


@pytest.mark.parametrize(
    ("units", "active", "line"),
    [
        (
            ("postgresql@15-main.service", "ssh.service"),
            "inactive",
            "systemctl start postgresql@15-main.service   # on app",
        ),
        (("postgresql@13-main.service", "postgresql@15-main.service"), "inactive", "list-units --all 'postgresql*'"),
        (("postgresql@15-main.service",), "active", "list-units --all 'postgresql*'"),
        ((), "inactive", "list-units --all 'postgresql*'"),
    ],
    ids=["the one that is down", "two", "it runs", "none is known"],
)
def test_names_the_unit_that_is_down(units, active, line):
    (advice,) = how_to_serve_it(host(*units, active=active), REFUSED % 5432)
    assert line in advice


def test_of_a_port_that_is_nobodys_no_unit_is_named():
    assert how_to_serve_it(host("postgresql.service"), REFUSED % 7777) == ()


@pytest.mark.parametrize(
    "said",
    [
        'psycopg2.OperationalError: connection to server at "192.0.2.9", port 5432 failed: Connection refused',
        'psycopg.OperationalError: connection to server at "db" (192.0.2.9), port 5432 failed: Connection refused',
        "Error: connect ECONNREFUSED 192.0.2.9:5432",
        "read tcp 10.0.0.4:41234->192.0.2.9:5432: connection timed out",
    ],
    ids=["psycopg2", "a name", "node", "go, from its own address"],
)
def test_what_is_on_another_host_is_not_looked_for_on_this_one(said):
    one = host("postgresql.service")
    one.facts["system"]["addresses"] = ["127.0.0.1", "10.0.0.4"]
    assert what_it_waits_for(one, said) == "it does not get through to 192.0.2.9:5432, which is no address of this host"
    (advice,) = how_to_serve_it(one, said)
    assert "/dev/tcp/192.0.2.9/5432" in advice and "systemctl" not in advice


def test_an_address_of_its_own_is_looked_at_here():
    one = host()
    one.facts["system"]["addresses"] = ["127.0.0.1", "10.0.0.4"]
    assert "nothing listens on port 5432" in what_it_waits_for(one, "connect ECONNREFUSED 10.0.0.4:5432")
