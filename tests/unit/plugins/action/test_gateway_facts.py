# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host is looked at in one execution, piped or as a module, and what it answered is asked from the controller too."""

import json
import re
import shlex
from unittest import mock

import pytest
from ansible.errors import AnsibleError

from ansible_collections.webops.bad_gateway.plugins.action import gateway_facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import stdin_program
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import given, plugin
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import answer

ARGUMENTS = {"log_window": 3600, "urls": [], "again": [], "ask_logged": True, "as_facts": True}


def seen(*answers, **more):
    """What a look returns for a host whose nginx runs."""
    facts = {"answers": list(answers), "reach": [], "names": [], "unknown": []}
    return {
        "changed": False,
        "ansible_facts": {"bad_gateway": facts, "discovered_interpreter_python": "/usr/bin/python3"},
        **more,
    }


def run(look, arguments=None, address="10.0.0.1"):
    made = plugin(gateway_facts, arguments or {}, [look], address)
    return made.run(None, {}), given(made)


@pytest.fixture
def outside(monkeypatch):
    """What the controller asks."""
    asked = []

    def answers(asks, timeout):
        asked.extend(asks)
        return [answer(502, url=ask["url"], **{"from": "controller"}) for ask in asks]

    monkeypatch.setattr(gateway_facts, "from_controller", answers)
    return asked


def test_the_controller_adds_its_answers(outside):
    result, looks = run(seen(answer(200, connect="tcp:127.0.0.1:80")), {"log_window": 60})
    facts = result["ansible_facts"]["bad_gateway"]
    assert result["changed"] is False
    assert [(one["from"], one["status"]) for one in facts["answers"]] == [("host", 200), ("controller", 502)]
    assert looks == [{**ARGUMENTS, "log_window": 60}]
    assert outside == [{"url": "http://site/", "connect": "tcp:10.0.0.1:80", "method": "GET", "route": 0}]


def test_the_controller_adds_its_answers_to_facts_that_ansible_shall_not_keep(outside):
    look = {"changed": False, **seen(answer(200, connect="tcp:127.0.0.1:80"))["ansible_facts"]}
    result, looks = run(look, {"as_facts": False})
    assert [one["from"] for one in result["bad_gateway"]["answers"]] == ["host", "controller"]
    assert looks == [{**ARGUMENTS, "as_facts": False}]


def test_the_controller_waits_longer_than_the_host_had_to(monkeypatch):
    waited = []
    monkeypatch.setattr(gateway_facts, "from_controller", lambda asks, timeout: waited.append(timeout) or [])
    run(seen(answer(200, seconds=0.1), answer(200, seconds=7.5, connect="tcp:127.0.0.1:80")))
    assert waited == [7.5 + gateway_facts.ON_THE_WAY]


def test_the_interpreter_that_was_found_is_kept(outside):
    assert run(seen())[0]["ansible_facts"]["discovered_interpreter_python"] == "/usr/bin/python3"


def test_urls_and_earlier_answers_go_to_the_host(outside):
    arguments = {"urls": ["http://site/x"], "again": [answer(url="http://site/earlier")]}
    looks = run(seen(answer(url="http://site/x")), arguments)[1]
    assert looks == [{**ARGUMENTS, **arguments}]
    assert outside == [{"url": "http://site/x", "route": 0}]


def test_a_host_whose_nginx_was_not_asked_is_not_asked_from_outside(outside):
    bare = seen()
    del bare["ansible_facts"]["bad_gateway"]["answers"]
    result, looks = run(bare)
    assert (len(looks), outside, "answers" in result["ansible_facts"]["bad_gateway"]) == (1, [], False)


@pytest.mark.parametrize(
    "look",
    [
        {"failed": True, "msg": "not root"},
        {"unreachable": True, "msg": "not root"},
        {"failed": True, "msg": "not root", "ansible_facts": {"discovered_interpreter_python": "/usr/bin/python3"}},
    ],
)
def test_a_look_that_failed_is_returned_as_it_was(look, outside):
    result, looks = run(look)
    assert (result["msg"], len(looks), outside) == ("not root", 1, [])
    assert result.get("failed") or result.get("unreachable")


def piped(interpreter, arguments=None, **task):
    """The result, how often a module ran, and the commands with the programs that they were given."""
    made = plugin(gateway_facts, arguments or {}, [seen()], "10.0.0.1")
    ran = {"rc": 0, "stdout": json.dumps(seen()), "stderr": ""}
    made._low_level_execute_command = mock.Mock(side_effect=[ran])
    made._compute_environment_string = lambda: "LC_ALL=C"
    made._task.delegate_to = task.get("delegate_to")
    made._is_pipelining_enabled = lambda _style: task.get("pipelining", True)
    result = made.run(None, {"ansible_python_interpreter": interpreter})
    calls = made._low_level_execute_command.call_args_list
    return result, made._execute_module.call_count, [(call[0][0], call[1]["in_data"]) for call in calls]


def test_the_look_is_piped_once_into_a_python_that_is_known(outside):
    result, modules, commands = piped("/usr/bin/python3", {"urls": ["http://site/x"]})
    program = gateway_facts.LOOK.program({**ARGUMENTS, "urls": ["http://site/x"]})
    command = "LC_ALL=C /usr/bin/python3 -I -c %s" % shlex.quote(stdin_program.START)
    assert (modules, commands) == (0, [(command, program)])
    assert result["ansible_facts"]["bad_gateway"]["reach"] == []


@pytest.mark.parametrize(
    "interpreter, task",
    [
        ("auto", {}),
        ("/usr/bin/python3", {"pipelining": False}),
        ("/usr/bin/python3", {"delegate_to": "other"}),
    ],
)
def test_where_nothing_can_be_piped_the_module_runs(interpreter, task, outside):
    result, modules, commands = piped(interpreter, **task)
    assert (modules, commands) == (1, [])
    assert result["ansible_facts"]["bad_gateway"]["reach"] == []


def test_what_is_asked_reaches_neither_syslog_nor_output(outside):
    failing = {"failed": True, "msg": "no", "invocation": {"module_args": {"urls": ["http://site/?s3cret"]}}}
    made = plugin(gateway_facts, {}, [failing], "10.0.0.1")
    result = made.run(None, {"a": 1})
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", result.pop("began"))
    assert result == {"failed": True, "msg": "no"}
    assert [call[1]["task_vars"] for call in made._execute_module.call_args_list] == [
        {"a": 1, "ansible_no_target_syslog": True}
    ]


def test_warnings_of_the_look_are_kept(outside):
    assert run(seen(warnings=["old Python"]))[0]["warnings"] == ["old Python"]
    assert "warnings" not in run(seen())[0]


@pytest.mark.parametrize("arguments", [{"ask": {}}, {"log_window": "long"}])
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(AnsibleError):
        run(seen(), arguments)
