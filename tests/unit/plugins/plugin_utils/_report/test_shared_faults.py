# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of many hosts that suffer from one thing that thing is said once and cured once, from the facts to the answer."""

from __future__ import annotations

import json
import pathlib
from collections import Counter

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.answer import render
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.document import report_of
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    ANY,
    NOW,
    answer,
    host,
    listener,
    log,
    proxy,
    reached,
    record,
    tried,
)

SCHEMA = json.loads(
    (pathlib.Path(__file__).parents[5] / "roles/report/files/report.schema.json").read_text(encoding="utf-8")
)
RUN = {"id": "r1", "started": "2026-11-22T14:30:00Z", "finished": "2026-11-22T14:30:09Z", "version": "0.1.0"}
DATABASE = "tcp:10.0.9.9:3306"


def asks(address, own, errno=111):
    """A proxy whose backend refuses it."""
    failing = answer(signature="backend_port_closed", upstream=address)
    facts = {"reach": [reached(address, tried(address, errno))], "answers": [failing], "log": log(record(address))}
    made = proxy("http://" + address.removeprefix("tcp:"), **facts)
    made["system"]["addresses"].append(own)
    return made


def stopped(address):
    """A backend whose service is down."""
    unit = {
        "load": "loaded",
        "active": "inactive",
        "sub": "dead",
        "enabled": "enabled",
        "declares": [{"address": "tcp:%s:80" % ANY}],
    }
    return host(address, units={"apache2.service": unit}, listeners={"tcp": [], "unix": []})


def waits(database, busy, own):
    """A host whose gunicorn waits for a database of another host."""
    address = "tcp:127.0.0.1:8000"
    awaited = {"address": database, "file": None, "processes": busy, "connecting": 0, "seconds": 9.0 + busy}
    serves = listener(
        "127.0.0.1",
        8000,
        process="gunicorn",
        waiting={
            "workers": busy + 1,
            "busy": busy,
            "awaited": [{**awaited, "process": None, "pid": None, "state": None}],
        },
    )
    made = proxy(
        "http://127.0.0.1:8000",
        reach=[reached(address, tried(address))],
        answers=[answer(504, signature="upstream_read_timeout", upstream=address)],
        log=log(record(address, "upstream_read_timeout", NOW - 1)),
        listeners={"tcp": [serves], "unix": []},
    )
    made["system"]["addresses"].append(own)
    return made


def reported(facts, mode="check"):
    judged = judgements(facts, KINDS, "r1", {}, {})
    report = report_of({**RUN, "mode": mode}, {name: [one] for name, one in judged.items()}, {}, {})
    jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)
    return judged, report


def causes_said(report):
    return [line for line in render(report).splitlines() if line.startswith("  Cause")]


def twenty_proxies():
    webs = {"web%02d" % number: asks("tcp:10.0.0.2:80", "10.0.1.%d" % number) for number in range(1, 21)}
    return {**webs, "app": stopped("10.0.0.2")}


def test_a_dead_backend_of_twenty_proxies_is_one_cure_and_one_fault():
    judged, report = reported(twenty_proxies())
    (step,) = [step for one in judged.values() for step in one["steps"]]
    assert step["on"] == "app" and len(step["variables"]["backend_service_proof"]) == 20
    (shared,) = report["shared"]
    assert (shared["on"], shared["causes"], shared["outcome"]) == ("app", ["backend_port_closed"], "planned")
    assert (len(shared["hosts"]), shared["findings"], shared["changes"]) == (20, 20, ["start apache2"])
    assert {one["findings"][0]["fault"] for name, one in report["hosts"].items() if name != "app"} == {shared["fault"]}


def test_the_answer_says_it_once_with_the_counts():
    _judged, report = reported(twenty_proxies())
    lines = render(report).splitlines()
    assert lines[0] == "21 hosts: 20 would be fixed, 1 behind them."
    assert lines[2].startswith("PLANNED  20 hosts (web01, web02, web03, web04, web05, web06 and 14 more):")
    (cause,) = causes_said(report)
    assert " ".join(" ".join(lines).split()).count("20 hosts suffer from it") == 1
    assert cause.startswith("  Cause    Nothing serves 10.0.0.2:80 on app: its service does not run; 20 hosts")
    assert [line for line in lines if "start apache2" in line] == ["  Would    on app: start apache2"]


def test_twenty_hosts_whose_workers_wait_for_one_database_have_one_fault_however_many_wait():
    facts = {"web%02d" % number: waits(DATABASE, 2 + number % 4, "10.0.1.%d" % number) for number in range(20)}
    _judged, report = reported(facts)
    (shared,) = report["shared"]
    assert (shared["on"], shared["causes"], shared["outcome"]) == ("10.0.9.9:3306", ["slow_upstream"], "advice")
    assert shared["says"].startswith("workers wait for 10.0.9.9:3306, which has not answered for")
    assert len(shared["hosts"]) == 20 and len(causes_said(report)) == 1


def test_of_a_database_that_is_a_host_of_the_run_its_own_trouble_is_said():
    facts = {"web%d" % number: waits(DATABASE, 2, "10.0.1.%d" % number) for number in range(5)}
    frozen = listener("10.0.9.9", 3306, process="mariadbd", pid=71, state="T")
    _judged, report = reported({**facts, "db": host("10.0.9.9", listeners={"tcp": [frozen], "unix": []})})
    (shared,) = report["shared"]
    assert (shared["on"], shared["advice"][0]) == ("db", "kill -CONT 71   # on db")
    assert shared["says"].endswith(": mariadbd (pid 71) on db is stopped by a signal")


def test_a_database_of_the_host_s_own_is_its_own_matter():
    facts = {"web%d" % number: waits("tcp:127.0.0.1:3306", 2, "10.0.1.%d" % number) for number in range(5)}
    _judged, report = reported(facts)
    assert report["shared"] == []
    assert not any("fault" in finding for one in report["hosts"].values() for finding in one["findings"])


def test_a_resolver_that_answers_nobody_is_one_fault():
    def without_names():
        http = "resolver 10.0.9.53;"
        made = proxy("http://$backend", http=http, answers=[answer(signature="resolver_failure")])
        made["names"] = [{"name": "app.example", "addresses": None, "error": "timeout", "resolver": "10.0.9.53"}]
        return made

    _judged, report = reported({"web%d" % number: without_names() for number in range(5)})
    (shared,) = report["shared"]
    assert (shared["fault"], shared["says"]) == ("udp:10.0.9.53:53", "the resolver 10.0.9.53 gives no answer (timeout)")


def test_a_router_that_is_gone_is_one_fault_whatever_is_behind_it():
    def behind_router(number):
        address = "tcp:10.7.0.%d:80" % number
        made = asks(address, "10.0.1.%d" % number, 113)
        made["reach"][0]["tried"][0].update(silent=None, silent_router="10.0.1.254", source="10.0.1.%d" % number)
        made["answers"][0]["signature"] = "firewall_reject"
        return made

    _judged, report = reported({"web%d" % number: behind_router(number) for number in range(1, 6)})
    (shared,) = report["shared"]
    assert (shared["on"], shared["causes"]) == ("10.0.1.254", ["backend_unreachable"])
    assert shared["says"] == "nobody answers for the router 10.0.1.254" and len(shared["hosts"]) == 5


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["app1", "app2", "db1", "db2"]), min_size=1, max_size=9))
def test_there_are_as_many_causes_in_the_answer_as_broken_things(blamed):
    address = {"app1": "10.0.0.1", "app2": "10.0.0.2", "db1": "10.0.9.1", "db2": "10.0.9.2"}
    facts = {name: stopped(address[name]) for name in ("app1", "app2")}
    for number, name in enumerate(blamed):
        own = "10.0.1.%d" % number
        facts["web%d" % number] = (
            asks("tcp:%s:80" % address[name], own)
            if name.startswith("app")
            else waits("tcp:%s:3306" % address[name], 2 + number % 3, own)
        )
    judged, report = reported(facts)
    assert len(causes_said(report)) == len(set(blamed))
    assert len([step for one in judged.values() for step in one["steps"]]) == len(set(blamed) & {"app1", "app2"})
    many = Counter(blamed)
    assert sorted(len(one["hosts"]) for one in report["shared"]) == sorted(
        count for count in many.values() if count > 1
    )
