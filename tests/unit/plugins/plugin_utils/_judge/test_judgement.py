# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From facts to plain data for each host; and no rule raises an error on what could not be read."""

from __future__ import annotations

import ast
import functools
import json
import pathlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import judgement
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import judge, known_causes
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import (
    judgements,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS, ORDER
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.causes import facts as cases
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    host,
    listener,
    log,
    proxy,
    reached,
    record,
    tried,
)

APP = "tcp:10.0.0.2:80"
CASES = sorted(cases.CASES.glob("*/*.yml"))
BASES = sorted(path.stem for path in (cases.HERE / "base").glob("*.yml"))
#: What docs/facts.md promises wherever there is something at all. All else may be null.
PROMISED = {
    "system",
    "addresses",
    "service_manager",
    "listeners",
    "address",
    "port",
    "path",
    "folder",
    "by_peer",
    "load",
    "active",
    "sub",
    "binary",
    "configure",
    "container",
    "pid",
    "user",
    "uid",
    "groups",
    "started",
    "stopping",
    "workers",
    "others",
    "test",
    "error_logs",
    "config",
    "pools",
    "settings",
    "value",
    "place",
    "tool",
    "zones",
    "rules",
    "mode",
    "booleans",
    "free_bytes",
    "total_bytes",
    "sources",
    "kind",
    "state",
    "records",
    "signature",
    "count",
    "first",
    "last",
    "message",
    "request",
    "method",
    "family",
    "tried",
    "connected",
    "name",
    "url",
    "from",
    "seconds",
    "file",
    "line",
}
#: Sections that are null where they could not be read, whatever else goes by that name.
SECTIONS = [
    "listeners",
    "connections",
    "units",
    "php_fpm",
    "firewall",
    "selinux",
    "disks",
    "reach",
    "names",
    "log",
    "answers",
]
#: What has entries by their names: an entry is there or is not.
NAMED = {"units", "pools", "settings", "global", "booleans", "zones", "by_peer", "rules", "interfaces"}


def judged(facts, allow=KINDS, tried_before=None, services=None):
    return judgements(facts, allow, "r1", tried_before or {}, services or {})


class TestClosedPort:
    """A proxy, and a backend whose service is down."""

    def facts(self, **more):
        unit = {
            "load": "loaded",
            "active": "inactive",
            "sub": "dead",
            "enabled": "enabled",
            "declares": [{"address": "tcp:0.0.0.0:80"}],
        }
        failing = answer(signature="backend_port_closed", upstream=APP)
        web = proxy(
            "http://10.0.0.2", reach=[reached(APP, tried(APP, 111))], answers=[failing], log=log(record(APP)), **more
        )
        return {"web": web, "app": host("10.0.0.2", units={"apache2.service": unit}, listeners={"tcp": [], "unix": []})}

    def test_is_reported_where_it_is_seen(self):
        shown = judged(self.facts())
        finding = shown["web"]["findings"][0]
        assert finding == {
            "key": "backend_port_closed|web|app|" + APP,
            "cause": "backend_port_closed",
            "title": finding["title"],
            "says": "nothing serves 10.0.0.2:80 on app: its service does not run",
            "seen_from": "web",
            "on": "app",
            "subject": APP,
            "confidence": finding["confidence"],
            "evidence": finding["evidence"],
            "remedy": "backend_service",
            "change": "start apache2",
            "outcome": "planned",
            "why": finding["why"],
            "advice": [],
            "step": shown["web"]["steps"][0]["id"],
            "routes": [0],
            "recurs": "",
            "fades": "",
            "fault": "backend_port_closed app:80",
            "behind": "",
            "history": [],
            "given_up": False,
            "trigger": finding["trigger"],
            "waits": "",
        }
        assert "http://site/ answers 502" in finding["evidence"][1:], (
            "the strongest evidence comes first, and an answer is weak"
        )
        assert "nothing listens on port 80 of app" in finding["evidence"]
        step = shown["web"]["steps"][0]
        assert (step["on"], step["role"], step["causes"]) == ("app", "backend_service", ["backend_port_closed"])
        assert (step["variables"]["backend_service_unit"], step["variables"]["backend_service_run"]) == (
            "apache2.service",
            "r1",
        )
        assert (shown["app"]["findings"], shown["app"]["steps"], shown["web"]["curable"], shown["app"]["curable"]) == (
            [],
            [],
            True,
            False,
        )

    def test_a_backend_is_known_as_one(self):
        assert judged(self.facts())["app"]["unknown"] == [
            {"missing": "nginx", "why": "no nginx on this host: it was read as a backend only"}
        ]

    def test_an_nginx_in_a_container_of_a_backend_is_said_once(self):
        facts = self.facts()
        facts["app"]["unknown"] = [{"missing": "nginx", "why": "nginx runs in container shop"}]
        assert judged(facts)["app"]["unknown"] == facts["app"]["unknown"]

    def test_what_is_not_allowed_has_no_step(self):
        shown = judged(self.facts(), allow=["reload"])["web"]
        assert (shown["findings"][0]["outcome"], shown["steps"], shown["curable"]) == ("not_allowed", [], False)

    def test_what_was_tried_has_no_step(self):
        step = judged(self.facts())["web"]["steps"][0]["id"]
        shown = judged(self.facts(), tried_before={step: "undone"})["web"]
        assert (shown["findings"][0]["outcome"], shown["findings"][0]["step"], shown["steps"], shown["curable"]) == (
            "undone",
            step,
            [],
            False,
        )

    def test_a_service_that_the_user_names(self):
        facts = self.facts()
        facts["app"]["units"] = {}
        assert judged(facts)["web"]["findings"][0]["outcome"] == "advice"
        assert (
            judged(facts, services={"80": "gunicorn"})["web"]["steps"][0]["variables"]["backend_service_unit"]
            == "gunicorn.service"
        )

    def test_two_proxies_share_one_step(self):
        facts = self.facts()
        shown = judged({"web1": facts["web"], "web2": facts["web"], "app": facts["app"]})
        assert [len(shown[name]["steps"]) for name in ("web1", "web2")] == [1, 0]
        assert {shown[name]["findings"][0]["step"] for name in ("web1", "web2")} == {shown["web1"]["steps"][0]["id"]}
        assert shown["web2"]["curable"], "it has to look again once the other has cured it"

    def test_the_order_of_the_hosts_changes_nothing(self):
        facts = self.facts()
        both = {"web1": facts["web"], "web2": facts["web"], "app": facts["app"]}
        assert judged(both) == judged(dict(reversed(both.items())))


def test_a_rule_that_raises_an_error_is_unknown(monkeypatch):
    def odd(_fleet):
        raise TypeError("no such thing")

    monkeypatch.setattr(judgement, "known_causes", lambda: [*known_causes(), Cause("odd", "Odd", odd)])
    unseen = {"missing": "firewall", "why": "not permitted"}
    shown = judged(TestClosedPort().facts(unknown=[unseen]))["web"]
    assert [one["cause"] for one in shown["findings"]] == ["backend_port_closed"]
    assert shown["unknown"] == [
        unseen,
        {
            "missing": "cause odd",
            "why": "the rule for this cause raised an error on this host's facts (TypeError: no such thing)",
        },
    ]


def test_no_rule_is_asked_where_all_is_well(monkeypatch):
    always = Cause("always", "Always", lambda _fleet: iter([small_fleet.finding("always")]))
    monkeypatch.setattr(judgement, "known_causes", lambda: [always])
    assert judged({"web": proxy("http://10.0.0.2", answers=[answer(200)])})["web"]["findings"] == []
    assert len(judged({"web": proxy("http://10.0.0.2", answers=[answer(502)])})["web"]["findings"]) == 1


class TestTold:
    def test_answers_as_they_were_asked(self):
        outside = answer(None, **{"from": "controller", "connect": None})
        web = proxy(
            "http://10.0.0.2", answers=[answer(502, signature="backend_port_closed"), outside, {"url": "http://site/1"}]
        )
        kept = {
            "host": "web",
            "url": "http://site/",
            "from": "host",
            "connect": None,
            "method": "GET",
            "status": None,
            "signature": None,
            "timed_out": False,
            "masked": False,
            "route": None,
            "had": [],
            "covers": None,
        }
        assert judged({"web": web})["web"]["answers"] == [
            {**kept, "connect": "tcp:127.0.0.1:80", "status": 502, "signature": "backend_port_closed", "route": 0},
            {**kept, "from": "controller", "timed_out": True, "route": 0},
            {**kept, "url": "http://site/1"},
        ]

    def test_what_could_not_be_seen(self):
        web = proxy("http://10.0.0.2", unknown=[{"missing": "firewall", "why": "not permitted", "more": 1}])
        assert judged({"web": web})["web"]["unknown"] == [{"missing": "firewall", "why": "not permitted"}]

    def test_what_could_not_be_asked_again(self):
        web = proxy(
            "http://10.0.0.2", answers=[answer(401)], log=log(record(APP, request={"method": "GET", "path": "/"}))
        )
        why = (
            "backend_port_closed in the log, upstream %s; asked again, http://site/ gives 401, which does not show whether it still fails"
            % APP
        )
        shown = judged({"web": web})["web"]
        assert (shown["findings"], shown["unknown"]) == ([], [{"missing": "cause", "why": why}])

    def test_what_could_be_asked_again_elsewhere(self):
        login = {**answer(401), "url": "http://site/login"}
        web = proxy(
            "http://10.0.0.2",
            answers=[login, answer(200)],
            log=log(record(APP, request={"method": "GET", "path": "/"})),
        )
        shown = judged({"web": web})["web"]
        assert ([one["cause"] for one in shown["findings"]], shown["unknown"]) == (["transient"], [])

    def test_a_url_that_nothing_explains(self):
        web = proxy("http://10.0.0.2", answers=[answer(502, route=None)])
        assert judged({"web": web})["web"]["unknown"] == [
            {"missing": "cause", "why": "http://site/ fails and nothing that was seen explains it"}
        ]

    def test_what_nginx_says_of_a_url_of_passengers_module(self):
        core = "unix:/tmp/passenger.KMnpQom/agents.s/core"
        said = "connect() to %s failed (2: No such file or directory)" % core
        web = proxy(
            "http://10.0.0.2",
            answers=[answer(502, None, "unix_socket_missing", core)],
            log=log(record(core, "unix_socket_missing", message=said, request={"method": "GET", "path": "/"})),
        )
        (unknown,) = judged({"web": web})["web"]["unknown"]
        assert unknown["why"].startswith(
            "http://site/ fails and nothing that was seen explains it; nginx says: " + said
        )
        assert "; systemctl restart nginx   # on web: nginx starts that core" in unknown["why"]
        web["log"]["records"] = []
        (unknown,) = judged({"web": web})["web"]["unknown"]
        assert "nginx says: unix_socket_missing, upstream %s; passenger-status" % core in unknown["why"]

    def test_a_hop_that_nothing_explains_is_shown_with_what_was_seen(self):
        web = proxy("http://10.0.0.2", answers=[answer(502)])
        shown = judged({"web": web})["web"]
        assert ([one["cause"] for one in shown["findings"]], shown["unknown"]) == (["upstream_failed"], [])


@functools.lru_cache(maxsize=None)
def case_facts(path):
    case = cases.load(path)
    return cases.case_facts(case), case.get("backend_services")


@functools.lru_cache(maxsize=None)
def base_facts(name):
    return cases.base_facts(name)


def may_be_null(value, path=()):
    """Paths to what could not be read of a host."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        here = (*path, key)
        is_entry = isinstance(key, int) or bool(path and path[-1] in NAMED)
        if (
            here[0] in SECTIONS
            and len(here) == 1
            or here == ("nginx", "config")
            or key not in PROMISED
            and not is_entry
        ):
            yield here
        if here[-2:] != ("nginx", "config") and here != ("firewall", "rules"):
            yield from may_be_null(part, here)


def without(value, path):
    """A value with null at a path; nothing happens where the path is gone already."""
    if not path:
        return None
    if isinstance(value, dict) and path[0] in value:
        return {**value, path[0]: without(value[path[0]], path[1:])}
    if isinstance(value, list):
        return [without(one, path[1:]) if number == path[0] else one for number, one in enumerate(value)]
    return value


@st.composite
def blinded(draw, facts):
    """The same hosts, of which less could be read."""
    seen = {}
    for name, one in facts.items():
        paths = sorted(may_be_null(one), key=str)
        for path in draw(st.lists(st.sampled_from(paths), max_size=8)):
            one = without(one, path)
        seen[name] = one
    return seen


#: What fewer cases have than this is tried in each of them: only the rule that it is there for reads it.
RARE = 20


def unread_things():
    """What may be unread, one thing at a time: a case, a host and a path. Of a list or of names the first entry stands for all."""
    kinds = {}
    for case in CASES:
        for name, one in case_facts(case)[0].items():
            for path in may_be_null(one):
                kind = tuple(
                    "*" if isinstance(key, int) or before in NAMED else key for before, key in zip(("", *path), path)
                )
                kinds.setdefault(kind, {}).setdefault((case, name), path)
    for found in kinds.values():
        some = {case.parent: (case, name) for case, name in found} if len(found) >= RARE else {}
        for case, name in some.values() or found:
            yield case, name, found[case, name]


def test_no_rule_raises_an_error_on_any_one_thing_that_could_not_be_read():
    raised = []
    for case, name, path in unread_things():
        facts, services = case_facts(case)
        try:
            judge(Fleet({**facts, name: without(facts[name], path)}, services))
        except Exception as error:
            raised.append("%s/%s: %s of %s: %r" % (case.parent.name, case.name, path, name, error))
    assert raised == []


@given(st.data())
@settings(max_examples=300)
def test_no_rule_raises_an_error_on_what_could_not_be_read(data):
    facts, services = case_facts(data.draw(st.sampled_from(CASES)))
    shown = judged(data.draw(blinded(facts)), services=services)
    json.dumps(shown)
    for one in shown.values():
        # That nothing explains a failure in a container is no error of a rule: "cause of npm@web".
        assert [row for row in one.get("unknown", []) if re.match("cause (?!of )", row["missing"])] == []
        for finding in one.get("findings", []):
            assert 0 <= finding["confidence"] <= 1
            assert finding["outcome"] in ("planned", "advice", "not_allowed")
            assert finding["evidence"], "%s says nothing of what was seen" % finding["cause"]


@given(st.sampled_from(BASES), st.data())
@settings(max_examples=100)
def test_what_could_not_be_read_makes_no_host_ill(base, data):
    assert judge(Fleet(data.draw(blinded(base_facts(base)))), known_causes()) == []


@pytest.mark.parametrize("section", [*SECTIONS, "clock", "nginx.config", "nginx.master"])
def test_no_section_is_missed_by_any_rule(section):
    """Every case, with one part of every host unread."""
    path = tuple(section.split("."))
    for case in CASES:
        facts, services = case_facts(case)
        judge(Fleet({name: without(one, path) for name, one in facts.items()}, services))


def test_one_daemon_with_many_sockets_is_one_fault():
    sockets = ["/run/a.sock", "/run/b.sock"]
    pools = {
        name[5]: {"address": "unix:" + name, "file": "/etc/p.conf", "settings": {}, "workers": []} for name in sockets
    }
    fpm = {
        "binary": "/usr/sbin/php-fpm8.2",
        "version": "8.2",
        "config": "/etc/php/8.2/fpm/php-fpm.conf",
        "unit": "php8.2-fpm.service",
        "master": None,
        "test": {"sound": True, "error": None},
        "pools": pools,
        "error_log": None,
    }
    unit = {"load": "loaded", "active": "inactive", "sub": "dead", "result": "success", "enabled": "enabled"}
    web = proxy(
        *("unix:" + path for path in sockets),
        php_fpm=[fpm],
        units={"php8.2-fpm.service": unit},
        listeners={"tcp": [], "unix": []},
        reach=[reached("unix:" + path, tried("unix:" + path, 2), family="fastcgi") for path in sockets],
        answers=[
            answer(route=route, signature="unix_socket_missing", upstream="unix:" + path)
            for route, path in enumerate(sockets)
        ],
    )
    first, second = judged({"web": web})["web"]["findings"]
    assert first["cause"] == second["cause"] == "php_fpm_stopped"
    assert first["subject"] != second["subject"]
    assert first["fault"] == second["fault"] != ""


class TestThePageForTheApplicationsErrors:
    """nginx goes on to another upstream for an error of the application, and that one fails."""

    APP, SORRY = "tcp:10.0.0.2:80", "tcp:10.0.0.3:80"

    def covers(self, status=500, intercept="on", upstream=SORRY):
        config = written(
            "server { listen 80; location / { proxy_pass http://10.0.0.2; proxy_intercept_errors %s; error_page 500 = @sorry; }"
            " location @sorry { proxy_pass http://10.0.0.3; } }" % intercept
        )
        reach = [
            reached(self.APP, tried(self.APP), reply={"status": status}),
            reached(self.SORRY, tried(self.SORRY, 111)),
        ]
        failing = answer(502, signature="backend_port_closed", upstream=upstream)
        web = proxy("http://10.0.0.2", reach=reach, answers=[failing])
        web["nginx"]["config"] = config
        (shown,) = judged({"web": web})["web"]["answers"]
        return shown["covers"]

    def test_is_seen_by_a_direct_request(self):
        assert self.covers() == 500
        assert self.covers(503) == 503

    def test_is_none_where_the_application_answers_or_fails_itself(self):
        assert self.covers(200) is None
        assert self.covers(intercept="off") is None
        assert self.covers(upstream=self.APP) is None


def test_who_sees_nothing_but_a_502_changes_nothing():
    for case in CASES:
        facts, services = case_facts(case)
        blind = {
            name: {**one, "answers": [{**said, "signature": None} for said in one["answers"]]}
            for name, one in facts.items()
        }
        for section in set(SECTIONS) - {"answers"}:
            blind = {name: without(one, (section,)) for name, one in blind.items()}
        for name, shown in judged(blind, services=services).items():
            assert shown.get("steps", []) == [], "%s: %s" % (pathlib.Path(*case.parts[-2:]), name)


def test_every_remedy_that_a_rule_asks_for_can_be_planned():
    roles = set()
    for path in CASES:
        facts, services = case_facts(path)
        for finding in judge(Fleet(facts, services)):
            if finding.remedy:
                roles.add(finding.remedy.role)
                assert finding.remedy.role in ORDER
                assert finding.remedy.kinds
                assert set(finding.remedy.kinds) <= set(KINDS)
                assert finding.remedy.change
    assert roles >= {
        "php_fpm",
        "fastcgi_buffers",
        "firewall_port",
        "backend_service",
        "upstream_address",
        "upstream_dns",
        "selinux_connect",
        "nginx_limits",
    }


def test_several_causes_on_one_host_are_reported_together():
    facts = TestClosedPort().facts()
    unit = {
        "load": "loaded",
        "active": "failed",
        "sub": "failed",
        "result": "exit-code",
        "enabled": "enabled",
        "declares": [{"address": "tcp:127.0.0.1:3000"}],
    }
    other = "tcp:127.0.0.1:3000"
    web = proxy(
        "http://10.0.0.2",
        "http://127.0.0.1:3000",
        units={"node.service": unit},
        listeners={"tcp": [listener("127.0.0.1", 80)], "unix": []},
        reach=[reached(APP, tried(APP, 111)), reached(other, tried(other, 111))],
        answers=[
            answer(signature="backend_port_closed", upstream=APP),
            answer(route=1, url="http://site/1", signature="backend_port_closed", upstream=other),
        ],
    )
    shown = judged({**facts, "web": web})["web"]
    assert sorted((one["on"], one["subject"], one["outcome"]) for one in shown["findings"]) == [
        ("app", APP, "planned"),
        ("web", other, "planned"),
    ]
    assert sorted((one["on"], one["variables"]["backend_service_unit"]) for one in shown["steps"]) == [
        ("app", "apache2.service"),
        ("web", "node.service"),
    ]


def test_the_ways_of_requests_and_their_failures_are_known_where_something_was_found():
    failing = answer(signature="backend_port_closed", upstream=APP)
    lines = log(record(APP, first=10.0, last=20.0, count=3), record(APP, first=5.0, last=12.0, count=1))
    web = proxy("http://10.0.0.2", reach=[reached(APP, tried(APP, 111))], answers=[failing], log=lines)
    shown = judgements({"web": web, "app": host("10.0.0.2", listeners={"tcp": [], "unix": []})}, KINDS, "r1", {}, {})
    assert shown["web"]["hops"] == [{"upstream": "10.0.0.2:80", "backend": "app", "broken": True}]
    assert shown["web"]["logged"] == [{"signature": "backend_port_closed", "first": 5.0, "last": 20.0, "count": 4}]
    assert (shown["app"]["hops"], shown["app"]["logged"]) == ([], [])


#: What the actions of a run have no use for where all hosts are well.
LATE = (
    "module_utils._history.failing_lines",
    "module_utils._history.recent_changes",
    "module_utils._nginx_config.upstream_request",
    "plugin_utils._judge.planner",
    "plugin_utils._judge.trigger",
    "plugin_utils._remedies.planned_diffs",
    "plugin_utils.causes._address_owner",
    "plugin_utils.causes._backend_units",
)
PLUGINS = pathlib.Path(judgement.__file__).parents[2]


def loaded_with(*names):
    """The modules of plugins/ that are loaded with these, by what stands outside of functions."""
    waiting, found = list(names), set()
    while waiting:
        name = waiting.pop()
        file = PLUGINS.joinpath(*name.split(".")).with_suffix(".py")
        if name in found or not file.is_file():
            continue
        found.add(name)
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and ".bad_gateway.plugins." in (node.module or ""):
                module = node.module.partition(".plugins.")[2]
                waiting += [module, *("%s.%s" % (module, alias.name) for alias in node.names)]
    return found


def test_what_findings_need_is_loaded_only_where_something_was_found():
    actions = ("gateway_facts", "judge", "recent_changes_info", "report")
    loaded = loaded_with(*("action." + name for name in actions))
    assert {"plugin_utils._judge.judgement", "plugin_utils._judge.because", "module_utils._look.answers"} <= loaded
    assert loaded.isdisjoint(LATE)
    assert loaded_with("plugin_utils._judge.finding_data") >= {"plugin_utils.causes._address_owner"}
