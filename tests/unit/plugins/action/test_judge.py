# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The looks of all hosts are found where each host keeps its own, and hosts without one are named."""

import json
import re

import pytest
from ansible.errors import AnsibleError

from ansible_collections.webops.bad_gateway.plugins.action import judge
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS as ALL
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import plugin
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    answer,
    host,
    proxy,
    reached,
    tried,
)

WEB = proxy("http://10.0.0.2", answers=[answer(200)])
KINDS = ["start"]


def look(facts):
    return {"changed": False, "ansible_facts": {"bad_gateway": facts}}


def run(hostvars, **more):
    arguments = {"hosts": list(hostvars), "looks": "__look", "allow": KINDS, **more}
    return plugin(judge, arguments).run(
        None, {"hostvars": {name: variables for name, variables in hostvars.items() if variables is not None}}
    )


def test_each_host_is_judged_by_its_own_look():
    """Whether Ansible keeps its facts or not."""
    result = run({"web": {"__look": look(WEB)}, "app": {"__look": {"bad_gateway": host("10.0.0.2")}}})
    assert (result["changed"], result["failures"], result["unended"]) == (False, {}, [])
    assert sorted(result["judgements"]) == ["app", "web"]
    assert result["judgements"]["web"]["answers"][0]["status"] == 200


@pytest.mark.parametrize(
    "variables,why",
    [
        (None, "not looked at"),
        ({}, "not looked at"),
        ({"__look": {"unreachable": True, "msg": "ssh: no route\nmore"}}, "unreachable: ssh: no route"),
        ({"__look": {"unreachable": True, "msg": "Task failed: no route"}}, "unreachable: no route"),
        ({"__look": {"failed": True, "msg": "\nnot root: run with become\ntrace"}}, "not root: run with become"),
        ({"__look": {"failed": True}}, "no reason given"),
        (
            {"__look": {"failed": True, "msg": "Task failed: Missing sudo password"}},
            "root could not be become on the host (Missing sudo password): --ask-become-pass asks for a password",
        ),
    ],
)
def test_a_host_that_could_not_be_looked_at_is_told_in_one_line(variables, why):
    result = run({"web": {"__look": look(WEB)}, "gone": variables})
    assert result["failures"] == {"gone": why}
    assert list(result["judgements"]) == ["web"]


def test_hosts_that_limit_leaves_out_are_known_and_how_the_others_are_reached():
    hostvars = {"app": {"ansible_host": "10.0.0.2"}, "192.0.2.9": {}, "db1": {}}
    known = judge.inventory_of(["app", "192.0.2.9"], {"hostvars": hostvars, "groups": {"all": list(hostvars)}})
    assert known == (("db1",), {"app": {"app", "10.0.0.2"}, "192.0.2.9": {"192.0.2.9"}})


@pytest.mark.parametrize(
    ("wanted", "holders"),
    [
        ({"10.0.0.7", "10.0.0.9"}, {"10.0.0.7": "app"}),
        ({"db"}, {"db": "db"}),
        ({"10.0.0.8"}, {}),
        (set(), {}),
    ],
    ids=["number", "name", "looked at", "none"],
)
def test_of_hosts_that_were_not_looked_at_those_that_are_wanted_are_known(wanted, holders):
    hostvars = {"app": {"ansible_host": "10.0.0.7"}, "web": {"ansible_host": "10.0.0.8"}, "db": {}}
    assert judge.holders_of(wanted, ["web"], {"hostvars": hostvars, "groups": {"all": list(hostvars)}}) == holders


def test_a_host_whose_variables_cannot_be_read_is_known_by_its_name_alone():
    class Broken(dict):
        def get(self, name, default=None):
            raise AnsibleError("'nowhere_defined' is undefined")

    hostvars = {"app": Broken(), "web": {"ansible_host": "10.0.0.8"}}
    variables = {"hostvars": hostvars, "groups": {"all": list(hostvars)}}
    assert judge.holders_of({"app", "10.0.0.7"}, ["web"], variables) == {"app": "app"}


def test_a_name_that_only_ssh_knows_has_no_number(monkeypatch):
    def unknown(*_args):
        raise OSError

    monkeypatch.setattr(judge.socket, "getaddrinfo", unknown)
    assert judge.numbers("bastioned") == {"bastioned"}


def test_where_no_host_could_be_looked_at_nothing_is_judged():
    assert run({"web": {}})["judgements"] == {}


def again(*looks):
    """A loop of later looks: each with the host that it was made at, and when."""
    results = [
        {**one, "ansible_loop_var": "__host", "__host": on, **({"began": at} if at else {})} for on, at, one in looks
    ]
    return {"results": results}


def answers(status):
    return look(proxy("http://10.0.0.2", answers=[answer(status)]))


def test_of_each_host_the_newest_look_counts_whoever_made_it():
    lost = {"unreachable": True, "msg": "ssh: no route"}
    result = run(
        {
            "web": {
                "__look": {**look(WEB), "began": "T1"},
                "__again": again(("web", "T4", answers(404)), ("app", "T4", lost)),
            },
            "web2": {
                "__look": {**look(WEB), "began": "T1"},
                "__again": again(("web", "T3", answers(403)), ("app", "", lost)),
            },
            "web3": {"__look": {**look(WEB), "began": "T2"}, "__again": {"skipped": True}},
            "app": {"__again": again(("app", "T2", look(host("10.0.0.2"))))},
        },
        again="__again",
    )
    shown = {name: judged["answers"][0]["status"] for name, judged in result["judgements"].items()}
    assert shown == {"web": 404, "web2": 200, "web3": 200}
    assert result["failures"] == {"app": "unreachable: ssh: no route"}


def test_a_host_that_was_lost_and_is_back_is_judged():
    lost = {"unreachable": True, "msg": "ssh: no route"}
    back = again(("app", "T3", look(host("10.0.0.2"))))
    seen = {"web": {"__look": look(WEB), "__again": again(("web", "T2", look(WEB)), ("app", "", lost))}}
    assert run({**seen, "app": {"__again": back}}, again="__again")["failures"] == {}
    assert run({"app": {"__again": back}, **seen}, again="__again")["failures"] == {}


def test_a_run_has_an_id_that_begins_with_its_time():
    ids = {run({"web": {}})["run"] for _again in range(5)}
    assert len(ids) == 5
    assert all(re.match(r"\A\d{8}T\d{6}Z-[0-9a-f]{4}\Z", one) for one in ids)
    assert run({"web": {}}, run="r7")["run"] == "r7"


def test_runs_that_have_not_ended_are_told():
    assert run(
        {"web": {"__look": look({**WEB, "journal": {"unended": {"run": "r0"}}})}, "app": {"__look": look(host())}}
    )["unended"] == ["web"]


@pytest.mark.parametrize("arguments", [{"allow": None}, {"hosts": {"a": 1}}, {"surprise": 1}])
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(AnsibleError):
        run({"web": {}}, **arguments)


def test_urls_that_nobody_serves_are_told():
    assert "http://stie/" in run({"web": {"__look": look(WEB)}}, urls=["http://stie/"])["judgements"]["web"]["failure"]


APP = "tcp:10.0.0.2:80"
UNIT = {
    "load": "loaded",
    "active": "inactive",
    "sub": "dead",
    "enabled": "enabled",
    "declares": [{"address": "tcp:0.0.0.0:80"}],
}
BROKEN = {
    "web": {
        "__look": look(
            proxy(
                "http://10.0.0.2",
                reach=[reached(APP, tried(APP, 111))],
                answers=[answer(502, signature="backend_port_closed")],
            )
        )
    },
    "app": {"__look": look(host("10.0.0.2", units={"app.service": UNIT}, listeners={"tcp": [], "unix": []}))},
}


def test_a_run_keeps_to_the_plan_that_it_was_given(tmp_path):
    (finding,) = run(BROKEN, allow=list(ALL))["judgements"]["web"]["findings"]
    report = {
        "run": {"id": "r0", "mode": "check"},
        "hosts": {"web": {"findings": [{"outcome": finding["outcome"], "step": finding["step"]}]}},
    }
    plan = tmp_path / "report.json"
    plan.write_text(json.dumps(report))
    result = run(BROKEN, allow=list(ALL), plan=str(plan))
    assert result["approved"] == {"run": "r0", "steps": [finding["step"]]}
    assert result["curable"] == ["web"]
    report["hosts"] = {}
    plan.write_text(json.dumps(report))
    other = run(BROKEN, allow=list(ALL), plan=str(plan))
    assert other["curable"] == []
    assert other["judgements"]["web"]["findings"][0]["why"].startswith("not in the approved plan: ")
    # What was read once counts for all of the run.
    assert run(BROKEN, allow=list(ALL), plan=str(plan), approved=result["approved"])["curable"] == ["web"]


def test_a_plan_that_is_gone_ends_the_run(tmp_path):
    with pytest.raises(AnsibleError, match="cannot be followed: No such file"):
        run({"web": {"__look": look(WEB)}}, plan=str(tmp_path / "gone"))


def test_without_a_plan_none_is_told():
    assert "approved" not in run({"web": {"__look": look(WEB)}})
