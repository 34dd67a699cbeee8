# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo a change: its commands, its files, what follows them, its units.

Runs in the module, and without Ansible from the program that lies beside the journal (program.py). Each step can be done twice, so
that a host whose power goes meanwhile goes on where it was.

Private to this collection: it may change in any release.
"""

import contextlib
import os
import time
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_manager import Runner
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import steps as undo_steps
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.commands import (
    run_command,
    run_in_turn,
    run_step,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import put_files_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import look, same, state_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.steps import Step, command_step
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import OPEN, Store

if TYPE_CHECKING:  # Python 3.6 has no TypedDict
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.steps import ShownStep
    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import ChangeRecord

    class ShownChange(TypedDict):
        """A change that was undone, as modules return it: no contents."""

        run: str
        change: str
        state: str
        by: Optional[str]
        complete: bool
        steps: List[ShownStep]
        problems: List[str]


CHANGED_SINCE = "changed since by somebody else"
#: What an open change becomes when it has been undone.
CLOSED = {"undoing": "undone", "rolling_back": "rolled_back"}


class Undone(NamedTuple):
    """A change and the steps by which it was undone, or would be."""

    record: "ChangeRecord"
    steps: List[Step]

    @property
    def complete(self) -> bool:
        """Whether all its files were put back. Where not, the change stays open and the next run tries again."""
        return self.record["state"] not in OPEN

    def left_alone(self) -> List[Step]:
        """The files that were not put back, as others have changed them."""
        return [
            step for step in self.steps if (step.kind, step.outcome) == (undo_steps.PUT_BACK, undo_steps.LEFT_ALONE)
        ]

    def shown(self) -> "ShownChange":
        return {
            "run": self.record["run"],
            "change": self.record["change"],
            "state": self.record["state"],
            "by": self.record["by"],
            "complete": self.complete,
            "steps": [step.shown() for step in self.steps],
            "problems": self.record["problems"],
        }


def undo_change(
    store: Store, host: Host, record: "ChangeRecord", by: str, run: Runner = run_command, by_host: bool = False
) -> Undone:
    """Undo one open change and write down how it went. It stays open where a file could not be put back."""
    folder = begin_undo(store, host, record)

    def progress(done: int) -> None:
        record["undo_done"] = done
        _note(store, record)

    steps = _undo(host, folder, record, progress, run)
    record["problems"] = ["%s: %s" % (step.text, step.why) for step in steps if _is_problem(step, record)]
    record["by"], record["by_host"] = by, by_host
    if not files_failed(steps):
        record["state"] = CLOSED[record["state"]]
        record["ended"] = time.time()
    store.write_change(record)
    store.note_kept()
    return Undone(record, steps)


def begin_undo(store: Store, host: Host, record: "ChangeRecord") -> str:
    """Write down that a change is being undone, and which of its files are to be left alone. Returns the change's folder."""
    folder = store.folder(record["run"], record["change"])
    if record["state"] in ("saved", "kept"):
        record["leave"] = _changed_since(host, folder, record)
        record["state"] = "undoing"
        _note(store, record)
    return folder


def _is_problem(step: Step, record: "ChangeRecord") -> bool:
    """Whether a step has left the host other than it was. What a rollback leaves alone it names by itself."""
    return step.outcome in (undo_steps.FAILED, undo_steps.NOT_DONE) or (
        record["state"] == "undoing" and step.kind == undo_steps.PUT_BACK and step.what in record["leave"]
    )


def _changed_since(host: Host, folder: str, record: "ChangeRecord") -> Dict[str, str]:
    """The files that are neither as the change has left them nor as they were before, as somebody has repaired them; each with where its former version is."""
    leave = {}
    for number, entry in enumerate(record["files"]):
        left = record["left"].get(entry["path"])
        if entry["parent"] or not isinstance(left, dict):
            continue
        saved = state_of(entry["state"])
        with contextlib.suppress(OSError, Refused):
            now = look(host.root, entry["path"]).state
            if not same(now, saved) and not same(now, state_of(left)):
                before = " (what it was before: %s)" % os.path.join(folder, "content-%d" % number)
                leave[entry["path"]] = CHANGED_SINCE + (before if saved.kind == "file" else "")
    return leave


def _note(store: Store, record: "ChangeRecord") -> None:
    """Write down how far we are. A full disk must not keep us from going on: what is not written down is done again."""
    with contextlib.suppress(OSError):
        try:
            store.write_change(record)
        except OSError:
            if store.give_up_spare():
                store.write_change(record)


def _undo(host: Host, folder: str, record: "ChangeRecord", progress: Callable[[int], None], run: Runner) -> List[Step]:
    """All steps, in their order. progress gets the number of undo commands that are behind us, so that they are not run again after a power cut."""
    steps: List[Step] = []
    for number, argv in enumerate(record["undo"]):
        if number < record["undo_done"]:
            steps.append(command_step(argv, undo_steps.SAME))
            continue
        steps.append(run_step(run, argv))
        progress(number + 1)
    files = put_files_back(host, folder, record)
    steps += files
    if files and not record["undo"] and all(step.what in record["leave"] for step in files):
        # A reload would put in force what somebody has saved there.
        steps += [command_step(argv, undo_steps.LEFT_ALONE, "no file was put back") for argv in record["after_undo"]]
    else:
        steps += run_in_turn(run, record["after_undo"])
    steps += [_restore_unit(host, run, unit, was_active) for unit, was_active in sorted(record["units"].items())]
    return steps


def unit_step(host: Host, run: Runner, unit: str, was_active: bool) -> Step:
    """The step that makes a unit run again, or not, as it did: planned, or the same where it does."""
    kind = service_manager.START if was_active else service_manager.STOP
    active = service_manager.is_active(service_manager.in_charge(host), unit, run)
    return Step(kind, unit, undo_steps.SAME if active == was_active else undo_steps.PLANNED)


def _restore_unit(host: Host, run: Runner, unit: str, was_active: bool) -> Step:
    step = unit_step(host, run, unit, was_active)
    if step.outcome == undo_steps.SAME:
        return step
    argv = service_manager.command(service_manager.in_charge(host), step.kind, unit)
    if argv is None:
        return step._replace(outcome=undo_steps.FAILED, why="no service manager is in charge of this host")
    done = run_step(run, argv)
    return step._replace(outcome=done.outcome, why=done.why)


def files_failed(steps: List[Step]) -> bool:
    """Whether a file could not be put back: the host is then not yet what it was, and it has to be tried again."""
    return any(step.outcome == undo_steps.FAILED and step.kind == undo_steps.PUT_BACK for step in steps)
