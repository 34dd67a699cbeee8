# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps wait for others, so that of servers that stand in for each other no more than half are out at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS, plan
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.turns import in_turns
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    finding,
    fleet,
    host,
    listener,
    proxy,
    reached,
    remedy,
    tried,
)

CONFIG = "/etc/php/8.2/fpm/php-fpm.conf"


def number(name):
    return "10.0.0.%s" % name.removeprefix("app")


def pool(name, port=9000):
    return "tcp:%s:%d" % (number(name), port)


def backend(name):
    """A host with a PHP-FPM of two pools."""
    pools = {"www": {"address": pool(name)}, "api": {"address": pool(name, 9001)}}
    return host(number(name), php_fpm=[{"config": CONFIG, "pools": pools, "master": {"pid": 7, "started": 1.0}}])


def web(*addresses, out=(), marked_down=(), upstream="php"):
    servers = " ".join(
        "server %s%s;" % (one.removeprefix("tcp:"), " down" if one in marked_down else "") for one in addresses
    )
    reach = [reached(one, tried(one, 111 if one in out else None), family="fastcgi") for one in addresses]
    return proxy(upstream, http="upstream %s { %s }" % (upstream, servers), reach=reach)


def hosts(*names, out=(), marked_down=(), **more):
    own = web(*map(pool, names), out=[pool(one) for one in out], marked_down=[pool(one) for one in marked_down])
    return fleet(web=own, **{name: backend(name) for name in names}, **more)


def cure(on, action="restarted", cause="c", seen_from="web"):
    made = remedy(action=action, unit="php8.2-fpm.service", config=CONFIG, binary="/usr/sbin/php-fpm8.2")
    return finding(cause, on=on, seen_from=seen_from, subject=pool(on), remedy=made)


def turns(whole, *findings, tried_before=None):
    return in_turns(plan(findings, whole, KINDS, "r1", tried_before or {}), whole)


def step_on(made, name):
    return next(step for step in made.steps if step.on == name)


def judged_on(made, name):
    return next(one for one in made.judged if one.finding.on == name)


def test_of_two_servers_the_second_waits_for_the_proof_of_the_first():
    made = turns(hosts("app1", "app2"), cure("app1"), cure("app2"))
    first, second = made.steps
    assert (first.after, second.after) == ((), (first.id,))
    waits = judged_on(made, second.on).waits
    assert (
        waits
        == "its turn is after the proof of %s: no more than half of upstream php of web may be out at once" % first.on
    )
    assert judged_on(made, first.on).waits == ""


def test_what_is_out_is_brought_back_before_another_is_taken_out():
    made = turns(hosts("app1", "app2", out=["app2"]), cure("app1"), cure("app2", "started"))
    assert [step.on for step in made.steps] == ["app2", "app1"]
    assert made.steps[1].after == (made.steps[0].id,)


@pytest.mark.parametrize("how", ["out", "marked_down"])
def test_what_is_out_and_stays_out_counts(how):
    made = turns(hosts("app1", "app2", **{how: ["app2"]}), cure("app1"))
    (one,) = made.judged
    assert (made.steps, one.outcome, one.step) == ([], "advice", None)
    gone = "app2" if how == "out" else "10.0.0.2"
    assert one.why == (
        "%s is out, and nothing that is done here brings it back: with app1 more than half of upstream php of web would be out"
        % gone
    )
    assert one.finding.advice[0] == "# bring back %s first, then run this again" % gone
    assert any("php8.2-fpm" in line for line in one.finding.advice)


def test_half_may_be_out():
    made = turns(hosts("app1", "app2", "app3", "app4", out=["app4"]), cure("app1"))
    assert [step.on for step in made.steps] == ["app1"]
    made = turns(hosts("app1", "app2", "app3", out=["app3"]), cure("app1"))
    assert made.steps == []


def test_the_only_server_of_an_upstream_is_cured_and_so_is_what_one_daemon_serves_alone():
    assert len(turns(hosts("app1"), cure("app1")).steps) == 1
    both = fleet(web=web(pool("app1"), pool("app1", 9001)), app1=backend("app1"))
    (step,) = turns(both, cure("app1")).steps
    assert step.after == ()


def test_what_takes_nobody_out_waits_for_nobody():
    whole = hosts("app1", "app2", out=["app1", "app2"])
    assert [step.after for step in turns(whole, cure("app1", "started"), cure("app2", "started")).steps] == [(), ()]


def test_servers_of_different_upstreams_do_not_wait_for_each_other():
    whole = fleet(
        web=web(pool("app1"), pool("app3")),
        web2=web(pool("app2"), pool("app4")),
        **{n: backend(n) for n in ("app1", "app2")},
    )
    made = turns(whole, cure("app1"), cure("app2", seen_from="web2"))
    assert [step.after for step in made.steps] == [(), ()]


def test_what_waits_has_its_turn_no_earlier_than_what_it_waits_for():
    whole = hosts("app1", "app2", out=["app2"], a=web(pool("app1")), z=web(pool("app2"), out=[pool("app2")]))
    late = cure("app2", "started", seen_from="z")
    made = turns(whole, cure("app1", seen_from="a"), late)
    assert (step_on(made, "app1").driver, step_on(made, "app2").driver) == ("z", "z")


def test_where_the_first_did_not_help_the_rest_is_left_to_people():
    whole = hosts("app1", "app2")
    first = turns(whole, cure("app1")).steps[0]
    made = turns(whole, cure("app1"), cure("app2"), tried_before={first.id: "undone"})
    assert made.steps == [] and judged_on(made, "app1").outcome == "undone"
    other = judged_on(made, "app2")
    assert other.outcome == "advice" and other.why.startswith("the same was done on app1 and did not help there")
    another = turns(whole, cure("app1"), cure("app2", cause="d"), tried_before={first.id: "undone"})
    assert [step.on for step in another.steps] == ["app2"]


class TestProxies:
    """Proxies of the same servers, of which what is in front is not seen."""

    @staticmethod
    def limits(name):
        made = remedy("nginx_limits", ("config", "restart"), unit="nginx.service", unit_files=4096)
        return finding(on=name, seen_from=name, subject="nginx", remedy=made)

    def test_that_are_restarted_wait_for_each_other(self):
        whole = fleet(web1=web(pool("app1")), web2=web(pool("app1")), app1=backend("app1"))
        first, second = turns(whole, self.limits("web1"), self.limits("web2")).steps
        assert (first.after, second.after, second.driver) == ((), (first.id,), max(first.on, second.on))

    def test_of_different_servers_do_not(self):
        whole = fleet(web1=web(pool("app1")), web2=web(pool("app2")))
        assert [one.after for one in turns(whole, self.limits("web1"), self.limits("web2")).steps] == [(), ()]

    def test_that_are_only_reloaded_do_not(self):
        whole = fleet(web1=web(pool("app1")), web2=web(pool("app1")))
        reloads = (replace(self.limits(name), remedy=remedy("upstream_dns", ("reload",))) for name in ("web1", "web2"))
        assert [one.after for one in turns(whole, *reloads).steps] == [(), ()]

    def test_behind_another_proxy_are_servers_of_its_upstream(self):
        serves = listener("10.0.0.1", 9000, process="nginx", unit="nginx.service")
        front = web(pool("app1"), pool("app2"))
        pair = {
            name: {
                **web(pool("app%d" % (number + 6))),
                "system": host("10.0.0.%d" % number)["system"],
                "listeners": {"tcp": [{**serves, "address": "10.0.0.%d" % number}], "unix": []},
            }
            for number, name in enumerate(("app1", "app2"), 1)
        }
        made = turns(fleet(front=front, **pair), self.limits("app1"), self.limits("app2"))
        assert made.steps[1].after == (made.steps[0].id,)


@given(st.data())
def test_however_the_proofs_end_no_more_than_half_are_ever_out(data):
    names = ["app%d" % one for one in range(1, data.draw(st.integers(2, 5)) + 1)]
    out = set(data.draw(st.lists(st.sampled_from(names), unique=True)))
    sick = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    made = turns(hosts(*names, out=out), *(cure(one, "started" if one in out else "restarted") for one in sick))
    proven = set()
    for step in made.steps:
        if not set(step.after) <= proven:
            continue
        others = out - {step.on}
        assert 2 * len(out | {step.on}) <= len(names) or not others or step.on in out
        if data.draw(st.booleans()):
            proven.add(step.id)
            out.discard(step.on)
    assert {one.finding.on for one in made.judged} == set(sick)
