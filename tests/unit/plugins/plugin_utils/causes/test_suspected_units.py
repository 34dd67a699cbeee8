# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that may be meant, by the name of the site."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import owner_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._suspected_units import (
    about,
    at_its_own,
    named_in,
    of_sites_name,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    fleet,
    host,
    listener,
    proxy,
)


def named(unit):
    return {"named_in": [{"address": "5232", "file": "/etc/%s.conf" % unit, "line": 3}]}


@pytest.mark.parametrize(("state", "found"), [("failed", {"a.service"}), ("active", {"a.service", "b.service"})])
def test_one_that_runs_counts_where_no_other_is_named(state, found):
    units = {
        "a.service": {"active": state, **named("a")},
        "b.service": {"active": "active", **named("b")},
        "c.service": {},
    }
    web = fleet(web=host(units=units)).hosts["web"]
    assert set(named_in(web, Address("127.0.0.1", 5232))) == found
    assert named_in(web, Address("127.0.0.1", 5233)) == {}


@pytest.mark.parametrize(
    ("port", "other", "found"),
    [
        (9000, {}, {"hooks.service"}),
        (9000, {"hooks.service": "x", "b.service": "y"}, {"hooks.service"}),
        (9001, {}, set()),
    ],
)
def test_one_whose_program_has_the_port_by_itself(port, other, found):
    units = {"hooks.service": {"active": "inactive", "exec": ["/usr/bin/webhook"]}, "b.service": {"active": "active"}}
    web = fleet(web=host(units=units)).hosts["web"]
    assert set(at_its_own(web, Address("127.0.0.1", port), other)) == found


def test_one_that_lacks_something_says_so_before_it_is_started():
    problem = {
        "setting": "ConditionPathExists",
        "problem": "systemd skips its start",
        "exit_status": None,
        "command": None,
        "missing": None,
    }
    unit = {
        "active": "inactive",
        "start_problems": [{**problem, "file": "/lib/systemd/system/hooks.service", "line": 4}],
    }
    advice = about(fleet(web=host(units={"hooks.service": unit})).hosts["web"], "hooks.service", 9000)
    assert advice[0] == "# hooks.service: cannot start: systemd skips its start"
    assert "correct ConditionPathExists at /lib/systemd/system/hooks.service:4" in advice[1]


def suspected(units, name="radicale.example.org", target="http://127.0.0.1:5232"):
    states = {one: {"active": state, "load": "loaded", "stopped": state == "stopped"} for one, state in units.items()}
    web = proxy(
        target, units=states, listeners={"tcp": [listener("127.0.0.1", 5233, unit="radicale.service")], "unix": []}
    )
    for route in web["nginx"]["config"]["routes"]:
        route["server_names"] = [name]
    found = fleet(web=web)
    return found.hosts["web"], of_sites_name(found.hops[0], found.hosts["web"])


@pytest.mark.parametrize(
    ("unit", "name", "target"),
    [
        ("radicale.service", "radicale.example.org", "http://127.0.0.1:5232"),
        ("rabbitmq-server.service", "rabbit.example.org", "http://127.0.0.1:5232"),
        ("docker-registry.service", "example.org", "http://registry:5000"),
    ],
)
@pytest.mark.parametrize("state", ["active", "failed", "activating", "stopped"])
def test_a_unit_that_has_a_word_of_the_sites_name(unit, name, target, state):
    assert suspected({unit: state}, name, target)[1] == [unit]


@pytest.mark.parametrize(
    ("unit", "state"),
    [
        ("radicale.service", "inactive"),
        ("radicale.socket", "active"),
        ("server-example.service", "inactive"),
        ("rad.service", "active"),
        ("nginx.service", "active"),
    ],
)
def test_others_are_not(unit, state):
    assert suspected({unit: state}, "nginx-radicale.server")[1] == []


def test_of_one_that_runs_it_is_said_where_it_listens():
    web, _found = suspected({"radicale.service": "active", "shop.service": "active"})
    assert about(web, "radicale.service", 5232, "why")[0].startswith(
        "# radicale.service (why) runs, and listens on port 5233"
    )
    assert about(web, "shop.service", 8000)[0].startswith("# shop.service runs, and listens nowhere")


@pytest.mark.parametrize(("port", "found"), [(9001, ["supervisor.service"]), (9002, []), (8072, [])])
def test_a_unit_whose_product_has_a_part_on_that_port(port, found):
    states = {name: {"active": "active"} for name in ("supervisor.service", "odoo.service", "shop.service")}
    facts = fleet(web=proxy("http://127.0.0.1:%d" % port, units=states))
    assert list(at_its_own(facts.hosts["web"], Address("127.0.0.1", port), {})) == found
    assert list(owner_of(facts, facts.hosts["web"], Address("127.0.0.1", port)).suspected) == found


@pytest.mark.parametrize(("port", "is_said"), [(2812, True), (2813, False)])
def test_of_a_part_that_is_off_it_is_said_how_it_is_turned_on(port, is_said):
    web, _found = suspected({"monit.service": "active"})
    assert ("set httpd port 2812" in " ".join(about(web, "monit.service", port))) is is_said


@pytest.mark.parametrize(
    ("unit", "line"),
    [
        ({"active": "inactive", "load": "masked"}, "is masked"),
        ({"active": "activating", "load": "loaded"}, "is started again and again"),
        ({"active": "inactive", "load": "loaded"}, "is down"),
    ],
)
def test_of_one_that_does_not_it_is_said_how_it_is(unit, line):
    web = fleet(web=host(units={"a.service": unit})).hosts["web"]
    assert about(web, "a.service", 8000)[0] == "# a.service " + line
    assert ("once that is mended" in about(web, "a.service", 8000)[-1]) is (unit["active"] == "activating")


@pytest.mark.parametrize(("port", "taken"), [(5233, ", which radicale.service has"), (5234, "")])
def test_of_one_that_does_not_run_it_is_said_where_it_would_listen(port, taken):
    unit = {
        "active": "failed",
        "declares": [{"address": "tcp:127.0.0.1:%d" % port, "file": "/etc/a.conf", "line": 2}],
        "last_words": ["Address already in use"],
    }
    listeners = {"tcp": [listener("127.0.0.1", 5233, unit="radicale.service")], "unix": []}
    web = fleet(web=host(units={"a.service": unit}, listeners=listeners)).hosts["web"]
    lines = about(web, "a.service", 8000)
    assert lines[1] == "# by /etc/a.conf:2 it would listen on 127.0.0.1:%d%s" % (port, taken)
    assert lines[-1].endswith(": once that is mended, if it is what serves this")
