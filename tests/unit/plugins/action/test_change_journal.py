# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import os
from unittest import mock

import pytest

from ansible_collections.webops.bad_gateway.plugins.action import change_journal
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import given, plugin

DEAD = "ada@control, process 1 (0123456789ab-1)"
HELD = {"failed": True, "msg": "run r0 has been changing this host", "lock": {"run": "r0", "owner": DEAD}}


def run(arguments, results, dead=True):
    """Run the plugin; returns its result and what the module was given, call by call."""
    made = plugin(change_journal, arguments, results)
    with mock.patch.object(change_journal.ActionModule.__base__, "run", lambda *args: {}), mock.patch.object(
        change_journal, "is_dead", lambda shown: dead
    ):
        result = made.run(None, {})
    return result, given(made)


@pytest.mark.parametrize("state", ["begun", "saved", "rolled_back"])
def test_the_host_is_told_who_takes_it(state):
    result, given = run({"run": "r1", "state": state}, [{"changed": False}])
    assert result == {"changed": False}
    assert "process %d (" % os.getppid() in given[0]["owner"]


@pytest.mark.parametrize(
    "arguments,driver",
    [
        ({"state": "saved"}, "web1"),
        ({"state": "saved", "driver": "web2"}, "web2"),
        ({"state": "kept", "close": True}, "web1"),
        ({"state": "closed"}, None),
    ],
)
def test_the_host_is_told_whose_play_makes_a_change(arguments, driver):
    made = plugin(change_journal, dict(arguments, run="r1"), [{}])
    with mock.patch.object(change_journal.ActionModule.__base__, "run", lambda *args: {}):
        made.run(None, {"inventory_hostname": "web1"})
    assert given(made)[0].get("driver") == driver


def test_an_owner_that_is_given_is_used():
    assert run({"run": "r1", "state": "begun", "owner": "me"}, [{}])[1] == [
        {"run": "r1", "state": "begun", "owner": "me"}
    ]


def test_other_states_are_handed_on_as_they_are():
    assert run({"run": "r1", "change": "c1", "state": "kept"}, [HELD]) == (
        HELD,
        [{"run": "r1", "change": "c1", "state": "kept"}],
    )


def test_a_dead_run_is_pushed_aside():
    result, given = run({"run": "r1", "state": "begun"}, [HELD, {"found": []}])
    assert result == {"found": []}
    assert given[1] == dict(given[0], take_over="r0")


@pytest.mark.parametrize(
    "results,dead",
    [
        ([HELD], False),
        ([{"failed": True, "msg": "begun: no space"}], True),
        ([{"lock": HELD["lock"], "failed": False}], True),
    ],
)
def test_nothing_else_is_pushed_aside(results, dead):
    result, given = run({"run": "r1", "state": "begun"}, results, dead)
    assert result == results[0] and len(given) == 1


@pytest.mark.parametrize(
    "out,err,shown",
    [
        (
            "",
            "Traceback (most recent call last):\n  line 107\nOSError: [Errno 28] No space left on device\n\n",
            "the host has no room to run it (OSError: [Errno 28] No space left on device)",
        ),
        ("Killed\r\n", "", "the program on the host ended: Killed"),
    ],
)
def test_a_module_that_could_not_begin_says_why(out, err, shown):
    failed = {"failed": True, "msg": "Module result deserialization failed", "module_stdout": out, "module_stderr": err}
    assert run({"run": "r1", "state": "begun"}, [failed])[0]["msg"] == shown


def test_a_module_that_said_nothing_fails_in_ansibles_words():
    assert (
        run({"run": "r1", "state": "begun"}, [{"failed": True, "msg": "MODULE FAILURE", "module_stderr": ""}])[0]["msg"]
        == "MODULE FAILURE"
    )
