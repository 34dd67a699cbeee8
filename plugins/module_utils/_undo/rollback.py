# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roll back a finished run: undo the changes that it kept, the last first, but for files that somebody else has changed since.

Private to this collection: it may change in any release.
"""

import os
import time
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import boot_units, timer
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Journal
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.lease import Held
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import FileState, look, same, state_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.steps import (
    LEFT_ALONE,
    PLANNED,
    PUT_BACK,
    SAME,
    UNDO,
    Step,
    command_step,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.undo import (
    CHANGED_SINCE,
    Undone,
    undo_change,
    unit_step,
)

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import ChangeRecord

DIFF_LIMIT = 100 * 1024
HEADER = "%s (%s, mode %04o, owner %d:%d)"


class Becomes(NamedTuple):
    """What a path will be, and where its bytes are if it will be a file."""

    state: FileState
    content: str


class Plan(NamedTuple):
    """A run to roll back. changes: newest first, each with the files to leave alone and why. becomes: what each path will be."""

    run: str
    changes: "List[ChangeRecord]"
    becomes: Dict[str, Becomes]


def last_run(journal: Journal) -> Optional[str]:
    """The newest run of which a change is still kept; None where there is none."""
    for run in reversed(journal.store.runs()):
        if any(change["state"] == "kept" for change in journal.store.changes(run["run"])):
            return run["run"]
    return None


def _leave(journal: Journal, record: "ChangeRecord", number: int, becomes: Dict[str, Becomes]) -> Dict[str, str]:
    """The files of a change that are not as it left them, and who has changed them. What will be put back is added to becomes."""
    leave = {}
    folder = journal.store.folder(record["run"], record["change"])
    for index, entry in enumerate(record["files"]):
        path = entry["path"]
        saved = state_of(entry["state"])
        try:
            now = becomes[path].state if path in becomes else look(journal.host.root, path).state
        except (OSError, Refused) as error:
            leave[path] = str(error)
            continue
        if same(now, saved):
            continue
        if same(now, state_of(record["left"][path])):
            becomes[path] = Becomes(saved, os.path.join(folder, "content-%d" % index))
            continue
        later = journal.store.find_kept(path, (number, record["number"]))
        leave[path] = (
            "changed since by run %s: roll that back first" % later
            if later and later != record["run"]
            else CHANGED_SINCE
        )
    return leave


def make_plan(journal: Journal, run: str) -> Plan:
    """What is to be done to roll back a run; nothing where there is no such run."""
    found = journal.store.run(run)
    if found is None:
        return Plan(run, [], {})
    becomes: Dict[str, Becomes] = {}
    changes = []
    for record in reversed(journal.store.changes(run)):
        if record["state"] == "kept":
            record["leave"] = _leave(journal, record, found["number"], becomes)
            changes.append(record)
    return Plan(run, changes, becomes)


def _planned(journal: Journal, plan: Plan) -> List[Undone]:
    """The changes of a run with the steps that a rollback would take."""
    changes = []
    for record in plan.changes:
        steps = [command_step(argv, PLANNED) for argv in record["undo"]]
        for entry in record["files"]:
            path = entry["path"]
            if path in record["leave"]:
                steps.append(Step(PUT_BACK, path, LEFT_ALONE, record["leave"][path]))
            else:
                steps.append(Step(PUT_BACK, path, PLANNED if path in plan.becomes else SAME))
        steps += [command_step(argv, PLANNED) for argv in record["after_undo"]]
        steps += [
            unit_step(journal.host, journal.run_command, unit, active)
            for unit, active in sorted(record["units"].items())
        ]
        changes.append(Undone(record, steps))
    return changes


def _text(state: FileState, data: Optional[bytes]) -> str:
    if state.kind == "link":
        return "link to %s\n" % state.target
    if data is None or len(data) > DIFF_LIMIT or b"\0" in data:
        return "" if state.kind == "absent" else "(%s, not shown)\n" % state.kind
    return data.decode("utf-8", "replace")


def diffs(journal: Journal, plan: Plan) -> List[Dict[str, str]]:
    """Each file that will be put back, as it is and as it was."""
    found = []
    for path, becomes in sorted(plan.becomes.items()):
        saved = becomes.state
        now, data = look(journal.host.root, path)
        was = None
        if saved.kind == "file":
            with open(becomes.content, "rb") as stream:
                was = stream.read()
        found.append(
            {
                "before_header": HEADER % (path, now.kind, now.mode, now.uid, now.gid),
                "after_header": HEADER % (path, saved.kind, saved.mode, saved.uid, saved.gid),
                "before": _text(now, data),
                "after": _text(saved, was),
            }
        )
    return found


def _roll_back(journal: Journal, plan: Plan) -> List[Undone]:
    folder = journal.store.folder(plan.run)
    timer.lay_program(folder)
    boot_units.lay_boot_units(journal.host, os.path.join(folder, timer.PROGRAM))
    changes = []
    for record in plan.changes:
        record["state"], record["undo_done"] = "rolling_back", 0
        journal.store.write_change(record)
        by = "a rollback at %d" % time.time()
        changes.append(undo_change(journal.store, journal.host, record, by, journal.run_command))
    if journal.lock.read() is None:
        boot_units.remove_boot_units(journal.host)
    return changes


def rolled_back(
    journal: Journal, run: Optional[str], check: bool, with_diff: bool, take_over: str = ""
) -> Dict[str, Any]:
    """Roll back a run, or the last one of which a change is still kept. run is None in the result where there is nothing to roll back."""
    nothing: Dict[str, Any] = {"run": run, "changes": [], "found": [], "left_alone": [], "diff": []}
    if run is not None:
        journal.store.folder(run)
    if not journal.store.exists():
        return nothing
    with journal.store.guard():
        held = journal.lock.read()
        if held is not None and held["run"] not in (run, take_over):
            raise Held(held)
        if not check:
            journal.wait_until_free()
        open_changes = journal.store.open_changes()
        found = [] if check else journal.undo_all(open_changes, "a rollback, which found it unfinished")
        chosen = run or last_run(journal)
        if chosen is None:
            return dict(nothing, found=[undone.shown() for undone in found])
        plan = make_plan(journal, chosen)
        shown = diffs(journal, plan) if with_diff else []
        changes = _planned(journal, plan) if check or not plan.changes else _roll_back(journal, plan)
        if check:
            changes = [_planned_undo(record) for record in open_changes] + changes
        return {
            "run": chosen,
            "changes": [undone.shown() for undone in changes],
            "found": [undone.shown() for undone in found],
            "left_alone": [{"path": step.what, "why": step.why} for undone in changes for step in undone.left_alone()],
            "diff": shown,
        }


def _planned_undo(record: "ChangeRecord") -> Undone:
    return Undone(record, [Step(UNDO, "change %s, as it was never finished" % record["change"], PLANNED)])
