# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps are made side by side: those of hosts between which no request goes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Plan, Step
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.waves import in_waves
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import fleet, host, proxy


def whole(**backends):
    """Proxies, each with the hosts that it passes requests on to."""
    numbers = {
        name: "10.0.0.%d" % turn for turn, name in enumerate(sorted({n for ns in backends.values() for n in ns}))
    }
    proxies = {name: proxy(*("http://%s" % numbers[one] for one in behind)) for name, behind in backends.items()}
    for turn, one in enumerate(proxies.values()):
        one["system"] = {**(one.get("system") or {}), "addresses": ["10.0.1.%d" % turn]}
    return fleet(**proxies, **{name: host(number) for name, number in numbers.items()})


def step(name, on, driver, proven_at=(), after=()):
    proof = [{"host": one, "url": "http://x/"} for one in (driver, *proven_at)]
    return Step(name, on, driver, "php_fpm", {"php_fpm_proof": proof}, ("c",), tuple(after))


def waves(known, *steps):
    return {one.id: one.wave for one in in_waves(Plan([], list(steps)), known).steps}


def test_hosts_that_have_nothing_to_do_with_each_other_share_a_wave():
    known = whole(web1=["app1"], web2=["app2"])
    steps = step("a", "web1", "web1"), step("b", "app1", "web1"), step("c", "app2", "web2"), step("d", "web2", "web2")
    assert waves(known, *steps) == {"a": 0, "b": 1, "c": 0, "d": 1}


def test_two_proxies_of_one_server_take_turns_and_so_do_those_over_a_third():
    known = whole(web1=["app1"], web2=["app1", "app2"], web3=["app2"], web4=["app4"])
    steps = [step(name, name, name) for name in ("web1", "web2", "web3", "web4")]
    assert waves(known, *steps) == {"web1": 0, "web2": 1, "web3": 2, "web4": 0}


def test_a_step_that_is_proven_at_another_proxy_takes_turns_with_that_one():
    known = whole(web1=["app1"], web2=["app2"])
    assert waves(known, step("a", "web1", "web1", ["web2"]), step("b", "web2", "web2")) == {"a": 0, "b": 1}


def test_what_waits_for_a_proof_comes_in_a_later_wave_also_where_no_request_goes_between_them():
    known = whole(web1=["app1"], web2=["app2"], web3=["app3"])
    steps = (
        step("a", "web1", "web1"),
        step("b", "app1", "web1"),
        step("c", "web2", "web2", after=["b"]),
        step("d", "web2", "web2"),
    )
    assert waves(known, *steps, step("e", "web3", "web3")) == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 0}


def test_two_names_of_one_machine_take_turns():
    known = fleet(web=proxy(), alias=proxy(), other=proxy())
    for name in ("web", "alias"):
        known.hosts[name].facts["system"] = {"addresses": ["10.0.0.1", "127.0.0.1"]}
    known.hosts["other"].facts["system"] = {"addresses": ["10.0.0.2", "127.0.0.1"]}
    steps = step("a", "web", "web"), step("b", "alias", "alias"), step("c", "other", "other")
    assert waves(known, *steps) == {"a": 0, "b": 1, "c": 0}


def test_nothing_else_of_a_step_changes():
    known, steps = whole(web1=["app1"], web2=["app2"]), [step("a", "web1", "web1"), step("b", "web2", "web2")]
    planned = Plan([], steps)
    assert in_waves(planned, known) == planned
    assert in_waves(Plan([], steps[:1]), known).steps == steps[:1]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8), st.lists(st.integers(0, 5), max_size=8))
def test_in_one_wave_no_two_steps_share_a_proxy_or_a_server(passes, drivers):
    backends = {"web%d" % turn: [] for turn in range(6)}
    for proxy_of, server in passes:
        backends["web%d" % proxy_of].append("app%d" % server)
    known = whole(**{name: sorted(set(ours)) for name, ours in backends.items()})
    steps = [step("s%d" % turn, "web%d" % one, "web%d" % one) for turn, one in enumerate(drivers)]
    made = in_waves(Plan([], steps), known).steps
    for one in made:
        others = [other for other in made if other.wave == one.wave and other is not one]
        ours = {one.on, *backends[one.on]}
        assert all(ours.isdisjoint({other.on, *backends[other.on]}) for other in others)
