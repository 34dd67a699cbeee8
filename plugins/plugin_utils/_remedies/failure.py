# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a task failed, and what became of the change that it belonged to, in one line each.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.not_run import was_not_run, why_not_run

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.undo import ShownChange


class Result(t.TypedDict, total=False):
    """What Ansible and its modules return of a task, as far as it says why the task failed. results: those of a loop."""

    failed: bool
    unreachable: bool
    lost: bool  # the host could not be reached any more
    msg: object
    rc: int
    cmd: object
    stdout: str
    stderr: str
    results: t.Sequence[Result]


class Undone(Result, total=False):
    """What change_journal returns of a change that was to be undone."""

    changes: t.Sequence[ShownChange]


LINES = 3
STEP_LENGTH = 80
NO_REASON = "no reason given"
#: What later releases of Ansible begin every message with.
PREFIX = "Task failed: "


def reason(result: Result) -> str:
    """Why a task failed, in the words of what refused: of a loop, its first item that failed; of a command, its last lines."""
    for item in result.get("results") or []:
        if item.get("failed") or item.get("unreachable"):
            return reason(item)
    if was_not_run(result):
        return why_not_run(result)
    if "rc" in result and "cmd" in result:
        words = _last_lines(result, "stderr") or _last_lines(result, "stdout")
        if words:
            return words
    return str(result.get("msg") or "").strip().removeprefix(PREFIX) or NO_REASON


def _last_lines(result: Result, stream: t.Literal["stdout", "stderr"]) -> str:
    lines = [line.strip() for line in str(result.get(stream) or "").splitlines() if line.strip()]
    return " / ".join(lines[-LINES:])


def change_failed(title: str, failed: Result, saved: Result, undone: Undone) -> str:
    """One line that says what failed, why, and what was undone. saved and undone: the journal's results for the change."""
    why = reason(failed)
    if saved.get("failed"):
        return "%s was not begun: %s" % (title, why)
    changes = undone.get("changes")
    if undone.get("lost"):
        return "%s failed, and what nobody confirms there the host undoes by itself: %s" % (title, why)
    if changes is None:
        return "%s failed and was not undone: %s; the undo failed too: %s" % (title, why, reason(undone))
    steps = [step for change in changes for step in change["steps"]]
    problems = [problem for change in changes for problem in change["problems"]]
    complete = all(change["complete"] for change in changes)
    how = ("was undone" if steps else "failed") if complete else "failed and was not undone completely"
    done = [_short(step["step"]) for step in steps if step["outcome"] == "done"]
    parts = ["%s %s: %s" % (title, how, why)]
    parts += ["undone by: " + ", ".join(done)] if done else []
    parts += ["not undone: " + "; ".join(problems)] if problems else []
    return "; ".join(parts)


def _short(step: str) -> str:
    return step if len(step) <= STEP_LENGTH else step[: STEP_LENGTH - 3] + "..."
