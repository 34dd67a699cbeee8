# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the causes that the rules find are reported."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import (
    judge,
    known_causes,
    merged,
    not_asked_again,
    unexplained,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    cause,
    finding,
    fleet,
    host,
    log,
    proxy,
    record,
    remedy,
)


def causes_of(*causes):
    return [one.cause for one in judge(fleet(), causes)]


def test_the_surest_come_first_and_equals_in_one_order():
    found = [finding("b", "log"), finding("z", "firewall"), finding("a", "log"), finding("m", "log", "probe")]
    for order in itertools.permutations(found):
        assert causes_of(*(cause(one.cause, one) for one in order)) == ["m", "z", "a", "b"]


@pytest.mark.parametrize(
    "other,reported",
    [
        ({}, ["better"]),
        ({"subject": "unix:/run/php.sock"}, ["better"]),
        ({"routes": frozenset({1})}, ["better"]),
        ({"subject": "unix:/run/php.sock", "routes": frozenset({0, 1})}, ["better"]),
        ({"subject": "unix:/run/php.sock", "routes": frozenset({1})}, ["better", "worse"]),
        ({"seen_from": "web2"}, ["better", "worse"]),
    ],
    ids=["the same hop", "the same route", "the same subject", "one route of several", "another hop", "another proxy"],
)
@pytest.mark.parametrize(
    "yields_to,outdoes",
    [(("better",), ()), (("*",), ()), (("none", "better"), ()), ((), ("worse",)), (("none",), ("none", "worse"))],
)
def test_a_cause_yields_where_another_explains_the_same(other, reported, yields_to, outdoes):
    worse = cause("worse", finding("worse"), yields_to=yields_to)
    better = cause("better", finding("better", **other), outdoes=outdoes)
    assert sorted(causes_of(worse, better)) == reported


def test_a_cause_does_not_yield_to_itself_nor_to_one_that_was_not_found():
    assert causes_of(
        cause("any", finding("any"), yields_to=("*",)), cause("better"), cause("silent", yields_to=("any",))
    ) == ["any"]
    two = (finding("any"), finding("any", on="app"))
    assert causes_of(cause("any", *two, yields_to=("*", "any"))) == []
    assert causes_of(cause("any", *two, yields_to=("*",))) == ["any", "any"]
    assert causes_of(cause("one", finding("one")), cause("silent", outdoes=("one",))) == ["one"]


def test_of_two_that_yield_to_any_the_one_that_outdoes_the_other_stays():
    last = cause("last", finding("last"), yields_to=("*",))
    assert causes_of(last, cause("last but one", finding("last but one"), yields_to=("*",), outdoes=("last",))) == [
        "last but one"
    ]
    assert causes_of(last, cause("other", finding("other"), yields_to=("*",))) == []


def test_what_yields_in_turn_still_explains():
    chain = [
        cause("a", finding("a"), yields_to=("b",)),
        cause("b", finding("b"), yields_to=("c",)),
        cause("c", finding("c")),
    ]
    assert causes_of(*chain) == ["c"]


def test_no_two_causes_yield_to_each_other():
    """Both would be dropped, and a host with both would have none. * stands for all others less those that the cause outdoes."""
    yields = {one.name: {name for name in one.yields_to if name != "*"} for one in known_causes()}
    for one in known_causes():
        for name in one.outdoes:
            yields[name].add(one.name)
    last_resorts = {one.name: one.outdoes for one in known_causes() if "*" in one.yields_to}
    assert last_resorts == {
        "transient": (),
        "upstream_failed": ("transient",),
        "no_live_upstreams": ("transient", "upstream_failed"),
    }
    for name, direct in yields.items():
        reached, todo = set(), list(direct)
        while todo:
            one = todo.pop()
            if one not in reached:
                reached.add(one)
                todo += yields[one]
        assert name not in reached


def test_causes_yield_to_causes_that_there_are():
    names = {one.name for one in known_causes()}
    assert {name for one in known_causes() for name in one.yields_to + one.outdoes} - names == {"*"}
    assert all(one.title for one in known_causes())


def test_found_over_two_routes_is_found_once_with_all_its_evidence():
    first = finding(
        "c",
        evidence=(Evidence("log", "a"), Evidence("probe", "b")),
        why="because",
        advice=("look",),
        routes=frozenset({0}),
    )
    again = finding(
        "c",
        evidence=(Evidence("probe", "b"), Evidence("answer", "c")),
        why="other",
        remedy=remedy(),
        routes=frozenset({1}),
    )
    for one in (merged(first, again), *judge(fleet(), [cause("c", first, again)])):
        assert [item.text for item in one.evidence] == ["a", "b", "c"]
        assert (one.routes, one.remedy, one.why, one.advice) == (frozenset({0, 1}), again.remedy, "other", ())
    assert merged(first, first).why == "because"
    kept = finding("c", remedy=remedy("firewall_port"))
    assert merged(kept, again).remedy.role == "firewall_port"


def test_rules_are_read_from_their_files_each_once():
    names = [one.name for one in known_causes()]
    assert names == sorted(set(names))
    assert {"php_fpm_stopped", "transient", "firewall_reject"} <= set(names)


class TestRuleThatRaises:
    """A rule that meets what it did not expect on one host: the others are judged all the same."""

    def find(self, fleet_):
        for front in fleet_.proxies():
            if front.name == "odd":
                raise KeyError("port")
            yield finding("c", seen_from=front.name)

    def fleet(self):
        front = [proxy("http://10.0.0.2") for _each in range(3)]
        return fleet(a=front[0], odd=front[1], z=front[2], app=host("10.0.0.2"))

    def test_says_nothing_of_that_host(self):
        errors = {}
        found = judge(self.fleet(), [Cause("c", "C", self.find), cause("d", finding("d", seen_from="odd"))], errors)
        assert sorted((one.cause, one.seen_from) for one in found) == [("c", "a"), ("c", "z"), ("d", "odd")]
        assert errors == {"odd": {"c": "KeyError: 'port'"}}

    def test_raises_where_nobody_collects_errors(self):
        with pytest.raises(KeyError):
            judge(self.fleet(), [Cause("c", "C", self.find)])

    def test_sees_the_hops_of_one_proxy_and_what_has_to_suit_the_others(self):
        whole = self.fleet()
        part = whole.seen_from(whole.hosts["z"])
        assert {hop.proxy.name for hop in part.hops_to(whole.hosts["app"])} == {"a", "odd", "z"}
        assert {hop.proxy.name for hop in part.hops} == {"z"}
        assert {hop.proxy.name for hop in part.hops_of(whole.hosts["odd"])} == {"odd"}


class TestUnexplained:
    def web(self, *answers):
        return fleet(web=proxy("http://10.0.0.2", "http://10.0.0.3", answers=list(answers)))

    def test_urls_that_fail_and_that_no_finding_has(self):
        web = self.web(answer(url="/", route=0), answer(url="/1", route=1), answer(200, url="/2", route=1))
        assert unexplained(web, []) == {"web": ["/", "/1"]}
        assert unexplained(web, [finding("c", routes=frozenset({0}))]) == {"web": ["/1"]}
        assert unexplained(web, [finding("c", routes=frozenset({0})), finding("d", routes=frozenset({1, 2}))]) == {}
        assert unexplained(web, [finding("c", seen_from="web2", routes=frozenset({0, 1}))]) == {"web": ["/", "/1"]}

    def test_a_url_without_a_route_is_not_explained(self):
        assert unexplained(self.web(answer(url="/", route=None)), [finding("c")]) == {"web": ["/"]}

    def test_what_only_the_controller_sees_is_not_this_hosts(self):
        assert unexplained(self.web(answer(url="/", **{"from": "controller"})), []) == {}


class TestNotAskedAgain:
    """The log blames two backends; both routes ask for a login."""

    BLAMED = log(record("tcp:10.0.0.2:80", "upstream_read_timeout"), record("tcp:10.0.0.3:80"))
    TEXT = (
        "%s in the log, upstream tcp:10.0.0.%d:80; asked again, %s gives %s, which does not show whether it still fails"
    )

    def web(self, *answers):
        return fleet(web=proxy("http://10.0.0.2", "http://10.0.0.3", answers=list(answers), log=self.BLAMED))

    def both(self):
        return self.web(answer(401, url="http://site/"), answer(None, url="http://site/1", route=1, timed_out=False))

    def test_is_reported_with_what_came_instead(self):
        first = self.TEXT % ("upstream_read_timeout", 2, "http://site/", 401)
        other = self.TEXT % ("backend_port_closed", 3, "http://site/1", "no valid answer")
        assert not_asked_again(self.both(), []) == {"web": [first, other]}

    def test_what_a_finding_explains_is_not(self):
        assert not_asked_again(self.both(), [finding(routes=frozenset({1}))]) == {
            "web": [self.TEXT % ("upstream_read_timeout", 2, "http://site/", 401)]
        }
        assert not_asked_again(self.both(), [finding(routes=frozenset({0, 1}))]) == {}
        assert len(not_asked_again(self.both(), [finding(seen_from="web2", routes=frozenset({0, 1}))])["web"]) == 2

    def test_what_was_asked_again_is_not(self):
        assert not_asked_again(self.web(answer(200), answer(404, route=1)), []) == {}
        assert not_asked_again(self.web(), []) == {}
