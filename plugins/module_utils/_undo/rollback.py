# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo what a finished run has kept: its changes from the last to the first, except where somebody else has changed a file since.

Private to this collection: it may change in any release.
"""

import os
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import boot_units, timer
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Journal, told
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.lease import Held, Lock
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import (
    Step,
    put_change_back,
    unit_active,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import FileState, look, same
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import Record

DIFF_LIMIT = 100 * 1024
HEADER = "%s (%s, mode %04o, owner %d:%d)"


class Plan(NamedTuple):
    """A run to roll back. changes: newest first, each with the files to leave alone and why. becomes: what each path will be."""

    run: str
    changes: List[Record]
    becomes: Dict[str, Tuple[FileState, str]]


def last_run(journal: Journal) -> Optional[str]:
    """The newest run of which something still stands."""
    for run in reversed(journal.store.runs()):
        if any(change["state"] == "kept" for change in journal.store.changes(run["run"])):
            return str(run["run"])
    return None


def _leave(journal: Journal, record: Record, number: int, becomes: Dict[str, Tuple[FileState, str]]) -> Dict[str, str]:
    """The files of a change that are not as it left them, and who is to blame. What is put back is added to becomes."""
    leave = {}
    folder = journal.store.folder(record["run"], record["change"])
    for index, entry in enumerate(record["files"]):
        path = entry["path"]
        saved = FileState(**entry["state"])
        try:
            now = becomes[path][0] if path in becomes else look(journal.host.root, path)[0]
        except (OSError, Refused) as error:
            leave[path] = str(error)
            continue
        if same(now, saved):
            continue
        if same(now, FileState(**record["left"][path])):
            becomes[path] = (saved, os.path.join(folder, "content-%d" % index))
            continue
        later = journal.store.find_kept(path, (number, int(record["number"])))
        leave[path] = (
            "changed since by run %s: roll that back first" % later
            if later and later != record["run"]
            else "changed since by somebody else"
        )
    return leave


def make_plan(journal: Journal, run: str) -> Plan:
    found = journal.store.run(run)
    if found is None:
        return Plan(run, [], {})
    becomes: Dict[str, Tuple[FileState, str]] = {}
    changes = []
    for record in reversed(journal.store.changes(run)):
        if record["state"] == "kept":
            record["leave"] = _leave(journal, record, int(found["number"]), becomes)
            changes.append(record)
    return Plan(run, changes, becomes)


def _planned(journal: Journal, plan: Plan) -> List[Dict[str, Any]]:
    """What a rollback would do, told as if it were done."""
    changes = []
    for record in plan.changes:
        steps = [Step("run " + " ".join(argv), "planned") for argv in record["undo"]]
        for entry in record["files"]:
            path = entry["path"]
            if path in record["leave"]:
                steps.append(Step("put back " + path, "left_alone", record["leave"][path]))
            else:
                steps.append(Step("put back " + path, "planned" if path in plan.becomes else "same"))
        steps += [Step("run " + " ".join(argv), "planned") for argv in record["after_undo"]]
        for unit, active in sorted(record["units"].items()):
            same_now = unit_active(journal.host, journal.run_command, unit) == active
            steps.append(Step("%s %s" % ("start" if active else "stop", unit), "same" if same_now else "planned"))
        changes.append(told(record, steps))
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
    for path, (saved, content) in sorted(plan.becomes.items()):
        now, data = look(journal.host.root, path)
        was = None
        if saved.kind == "file":
            with open(content, "rb") as stream:
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


def _roll_back(journal: Journal, plan: Plan) -> List[Dict[str, Any]]:
    folder = journal.store.folder(plan.run)
    timer.lay_program(folder)
    boot_units.lay_boot_units(journal.host, os.path.join(folder, timer.PROGRAM))
    changes = []
    for record in plan.changes:
        record.update(state="rolling_back", undo_done=0)
        journal.store.write_change(record)
        steps = put_change_back(
            journal.store, journal.host, record, "a rollback at %d" % time.time(), journal.run_command
        )
        changes.append(told(record, steps))
    if journal.lock.read() is None:
        boot_units.remove_boot_units(journal.host)
    return changes


def rolled_back(
    journal: Journal, run: Optional[str], check: bool, with_diff: bool, take_over: str = ""
) -> Dict[str, Any]:
    """Roll back a run, or the last one that left something. run is None in the result where there is nothing to roll back."""
    nothing: Dict[str, Any] = {"run": run, "changes": [], "found": [], "diff": []}
    if run is not None:
        journal.store.folder(run)
    if not journal.store.exists():
        return nothing
    with journal.store.guard():
        held = journal.lock.read()
        if held is not None and held["run"] not in (run, take_over):
            raise Held(Lock.message(held), held)
        open_changes = journal.store.open_changes()
        found = [] if check else journal.put_open_back(open_changes, "a rollback, which found it unfinished")
        chosen = run or last_run(journal)
        if chosen is None:
            return dict(nothing, found=found)
        plan = make_plan(journal, chosen)
        shown = diffs(journal, plan) if with_diff else []
        changes = _planned(journal, plan) if check or not plan.changes else _roll_back(journal, plan)
        if check:
            changes = [
                told(record, [Step("put back, as it was never finished", "planned")]) for record in open_changes
            ] + changes
        return {"run": chosen, "changes": changes, "found": found, "diff": shown}
