# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done about findings: in which order, each change once, and what keeps a remedy from being run."""

from __future__ import annotations

import itertools
import pathlib

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet, Inventory
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import planner
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import (
    KINDS,
    ORDER,
    RELOADS_NGINX,
    plan,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    finding,
    fleet,
    host,
    proxy,
    reached,
    remedy,
    tried,
)

START = remedy()


def web_and(**hosts):
    return fleet(web=proxy("http://10.0.0.2"), **hosts)


def planned(*findings, hosts=None, allow=KINDS, tried=None, approved=None):
    return plan(findings, hosts or web_and(), allow, "r1", tried or {}, approved=approved)


def outcome_of(one, **more):
    judged, steps = planned(one, **more)
    assert len(judged) == 1
    assert (
        bool(steps)
        == (judged[0].outcome == "planned")
        == bool(judged[0].step and judged[0].step not in more.get("tried", {}))
    )
    return judged[0].outcome, judged[0].why


def test_a_sure_finding_with_a_remedy_is_planned_and_says_its_sum():
    assert outcome_of(finding(remedy=START)) == ("planned", "a note")


def test_without_a_remedy_it_is_advice():
    assert outcome_of(finding(why="a person has to look")) == ("advice", "a person has to look")


@pytest.mark.parametrize(
    "kinds,allow,why",
    [
        (("start",), (), "fix_502_allow leaves out start"),
        (("config", "reload"), ("config",), "fix_502_allow leaves out reload"),
        (("config", "reload"), ("start",), "fix_502_allow leaves out config, reload"),
    ],
)
def test_what_is_not_allowed(kinds, allow, why):
    assert outcome_of(finding(remedy=remedy(kinds=kinds)), allow=allow) == ("not_allowed", why)
    assert outcome_of(finding(remedy=remedy(kinds=kinds)), allow=kinds)[0] == "planned"


def test_what_is_refused_has_advice_and_what_is_planned_needs_none():
    one = finding(
        remedy=remedy(unit="app.service", binary="/usr/sbin/php-fpm", config="/etc/fpm.conf"), advice=("# own",)
    )
    refused, taken = (planned(one, allow=allow)[0][0].finding.advice for allow in ((), KINDS))
    assert refused[-2:] == ("systemctl start app.service   # on web", "# own") and taken == ("# own",)


def test_what_would_edit_a_file_of_a_panel_is_left_to_the_panel():
    edit = {"path": "/etc/nginx/sites-enabled/100-a.vhost", "line": 7, "from": "a:1", "to": "a:2"}
    one = finding(remedy=remedy("upstream_address", edits=[edit]), advice=("# own",))
    judged, steps = planned(one, allow=())
    found = judged[0].finding
    assert (judged[0].outcome, found.remedy, steps) == ("advice", None, [])
    assert judged[0].why == found.why and found.why.endswith("ISPConfig writes /etc/nginx/sites-enabled/100-a.vhost")
    assert found.advice[0].startswith("# where that is set in ISPConfig on web: Sites > a > ")
    assert found.advice[1:] == ("# /etc/nginx/sites-enabled/100-a.vhost:7: a:2 instead of a:1", "# own")


def test_only_what_is_approved_is_planned():
    start, restart = (
        finding(subject=name, remedy=remedy(action=name, unit="app.service")) for name in ("started", "restarted")
    )
    _judged, (first, other) = planned(start, restart)
    judged, steps = planned(start, restart, approved=[first.id])
    taken, left = sorted(judged, key=lambda one: one.step is None)
    assert steps == [first] and (taken.outcome, taken.step) == ("planned", first.id)
    assert (left.outcome, left.why, left.step) == ("advice", planner.NOT_APPROVED.why, None)
    assert any("app.service" in line for line in left.finding.advice)
    assert planned(start, restart, approved=[first.id, other.id, "another"]) == planned(start, restart)
    assert planned(start, restart, approved=[]).steps == []


def test_an_approved_step_that_was_run_is_told_as_any_other():
    (step,) = planned(finding(remedy=START)).steps
    assert outcome_of(finding(remedy=START), approved=[step.id], tried={step.id: "undone"})[0] == "undone"


def test_what_is_not_allowed_is_not_allowed_by_a_plan():
    (step,) = planned(finding(remedy=START)).steps
    assert outcome_of(finding(remedy=START), approved=[step.id], allow=())[0] == "not_allowed"


def test_what_is_undone_has_advice():
    one = finding(remedy=remedy(unit="app.service"))
    step = planned(one)[1][0]
    advice = planned(one, tried={step.id: "undone"})[0][0].finding.advice
    assert advice[0].startswith("systemctl status app.service") and advice[-1] == "# what was tried: start it"


def test_what_is_not_sure_is_advice():
    assert outcome_of(finding("c", "log", remedy=START)) == (
        "advice",
        "not sure enough to change anything (confidence 0.50, needed 0.60)",
    )
    assert outcome_of(finding("c", "probe", remedy=START))[0] == "planned"


def test_a_host_that_is_not_in_the_run_is_left_alone():
    assert outcome_of(finding(on="10.0.0.9", remedy=START)) == ("advice", "10.0.0.9 is not among the hosts of this run")


@pytest.mark.parametrize(
    ("number", "unseen", "doors", "outcome"),
    [
        ("10.0.0.2", (), {}, "planned"),
        ("10.0.0.2", ("db1",), {}, "advice"),
        ("10.0.0.2", ("db1",), {"app": {"app", "192.0.2.7"}}, "advice"),
        ("10.0.0.2", ("db1",), {"app": {"app", "10.0.0.2"}}, "planned"),
        ("1.1.1.1", ("db1",), {}, "planned"),
    ],
)
def test_a_number_alone_says_not_whose_it_is_where_not_all_were_looked_at(number, unseen, doors, outcome):
    facts = {"web": proxy("http://" + number), "app": host(number)}
    hosts = Fleet(facts, {}, Inventory(unseen, doors))
    ended, why = outcome_of(finding(on="app", remedy=START), hosts=hosts)
    assert ended == outcome
    assert ended == "planned" or why == (
        "10.0.0.2 is app's, and may be another host's as well, as not all of the inventory was looked at (db1)"
    )


@pytest.mark.parametrize(
    ("seen", "own", "outcome"),
    [
        ("9a:00:00:00:00:02", {"eth0": "9a:00:00:00:00:01", "eth1": "9a:00:00:00:00:02"}, "planned"),
        ("9a:00:00:00:00:09", {"eth0": "9a:00:00:00:00:02"}, "advice"),
        (None, {"eth0": "9a:00:00:00:00:02"}, "advice"),
        ("9a:00:00:00:00:02", None, "advice"),
        ("02:42:0a:00:00:02", {"eth0": "02:42:0a:00:00:02"}, "advice"),
        ("00:00:5e:00:01:07", {"vrrp7": "00:00:5e:00:01:07"}, "advice"),
    ],
    ids=["its own", "another's", "behind a router", "not read", "made of the number", "of a group of routers"],
)
def test_the_hardware_address_that_answers_says_whose_a_number_is(seen, own, outcome):
    app = host("10.0.0.2")
    app["system"]["hardware"] = own
    row = reached("tcp:10.0.0.2:80", tried("tcp:10.0.0.2:80", 111, neighbour=seen))
    hosts = Fleet({"web": proxy("http://10.0.0.2", reach=[row]), "app": app}, {}, Inventory(("db1",)))
    assert outcome_of(finding(on="app", remedy=START), hosts=hosts)[0] == outcome


def test_what_a_proxy_has_itself_is_its_own():
    hosts = Fleet({"web": proxy("http://127.0.0.1")}, {}, Inventory(("db1",)))
    assert outcome_of(finding(on="web", remedy=START), hosts=hosts)[0] == "planned"


@pytest.mark.parametrize("role", ORDER)
@pytest.mark.parametrize("sound", [True, False, None])
def test_an_nginx_that_would_not_start_is_not_reloaded(role, sound):
    web = proxy("http://10.0.0.2")
    web["nginx"]["test"] = {"sound": sound, "error": "unknown directive", "where": None}
    outcome, why = outcome_of(finding(remedy=remedy(role)), hosts=fleet(web=web))
    assert outcome == ("advice" if role in RELOADS_NGINX and sound is False else "planned")
    assert (why == "nginx -t fails on web (unknown directive): nginx is not reloaded before that is repaired") is (
        outcome == "advice"
    )


def test_the_nginx_of_the_host_to_change_counts():
    broken = proxy("http://10.0.0.2")
    broken["nginx"]["test"]["sound"] = False
    one = finding(on="app", remedy=remedy("nginx_limits"))
    assert outcome_of(one, hosts=fleet(web=broken, app=host()))[0] == "planned"
    assert outcome_of(one, hosts=fleet(web=proxy("http://10.0.0.2"), app=broken))[0] == "advice"


def test_every_role_that_the_role_fix_502_runs_has_its_place_in_the_order():
    remedies = pathlib.Path(planner.__file__).parents[3] / "roles/fix_502/tasks/remedies"
    assert sorted(ORDER) == sorted(path.stem for path in remedies.glob("*.yml"))
    assert set(ORDER) > RELOADS_NGINX


def test_steps_go_in_one_order_however_they_were_found():
    findings = [finding("c%d" % number, remedy=remedy(role)) for number, role in enumerate(ORDER)]
    for order in (findings, findings[::-1]):
        assert [step.role for step in planned(*order)[1]] == list(ORDER)
    same = [finding("c", subject=str(number), remedy=remedy(port=number)) for number in range(4)]
    orders = {tuple(step.id for step in planned(*order)[1]) for order in itertools.permutations(same)}
    assert len(orders) == 1


class TestStep:
    def step(self, **more):
        hosts = web_and(app=host())
        return planned(
            finding(
                **{"on": "app", "remedy": remedy("firewall_port", ("firewall",), port=80, sources=["10.0.0.1"]), **more}
            ),
            hosts=hosts,
        )[1][0]

    def test_has_all_that_its_role_needs(self):
        step = self.step()
        assert (step.on, step.driver, step.role, step.causes) == ("app", "web", "firewall_port", ("c",))
        assert step.variables == {
            "firewall_port_port": 80,
            "firewall_port_sources": ["10.0.0.1"],
            **dict.fromkeys(
                ("firewall_port_" + key for key in ("tool", "zone", "family", "table", "chain", "file")), ""
            ),
            "firewall_port_run": "r1",
            "firewall_port_change": step.id,
            "firewall_port_proof": [],
        }
        assert step.id.startswith("firewall_port-")

    def test_is_the_same_step_in_every_round_and_another_for_another_change(self):
        assert self.step().id == self.step().id
        others = [
            self.step(on="web"),
            self.step(remedy=remedy("firewall_port", port=81)),
            self.step(remedy=remedy("php_fpm", port=80)),
        ]
        assert len({one.id for one in [self.step(), *others]}) == 4

    @pytest.mark.parametrize(
        "unit,manager,service",
        [
            ("nginx.service", "systemd", "nginx"),
            ("openresty.service", "systemd", "openresty"),
            (None, "none", "nginx"),
        ],
    )
    def test_that_reloads_nginx_knows_how(self, unit, manager, service):
        web = proxy("http://10.0.0.2")
        web["nginx"]["unit"] = unit
        variables = planned(finding(remedy=remedy("fastcgi_buffers")), hosts=fleet(web=web))[1][0].variables
        assert (
            variables["nginx_restart_service"],
            variables["nginx_restart_manager"],
            variables["nginx_restart_system"],
        ) == (service, manager, "debian")

    def test_that_does_not_reload_nginx_does_not(self):
        assert not [name for name in self.step().variables if name.startswith("nginx_restart")]


class TestOnce:
    """Two proxies that share a backend, and two causes with one cure."""

    hosts = fleet(
        web1=proxy("http://10.0.0.2", answers=[answer(url="http://one/")]),
        web2=proxy("http://10.0.0.2", answers=[answer(url="http://two/")]),
        app=host("10.0.0.2"),
    )

    def findings(self):
        return [
            finding("closed", seen_from=name, on="app", remedy=remedy("backend_service", unit="app.service"))
            for name in ("web2", "web1")
        ]

    def test_one_step_that_proves_both(self):
        judged, steps = planned(*self.findings(), hosts=self.hosts)
        assert [one.step for one in judged] == [steps[0].id] * 2
        assert len(steps) == 1
        assert [(entry["host"], entry["url"]) for entry in steps[0].variables["backend_service_proof"]] == [
            ("web2", "http://two/"),
            ("web1", "http://one/"),
        ]

    def test_driven_by_the_proxy_whose_name_comes_first(self):
        for order in itertools.permutations(self.findings()):
            assert planned(*order, hosts=self.hosts)[1][0].driver == "web1"

    def test_each_cause_and_each_proof_is_there_once(self):
        one, other = (
            finding(name, remedy=remedy(unit="app.service"), seen_from="web1", on="app")
            for name in ("closed", "failed")
        )
        steps = planned(one, other, one, hosts=self.hosts)[1]
        assert [(step.causes, len(step.variables["php_fpm_proof"])) for step in steps] == [(("closed", "failed"), 1)]


class TestTried:
    @pytest.mark.parametrize("ended,outcome", [("undone", "undone"), ("failed", "failed"), ("fixed", "failed")])
    def test_a_step_is_not_run_twice(self, ended, outcome):
        step = planned(finding(remedy=START))[1][0]
        judged, steps = planned(finding(remedy=START), tried={step.id: ended})
        assert (steps, judged[0].outcome, judged[0].step) == ([], outcome, step.id)
        assert judged[0].why == "the remedy was run and the cause is still there"

    def test_what_comes_after_it_is_planned_all_the_same(self):
        step = planned(finding(remedy=START))[1][0]
        others = [finding(), finding("c", "log", remedy=START), finding(remedy=remedy("nginx_limits"))]
        judged, steps = planned(finding(remedy=START), *others, tried={step.id: "undone"})
        assert [one.outcome for one in judged] == ["undone", "advice", "advice", "planned"]
        assert [one.role for one in steps] == ["nginx_limits"]

    def test_another_change_for_the_same_cause_may_be_tried(self):
        step = planned(finding(remedy=remedy(size="16k")))[1][0]
        assert outcome_of(finding(remedy=remedy(size="32k")), tried={step.id: "undone"})[0] == "planned"


class TestNextHop:
    """edge in front of mid, which has a cause of its own."""

    def plan(self, *findings, **more):
        hosts = {
            name: proxy("http://10.0.0.2", answers=[answer(url="http://%s/" % name)])
            for name in ("edge", "mid", "outer")
        }
        return planned(*findings, hosts=fleet(**hosts), **more)

    OWN = finding("php_fpm_stopped", on="mid", seen_from="mid", remedy=START)
    EDGE = finding("upstream_returned_502", on="mid", seen_from="edge", why="the next hop")

    def test_is_cured_by_the_step_of_the_host_behind(self):
        judged, (step,) = self.plan(self.OWN, self.EDGE)
        assert [(one.outcome, one.step, one.finding.remedy) for one in judged] == [("planned", step.id, START)] * 2
        assert [one.why for one in judged] == ["a note", "the 502 comes from mid and is cured there"]
        assert (step.driver, step.on, step.causes) == ("edge", "mid", ("php_fpm_stopped", "upstream_returned_502"))
        assert [one["url"] for one in step.variables["php_fpm_proof"]] == ["http://mid/", "http://edge/"]

    def test_of_a_next_hop(self):
        outer = finding("upstream_returned_502", on="edge", seen_from="outer")
        judged, (step,) = self.plan(outer, self.EDGE, self.OWN)
        assert [(one.finding.seen_from, one.step) for one in judged] == [
            ("outer", step.id),
            ("edge", step.id),
            ("mid", step.id),
        ]

    def test_takes_the_first_step_of_a_next_hop_that_has_a_next_hop_too(self):
        back = finding("php_fpm_stopped", on="mid", seen_from="mid", remedy=START)
        own = finding("php_fpm_stopped", on="edge", seen_from="edge", remedy=remedy("fastcgi_buffers"))
        outer = finding("upstream_returned_502", on="edge", seen_from="outer")
        for findings, role in (
            ((back, self.EDGE, own, outer), "php_fpm"),
            ((back, own, self.EDGE, outer), "fastcgi_buffers"),
            # what stands before its next hop is handed on first, with what is known then
            ((outer, back, self.EDGE, own), "fastcgi_buffers"),
        ):
            judged, _steps = self.plan(*findings)
            assert [one.step.partition("-")[0] for one in judged if one.finding.seen_from == "outer"] == [role]

    def test_of_any_number_of_next_hops(self):
        """A chain is walked, however long, and one that leads back to itself ends."""
        names = ["mid", *(str(number) for number in range(1500))]
        hops = [finding("upstream_returned_502", on=on, seen_from=name) for on, name in zip(names, names[1:])]
        hosts = fleet(**{name: proxy() for name in names})
        judged, steps = planned(*reversed(hops), self.OWN, hosts=hosts)
        assert ({one.outcome for one in judged}, len(steps)) == ({"planned"}, 1)
        ring = [
            finding("upstream_returned_502", on="mid", seen_from="edge"),
            finding("upstream_returned_502", on="edge", seen_from="mid"),
        ]
        assert [one.outcome for one in self.plan(*ring)[0]] == ["advice", "advice"]

    def test_without_a_step_behind_is_advice(self):
        assert [one.outcome for one in self.plan(self.EDGE)[0]] == ["advice"]
        assert [one.outcome for one in self.plan(self.EDGE, self.OWN, allow=())[0]] == ["advice", "not_allowed"]

    def test_another_cause_is_not_handed_on(self):
        assert [
            one.outcome for one in self.plan(finding("slow_upstream", on="mid", seen_from="edge"), self.OWN)[0]
        ] == ["advice", "planned"]


EDIT = "/etc/nginx/conf.d/other site.conf"


@pytest.mark.parametrize("role", ORDER)
def test_nobody_elses_edit_goes_live_by_our_reload(role):
    web = proxy("http://10.0.0.2")
    web["nginx"]["pending"] = [EDIT]
    hosts = fleet(web=web)
    outcome, why = outcome_of(finding(remedy=remedy(role)), hosts=hosts)
    if role not in RELOADS_NGINX:
        assert outcome == "planned"
        return
    assert outcome == "advice" and EDIT in why and "fix_502_allow: pending" in why
    (one,), _steps = planned(finding(remedy=remedy(role)), hosts=hosts)
    assert "ls -ld --time-style=full-iso '%s'   # on web: who saved it, and when" % EDIT in one.finding.advice
    assert outcome_of(finding(remedy=remedy(role)), hosts=hosts, allow=(*KINDS, "pending"))[0] == "planned"


@pytest.mark.parametrize(
    ("action", "config", "outcome"),
    [
        ("reloaded", "/etc/fpm.conf", "advice"),
        ("restarted", "/etc/fpm.conf", "advice"),
        ("started", "/etc/fpm.conf", "planned"),
        ("reloaded", "/etc/other.conf", "planned"),
    ],
)
def test_nobody_elses_edit_of_a_pool_goes_live_by_our_restart(action, config, outcome):
    web = proxy("http://10.0.0.2")
    web["php_fpm"] = [{"config": "/etc/fpm.conf", "pending": [EDIT]}, {"config": "/etc/other.conf", "pending": []}]
    change = remedy("php_fpm", action=action, config=config)
    assert outcome_of(finding(remedy=change), hosts=fleet(web=web))[0] == outcome


class TestAHostThatIsNotToBeChangedNow:
    """A stop file, and others at work."""

    @pytest.mark.parametrize("text,said", [("hands off", "hands off"), ("", "(empty)")])
    def test_a_stop_file_is_the_will_of_somebody(self, text, said):
        hosts = fleet(web=proxy("http://10.0.0.2", guard={"stop": text, "busy": []}), app=host("10.0.0.2"))
        judged, steps = planned(finding(remedy=START), finding(remedy=START, on="app"), hosts=hosts)
        assert [(one.finding.on, one.outcome) for one in judged] == [("web", "advice"), ("app", "planned")]
        assert judged[0].why == "/etc/bad_gateway/stop is there on web: %s" % said
        assert [step.on for step in steps] == ["app"]
        assert "ls -l --time-style=full-iso /etc/bad_gateway/stop   # on web" in judged[0].finding.advice

    def test_on_the_host_behind_it_stops_what_would_be_changed_there(self):
        hosts = fleet(web=proxy("http://10.0.0.2"), app=host("10.0.0.2", guard={"stop": "x", "busy": []}))
        judged, steps = planned(finding(remedy=START, on="app"), hosts=hosts)
        assert (judged[0].outcome, steps) == ("advice", [])

    def test_who_is_at_work_is_said_and_waited_for(self):
        hosts = fleet(web=proxy("http://10.0.0.2", guard={"stop": None, "busy": ["dpkg (pid 7, lock)"]}))
        judged, steps = planned(finding(remedy=START), hosts=hosts)
        assert (judged[0].outcome, judged[0].why, len(steps)) == ("planned", "a note", 1)
        assert judged[0].waits == "dpkg (pid 7, lock) is at work on web just now: it is waited for, a minute at most"
