# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller does of a change: it hands the host its order, judges what is in doubt, and says how it ended."""

import os
import sys
from unittest import mock

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.webops.bad_gateway.plugins.action import change
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import plugin

URL = "http://site/"
DEAD = "ada@control, process 1 (0123456789ab-1)"
BROKEN = {"host": "web1", "url": URL, "status": 502, "signature": "unix_socket_missing", "upstream": "unix:/run/x"}
GIVEN = {
    "title": "The start of PHP-FPM",
    "run": "r1",
    "change": "c1",
    "recipe": "php_fpm",
    "settings": {"binary": "/usr/sbin/php-fpm", "config": "/etc/php-fpm.conf", "action": "started", "drain": "5"},
    "proof": [BROKEN],
}
MADE = {"changed": True, "diff": [], "saved": {"changed": False}, "warnings": []}
KEPT = {"kept": {"diffs": [{"path": "/etc/x", "diff": "+a"}]}}
UNDONE = {"undone": {"changes": [{"steps": [], "problems": [], "complete": True}]}, "warnings": ["w"]}


def answer(status, signature=None):
    return {"url": URL, "status": status, "signature": signature, "upstream": "unix:/run/x", "timed_out": False}


def run(says, check_mode=False, arguments=None, host="web1", shows=True):
    """The result of the task, and the calls of the host's program with what they were given. says: what each call returns."""
    made = plugin(change, dict(GIVEN, **arguments or {}))
    made._task.check_mode, made._task.diff = check_mode, shows
    calls, left = [], list(says)

    def call(function, **given):
        calls.append((function, given))
        return dict(left.pop(0))

    def module(name, given, check):
        calls.append((name, given))
        return dict(left.pop(0))

    made._call, made._module = call, module
    with mock.patch.object(change.time, "sleep"), mock.patch.object(change, "is_dead", lambda shown: shown == DEAD):
        result = made.run(None, {"inventory_hostname": host, "ansible_python_interpreter": sys.executable})
    assert left == []
    return result, calls


def test_the_host_gets_its_order_with_what_to_ask():
    result, calls = run([{**MADE, **KEPT, "answers": [answer(200)]}])
    ((function, given),) = calls
    order = given["order"]
    assert (function, given["settings"]["drain"], order["begins"], order["ends"]) == ("make", 5.0, False, False)
    assert order["ask"] == {"urls": [{"url": URL}], "error_logs": [], "times": 3, "timeout": 10.0}
    assert "process %d (" % os.getppid() in order["owner"]
    assert (result["changed"], result["diffs"], result["to_prove"]) == (True, KEPT["kept"]["diffs"], False)
    assert (result["run"], result["change"]) == ("r1", "c1") and "failed" not in result


def test_what_is_in_doubt_is_judged_and_kept():
    result, calls = run([{**MADE, "answers": [answer(404)]}, {**KEPT, "warnings": []}])
    assert [(name, given.get("state")) for name, given in calls] == [("make", None), ("end", "kept")]
    assert result["diffs"] == KEPT["kept"]["diffs"] and "failed" not in result


def test_what_the_journal_warned_of_is_not_lost_by_a_second_call():
    made = {**MADE, "warnings": ["it was set aside"], "answers": [answer(404)]}
    result, _calls = run([made, {**KEPT, "warnings": ["w"]}])
    assert result["warnings"] == ["it was set aside", "w"]


def test_a_page_of_another_site_may_answer_as_it_did():
    beside = {"host": "web1", "url": "http://other/", "status": 404, "beside": True}
    _result, calls = run([{**MADE, **KEPT, "answers": []}], arguments={"proof": [BROKEN, beside]})
    assert calls[0][1]["order"]["before"] == [None, 404]


def test_a_site_that_needs_a_moment_is_asked_again():
    still = {**MADE, "answers": [answer(502, "unix_socket_missing")]}
    result, calls = run([still, {"answers": [answer(200)]}, {**KEPT, "warnings": []}])
    assert [name for name, _given in calls] == ["make", "site_answers_info", "end"]
    assert "failed" not in result


def test_what_is_no_better_is_undone():
    still = [answer(502, "unix_socket_missing")]
    result, calls = run([{**MADE, "answers": still}, {"answers": still}, UNDONE], arguments={"tries": 2})
    assert [(name, given.get("state")) for name, given in calls][-1] == ("end", "undone")
    assert result["failed"] and result["begun"] and not result["half_undone"]
    assert "web1: no better than before" in result["msg"]


def test_a_change_that_is_refused_says_so_in_the_daemons_words():
    refused = {"failed": True, "msg": "PHP-FPM refuses its files"}
    result, calls = run([{**MADE, **UNDONE, "failure": refused}])
    assert len(calls) == 1
    assert result["msg"] == "The start of PHP-FPM failed: PHP-FPM refuses its files"


@pytest.mark.parametrize(
    "undone,left",
    [
        ({"msg": "no way"}, True),
        ({"changes": [{"steps": [], "problems": ["put back /x: full"], "complete": False}]}, True),
        (UNDONE["undone"], False),
    ],
)
def test_what_could_not_be_undone_is_said(undone, left):
    result, _calls = run([{**MADE, "failure": {"msg": "refused"}, "undone": undone}])
    assert result["half_undone"] == left


def test_what_failed_before_anything_was_saved_was_not_begun():
    result, _calls = run(
        [{"changed": False, "failure": {"failed": True, "msg": "no such pool"}, "undone": {"changes": []}}]
    )
    assert (result["msg"], result["begun"], result["half_undone"]) == ("no such pool", False, False)


def test_a_run_that_is_known_to_be_dead_is_pushed_aside():
    held = {
        "changed": False,
        "failure": {"msg": "held", "lock": {"run": "r0", "owner": DEAD}},
        "undone": {"changes": []},
    }
    result, calls = run([held, {**MADE, **KEPT}])
    assert [given["order"]["take_over"] for _name, given in calls] == ["", "r0"]
    assert "failed" not in result
    alive = {**held, "failure": {"msg": "held", "lock": {"run": "r0", "owner": "eve"}}}
    assert run([alive])[0]["msg"] == "held"


def test_a_program_that_ended_without_a_word_is_undone():
    died = {"failed": True, "msg": "the program on the host ended with 137: Killed", "module_stderr": "Killed"}
    result, calls = run([died, UNDONE])
    assert calls[-1][1]["state"] == "undone"
    assert result["failed"] and "ended with 137" in result["msg"]


@pytest.mark.parametrize("proof", [[{**BROKEN, "host": "web9"}], [BROKEN, {**BROKEN, "host": "web9"}]])
def test_what_is_asked_at_other_hosts_is_left_to_the_caller(proof):
    result, calls = run([MADE], arguments={"proof": proof})
    assert calls[0][1]["order"]["ask"] is None and result["to_prove"] is True


def test_a_change_without_a_proof_is_kept():
    result, calls = run([MADE, {**KEPT, "warnings": []}], arguments={"proof": []})
    assert calls[1][1]["state"] == "kept" and result["to_prove"] is False


def test_what_is_so_already_is_left():
    result, calls = run([{"changed": False, "diff": [], "warnings": []}])
    assert (result["changed"], len(calls)) == (False, 1)


@pytest.mark.parametrize("shows", [True, False])
def test_a_dry_run_compares_and_has_the_lines_that_would_change(shows):
    diff = {"before_header": "/etc/x", "after_header": "/etc/x", "before": "a", "after": "b"}
    result, calls = run([{"changed": True, "diff": [diff]}], check_mode=True, shows=shows)
    assert [(name, given["diff"]) for name, given in calls] == [("compare", True)]
    assert (result["changed"], result["diff"], result["to_prove"]) == (True, [diff] if shows else [], False)
    assert [(one["path"], one["diff"][-5:]) for one in result["diffs"]] == [("/etc/x", "-a\n+b")]
    assert (result["run"], result["change"]) == ("r1", "c1")


def piped(python):
    """The plugin with a host that a program can be piped to, or not."""
    made = plugin(change, GIVEN, [{"changed": True, "invocation": {}}, {"changed": False}, {"changed": False}])
    made._recipe, made._python, made._vars = "php_fpm", python, {}
    made._task.check_mode, made._task.diff = False, False
    return made


def test_the_program_has_what_its_recipe_calls():
    sent = {}
    with mock.patch.object(change, "pipe", lambda action, python, program: sent.update(program=program) or {"a": 1}):
        assert piped("python3")._call("make", settings={}, order={}, diff=False) == {"a": 1}
        assert b'"recipe": "php_fpm"' in sent["program"]
        piped("python3")._call("end", state="kept", order={})
        assert b'"recipe"' not in sent["program"].partition(b"run_packed(")[2]


def test_where_nothing_can_be_piped_the_modules_are_run_one_by_one():
    made = piped(None)
    settings = {
        **GIVEN["settings"],
        "pool": "",
        "settings": {},
        "socket_dir": "",
        "unit": "",
        "service_manager": "none",
    }
    settings.update(drain=5.0, timeout=30.0)
    assert made._call("compare", settings=settings, diff=False) == {"changed": True, "diff": []}
    (call,) = made._execute_module.call_args_list
    assert call[0] == ("webops.bad_gateway.php_fpm_service",) and "unit" not in call[1]["module_args"]
    order = {
        "run": "r1",
        "change": "c1",
        "ends": True,
        "begins": False,
        "owner": "",
        "driver": "web1",
        "take_over": "",
        "causes": [],
    }
    assert "kept" in made._call("end", state="kept", order=order)
    assert [one[1]["module_args"]["state"] for one in made._execute_module.call_args_list[1:]] == ["kept", "closed"]
    assert made._task.check_mode is False


def test_where_the_host_can_not_unpack_a_program_ansible_runs_our_modules():
    made = plugin(change, GIVEN)
    made._task.check_mode, made._task.diff = True, False
    calls = []

    def module(name, given, check_mode, diff=False):
        calls.append(name)
        return {"changed": True}

    made._module = module
    with mock.patch.object(change, "pipe", lambda action, python, program: None):
        result = made.run(None, {"inventory_hostname": "web1", "ansible_python_interpreter": sys.executable})
    assert "php_fpm_service" in calls and result["changed"]


def lost_after(calls_that_work):
    """What becomes of a change within a remedy whose host cannot be reached after some calls."""
    made = plugin(change, GIVEN)
    made._task.check_mode = made._task.diff = False
    left = list(calls_that_work)

    def call(function, **given):
        if not left:
            raise AnsibleConnectionFailure("timed out")
        return dict(left.pop(0))

    made._call = call
    return made.run(None, {"inventory_hostname": "web1", "__fix_502_with": {}})


@pytest.mark.parametrize("calls", [[], [{**MADE, "answers": [answer(200)]}]], ids=["at once", "before it is kept"])
def test_a_host_that_is_lost_undoes_by_itself_what_nobody_confirms(calls):
    result = lost_after(calls)
    assert result["failed"] and result["half_undone"] and not result["to_prove"]
    assert result["msg"] == (
        "The start of PHP-FPM failed, and what nobody confirms there the host undoes by itself: the host cannot be reached any more: timed out"
    )
