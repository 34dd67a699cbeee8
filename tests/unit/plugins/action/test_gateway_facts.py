# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two looks are one task: what the first brings is parsed, the second is told what to ask, and both are one result."""

import json
from unittest import mock

import pytest
from ansible.errors import AnsibleError

from ansible_collections.webops.bad_gateway.plugins.action import gateway_facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import from_controller
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import given, plugin
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._look.test_between import looked
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import answer


def first(**more):
    return {
        "changed": False,
        "ansible_facts": {"bad_gateway": looked(), "discovered_interpreter_python": "/usr/bin/python3"},
        **more,
    }


def second(*answers):
    return {
        "ansible_facts": {
            "bad_gateway": {
                "answers": list(answers),
                "reach": [],
                "names": [],
                "unknown": [{"missing": "reach", "why": "no"}],
            }
        }
    }


def run(modules, arguments=None, address="10.0.0.1"):
    made = plugin(gateway_facts, arguments or {}, modules, address)
    return made.run(None, {}), given(made)


@pytest.fixture
def outside(monkeypatch):
    """What the controller is told to ask."""
    asked = []

    def answers(asks, timeout):
        asked.extend(asks)
        return [answer(502, url=ask["url"], **{"from": "controller"}) for ask in asks]

    monkeypatch.setattr(from_controller, "from_controller", answers)
    return asked


def test_both_looks_are_one_result(outside):
    result, told = run([first(), second(answer(200, connect="tcp:127.0.0.1:80"))], {"log_window": 60})
    facts = result["ansible_facts"]["bad_gateway"]
    assert result["changed"] is False
    assert [(one["from"], one["status"]) for one in facts["answers"]] == [("host", 200), ("controller", 502)]
    assert facts["unknown"] == [{"missing": "reach", "why": "no"}]
    assert len(facts["nginx"]["config"]["routes"]) == 2
    assert told[0] == {"log_window": 60}
    assert [ask["url"] for ask in told[1]["ask"]["urls"]] == ["http://site/", "http://site/index.php"]
    assert outside == [{"url": "http://site/", "connect": "tcp:10.0.0.1:80", "route": 0}]


def test_the_controller_waits_longer_than_the_host_had_to(monkeypatch):
    waited = []
    monkeypatch.setattr(from_controller, "from_controller", lambda asks, timeout: waited.append(timeout) or [])
    run([first(), second(answer(200, seconds=0.1), answer(200, seconds=7.5, connect="tcp:127.0.0.1:80"))])
    assert waited == [7.5 + gateway_facts.ON_THE_WAY]


def test_the_interpreter_that_was_found_is_kept(outside):
    assert run([first(), second()])[0]["ansible_facts"]["discovered_interpreter_python"] == "/usr/bin/python3"


def test_urls_and_earlier_answers_are_asked(outside):
    earlier = answer(url="http://site/earlier")
    told = run([first(), second(answer(url="http://site/x"))], {"urls": ["http://site/x"], "again": [earlier]})[1]
    assert [ask["url"] for ask in told[1]["ask"]["urls"]] == ["http://site/earlier", "http://site/x"]
    assert outside == [{"url": "http://site/x", "route": 0}]


def test_a_host_without_nginx_is_looked_at_once(outside):
    bare = first()
    bare["ansible_facts"]["bad_gateway"]["nginx"] = None
    result, told = run([bare])
    assert (len(told), outside, "files" in result["ansible_facts"]["bad_gateway"]) == (1, [], False)


@pytest.mark.parametrize(
    "modules",
    [
        [{"failed": True, "msg": "not root"}],
        [{"unreachable": True, "msg": "not root"}],
        [{"failed": True, "msg": "not root", "ansible_facts": {"discovered_interpreter_python": "/usr/bin/python3"}}],
        [first(), {"failed": True, "msg": "not root"}],
    ],
)
def test_a_look_that_failed_is_told_as_it_was(modules, outside):
    result, told = run(modules)
    assert (result["msg"], len(told)) == ("not root", len(modules))
    assert result.get("failed") or result.get("unreachable")


def piped(interpreter, looks, **task):
    """The result, how often a module ran, and the commands whose stdin a program was given."""
    made = plugin(gateway_facts, {}, [first(), second()], "10.0.0.1")
    made._low_level_execute_command = mock.Mock(
        side_effect=[{"rc": 0, "stdout": json.dumps(look), "stderr": ""} for look in looks]
    )
    made._compute_environment_string = lambda: "LC_ALL=C"
    made._task.delegate_to = task.get("delegate_to")
    made._connection.is_pipelining_enabled.return_value = task.get("pipelining", True)
    result = made.run(None, {"ansible_python_interpreter": interpreter})
    return (
        result,
        made._execute_module.call_count,
        [call[0][0] for call in made._low_level_execute_command.call_args_list],
    )


def test_both_looks_are_piped_into_a_python_that_is_known(outside):
    result, modules, commands = piped("/usr/bin/python3", [first(), second()])
    assert (modules, commands) == (0, ["LC_ALL=C /usr/bin/python3 -I -"] * 2)
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
    result, modules, commands = piped(interpreter, [], **task)
    assert (modules, commands) == (2, [])
    assert "files" not in result["ansible_facts"]["bad_gateway"]


def test_what_is_asked_reaches_neither_syslog_nor_output(outside):
    failing = {"failed": True, "msg": "no", "invocation": {"module_args": {"ask": "s3cret"}}}
    made = plugin(gateway_facts, {}, [first(), failing], "10.0.0.1")
    assert made.run(None, {"a": 1}) == {"failed": True, "msg": "no"}
    assert [call[1]["task_vars"] for call in made._execute_module.call_args_list] == [
        {"a": 1, "ansible_no_target_syslog": True}
    ] * 2


def test_warnings_of_the_look_are_kept(outside):
    assert run([first(warnings=["old Python"]), second()])[0]["warnings"] == ["old Python"]
    assert "warnings" not in run([first(), second()])[0]


@pytest.mark.parametrize("arguments", [{"ask": {}}, {"log_window": "long"}])
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(AnsibleError):
        run([], arguments)
