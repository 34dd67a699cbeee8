# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a task failed, and what became of its change."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.failure import change_failed, reason

COMMAND = {"rc": 1, "cmd": ["nginx", "-t"], "msg": "non-zero return code", "failed": True}
BAD_ITEM = {"failed": True, "msg": "no such zone"}


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ({"msg": " nginx was left as it is "}, "nginx was left as it is"),
        ({}, "no reason given"),
        ({"msg": ""}, "no reason given"),
        (
            {"results": [{"msg": "fine"}, BAD_ITEM, {"failed": True, "msg": "later"}], "msg": "One failed"},
            "no such zone",
        ),
        ({"results": [{"unreachable": True, "msg": "ssh"}], "msg": "One failed"}, "ssh"),
        ({"results": [], "msg": "no item"}, "no item"),
        ({**COMMAND, "stderr": "a\n\nb\nc\nd\n", "stdout": "x"}, "b / c / d"),
        ({**COMMAND, "stderr": "", "stdout": "x\n"}, "x"),
        ({**COMMAND, "stderr": " \n", "stdout": ""}, "non-zero return code"),
        ({"msg": "refused", "stderr": "a warning of Python", "rc": 1}, "refused"),
    ],
)
def test_the_reason_is_in_the_words_of_what_refused(result, why):
    assert reason(result) == why


def undone(*steps, complete=True, problems=()):
    listed = [{"step": step, "outcome": outcome, "why": None} for step, outcome in steps]
    return {"changes": [{"steps": listed, "complete": complete, "problems": list(problems)}]}


FAILED = {"msg": "502 before, 502 now"}


@pytest.mark.parametrize(
    ("saved", "journal", "line"),
    [
        ({}, undone(("put back /etc/x", "done")), "X was undone: 502 before, 502 now; undone by: put back /etc/x"),
        (
            {},
            undone(("run a", "done"), ("put back /etc/x", "same"), ("stop b", "done")),
            "X was undone: 502 before, 502 now; undone by: run a, stop b",
        ),
        ({}, undone(("put back /etc/x", "same")), "X was undone: 502 before, 502 now"),
        ({}, undone(), "X failed: 502 before, 502 now"),
        (
            {},
            undone(("put back /etc/x", "done"), ("run a", "failed"), problems=["run a: ended with 1"]),
            "X was undone: 502 before, 502 now; undone by: put back /etc/x; not undone: run a: ended with 1",
        ),
        (
            {},
            undone(("put back /etc/x", "failed"), complete=False, problems=["put back /etc/x: Read-only file system"]),
            "X failed and was not undone completely: 502 before, 502 now; not undone: put back /etc/x: Read-only file system",
        ),
        (
            {},
            {"msg": "undone: another run holds the host"},
            "X failed and was not undone: 502 before, 502 now; the undo failed too: undone: another run holds the host",
        ),
        ({"failed": True}, {"changes": []}, "X was not begun: 502 before, 502 now"),
    ],
)
def test_what_failed_and_what_was_undone_is_one_line(saved, journal, line):
    assert change_failed("X", FAILED, saved, journal) == line


def test_a_long_command_is_cut():
    line = change_failed("X", FAILED, {}, undone(("run sh -c " + "y" * 100, "done")))
    assert line.endswith("y...")
    assert len(line.rpartition("undone by: ")[2]) == 80
