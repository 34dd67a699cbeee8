# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The looks of all hosts are found where each host keeps its own, and hosts without one are named."""

import re

import pytest
from ansible.errors import AnsibleError

from ansible_collections.webops.bad_gateway.plugins.action import judge
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import plugin
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import answer, host, proxy

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
    result = run({"web": {"__look": look(WEB)}, "app": {"__look": look(host("10.0.0.2"))}})
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
        ({"__look": {"failed": True}}, ""),
    ],
)
def test_a_host_that_could_not_be_looked_at_is_told_in_one_line(variables, why):
    result = run({"web": {"__look": look(WEB)}, "gone": variables})
    assert result["failures"] == {"gone": why}
    assert list(result["judgements"]) == ["web"]


def test_where_no_host_could_be_looked_at_nothing_is_judged():
    assert run({"web": {}})["judgements"] == {}


def test_a_newer_look_takes_the_place_of_an_older_one():
    result = run(
        {"web": {"__look": look(WEB)}},
        fresh={"web": look(proxy("http://10.0.0.2", answers=[answer(404)])), "app": look(host("10.0.0.2"))},
    )
    assert result["judgements"]["web"]["answers"][0]["status"] == 404
    assert "app" in result["judgements"]


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
