# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts stand together, and what is said of them."""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.alike import (
    alike,
    in_one_article,
    likewise,
    of_all,
    of_each,
)


def finding(name, on=None, **more):
    return {
        "cause": "firewall_reject",
        "says": "app's firewall rejects %s's connections" % name,
        "seen_from": name,
        "on": on or name,
        "outcome": "fixed",
        "change": "open 80 for %s" % name,
        "why": "",
        "advice": [],
        "evidence": [],
        "began": None,
        "because": [],
        **more,
    }


def entry(*findings, status="fixed"):
    return {"status": status, "says": "", "findings": list(findings), "probes": []}


def groups(*findings, shared=()):
    return [names for names, _entry in alike({one["seen_from"]: entry(one) for one in findings}, shared)]


def test_what_is_done_differently_stands_apart_unless_it_is_one_fault():
    one, other = (finding(name, "app", fault="f") for name in ("w1", "w2"))
    assert groups(one, other) == [["w1"], ["w2"]]
    assert groups(one, other, shared=("f",)) == [["w1", "w2"]]


def test_hosts_stand_together_where_the_same_fails_and_the_same_is_to_be_typed():
    def hosts(advice, before):
        found = {name: entry(finding(name, change="", advice=["tail x   # on " + name])) for name in ("w1", "w2")}
        found["w2"]["findings"][0]["advice"] = [advice]
        for name, status in (("w1", 502), ("w2", before)):
            found[name]["probes"] = [{"url": "http://%s/" % name, "before": status, "after": None}]
        return [names for names, _entry in alike(found, ())]

    assert hosts("tail x   # on w2", 502) == [["w1", "w2"]]
    assert hosts("tail y   # on w2", 502) == hosts("tail x   # on w2", 403) == [["w1"], ["w2"]]


def test_well_hosts_stand_together_where_the_same_was_seen():
    seen, shut = {"url": "http://a/", "before": 200, "after": 200}, {"url": "http://a/", "before": 403, "after": 403}
    hosts = {
        name: {**entry(status="healthy"), "probes": [one]} for name, one in zip(("w1", "w2", "w3"), (seen, shut, seen))
    }
    assert [names for names, _entry in alike(hosts, ())] == [["w1", "w3"], ["w2"]]


def test_one_fault_that_ended_in_two_ways_is_said_of_each():
    one, other = finding("w1", "app", fault="f"), finding("w2", "app", fault="f", outcome="undone")
    assert groups(one, other, shared=("f",)) == [["w1"], ["w2"]]


def test_a_host_with_the_same_fault_over_many_upstreams_is_like_one_with_it_over_one():
    one = [finding("w1", "app", fault="f", subject=name) for name in "ab"]
    hosts = {"w1": entry(*one), "w2": entry(finding("w2", "app", fault="f"))}
    assert [names for names, _entry in alike(hosts, ("f",))] == [["w1", "w2"]]


def test_of_one_fault_all_changes_are_named_and_its_begin_is_that_of_the_first():
    one = finding("w1", "app", fault="f", began="2026-11-29T10:00:02Z", because=["later"], why="10.0.0.1 (w1) only")
    other = finding("w2", "app", fault="f", began="2026-11-29T10:00:01Z", because=["earlier"], why="10.0.0.2 (w2) only")
    said = of_all(one, [one, other])
    assert said["change"] == "open 80 for w1, open 80 for w2"
    assert said["says"] == "app's firewall rejects each host's connections; 2 hosts suffer from it"
    assert (said["on"], said["why"], said["began"], said["because"]) == ("app", "", "2026-11-29T10:00:01Z", ["earlier"])


def test_hosts_that_each_have_the_same_are_said_as_each():
    said = of_each(finding("w1", why="w1 is full", began="2026-11-29T10:00:02Z", urls=["http://w1/"]), "w1")
    assert (said["on"], said["why"], said["began"], said["urls"]) == ("each", "each host is full", None, [])


def slow(address, on="app1", **more):
    host, _colon, port = address.rpartition(":")
    texts = {
        "cause": "slow_upstream",
        "says": "the backend at %s does not answer in time" % address,
        "subject": "tcp:" + address,
        "why": "gunicorn (pid 4%s) at %s on %s is slow" % (port[-1], address, on),
        "advice": ["journalctl -u shop@%s   # on %s" % (port, on)],
        "outcome": "advice",
        "change": "",
        "confidence": 0.9,
    }
    return finding("web", on, **{**texts, **more})


def test_servers_of_which_the_same_is_to_be_said_are_named_in_one_paragraph():
    sites = [{"urls": ["http://a/"]}, {"urls": ["http://a/", "http://b/"], "confidence": 0.7}]
    servers = [slow("10.0.0.2:8000", **sites[0]), slow("10.0.0.2:8001", **sites[1]), slow("10.0.0.3:8000", "app2")]
    (one,) = likewise(servers, ())
    assert one["says"] == (
        "the backend at 10.0.0.2:8000 does not answer in time; the same holds for 10.0.0.2:8001, 10.0.0.3:8000 (on app2)"
    )
    assert (one["confidence"], one["advice"], one["urls"]) == (0.7, servers[0]["advice"], ["http://a/", "http://b/"])


def test_one_article_stands_for_those_that_read_alike_with_what_was_seen_of_each():
    one, other = slow("10.0.0.2:8000", evidence=["a", "b"]), slow("10.0.0.2:8001", evidence=["a", "c"])
    hosts = {"web": {"findings": [one, other]}, "db": {"findings": [one]}, "app": {"findings": [one, finding("app")]}}
    articles = in_one_article(hosts)
    assert list(articles) == ["web"]
    assert [article["evidence"] for article in articles["web"]] == [["a", "b", "c"]]


def test_what_differs_or_is_changed_is_said_of_each():
    servers = [
        slow("10.0.0.2:8000"),
        slow("10.0.0.2:8001", why="it waits for a database"),
        slow("10.0.0.2:8002", outcome="failed"),
        slow("10.0.0.2:8003", change="restart it"),
        slow("10.0.0.2:8004", change="restart it"),
    ]
    assert likewise(servers, ()) == servers
    assert likewise([slow("a:1", fault="f"), slow("a:2", fault="f")], ("f",)) != likewise(
        [slow("a:1"), slow("a:2")], ()
    )
