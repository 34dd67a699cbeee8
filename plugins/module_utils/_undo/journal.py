# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of changes on a host: begin, save, keep, put back, close, roll back, read.

Each call takes the store's guard, so two never work at once; the lock (lease.py) keeps two runs apart between their calls.

Private to this collection: it may change in any release.
"""

import os
import time
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import boot_units, timer
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.lease import Held, Lock, shown
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import (
    HOST_ITSELF,
    Runner,
    Step,
    put_change_back,
    run_command,
    unit_active,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import (
    ABSENT,
    FileState,
    check_path,
    look,
    look_to_save,
    missing_parents,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import OPEN, Record, Store

LINKS = 10


class Wanted(NamedTuple):
    """What a caller of saved() asks for."""

    files: Sequence[str] = ()
    undo: Sequence[Sequence[str]] = ()
    after_undo: Sequence[Sequence[str]] = ()
    units: Sequence[str] = ()
    confirm_within: int = 0


class Claim(NamedTuple):
    """How the host is held: for how many seconds after each call, by whom (free text), and which dead run may be pushed aside."""

    lease: int = 900
    owner: str = ""
    take_over: str = ""


def told(record: Record, steps: Sequence[Step]) -> Dict[str, Any]:
    """A change that was put back, as callers see it: no contents."""
    return {
        "run": record["run"],
        "change": record["change"],
        "state": record["state"],
        "by": record["by"],
        "complete": record["state"] not in OPEN,
        "steps": [dict(step._asdict()) for step in steps],
        "problems": record["problems"],
    }


class Journal:
    """The journal of one host. Every method returns plain data and raises Refused (or OSError) where it did nothing."""

    def __init__(self, host: Host, run: Runner = run_command) -> None:
        self.host = host
        self.store = Store(host)
        self.lock = Lock(host, self.store.base)
        self.run_command = run

    def begun(self, run: str, claim: Claim) -> Dict[str, Any]:
        """Take the host for a run, and put back what a run that was killed has left half-made."""
        self.store.folder(run)
        self.store.make()
        with self.store.guard():
            return self._begin(run, claim, implicit=False)

    def _begin(self, run: str, claim: Claim, implicit: bool) -> Dict[str, Any]:
        self.lock.take(run, claim.lease, claim.owner, implicit, claim.take_over)
        try:
            return self._tidy_up(run)
        except (OSError, Refused):
            self.lock.release(run)
            raise

    def _tidy_up(self, run: str) -> Dict[str, Any]:
        """What is to be done before a run may change anything."""
        self.store.sweep()
        found = self.put_open_back(
            [record for record in self.store.open_changes() if record["run"] != run],
            "run %s, which found it unfinished" % run,
        )
        unfinished = [told_of for told_of in found if not told_of["complete"]]
        if unfinished:
            raise Refused(self._unfinished(unfinished[0]))
        found += self._end_dead_runs(run)
        self.store.make_run(run, time.time())
        timer.lay_program(self.store.folder(run))
        boot_units.lay_boot_units(self.host, self._program(run))
        return {"found": found}

    def _end_dead_runs(self, run: str) -> List[Dict[str, Any]]:
        """Runs that never ended are over now; what the host itself put back of them is told."""
        found = []
        for other in self.store.runs():
            if other["run"] != run and other["closed"] is None:
                found += [
                    told(change, [])
                    for change in self.store.changes(other["run"])
                    if (change["by"] or "").startswith(HOST_ITSELF)
                ]
                self.store.write_run(dict(other, closed=time.time()))
        return found

    def _program(self, run: str) -> str:
        return os.path.join(self.store.folder(run), timer.PROGRAM)

    def _unfinished(self, change: Dict[str, Any]) -> str:
        return (
            "run %s left change %s half-made, and it can't be put back (%s). Put it right from %s, then remove that folder"
            % (
                change["run"],
                change["change"],
                "; ".join(change["problems"]),
                self.store.folder(change["run"], change["change"]),
            )
        )

    def put_open_back(self, records: Sequence[Record], by: str) -> List[Dict[str, Any]]:
        """Put changes back in the given order. Wants the guard."""
        found = []
        for record in records:
            if record["confirm_within"]:
                timer.disarm(self.host, record["run"], record["change"])
            found.append(told(record, put_change_back(self.store, self.host, record, by, self.run_command)))
        return found

    def saved(self, run: str, change: str, wanted: Wanted, claim: Claim) -> Dict[str, Any]:
        """Write down what a change is about to touch. On return it is on the disk, and the host's own taking back is armed."""
        self.store.folder(run, change)
        self.store.make()
        with self.store.guard():
            found = self._hold(run, claim)
            try:
                record, armed = self._save(run, change, wanted)
            except (OSError, Refused):
                self._ended(run, claim)
                raise
            return {"found": found, "files": [entry["path"] for entry in record["files"]], "armed": armed}

    def _save(self, run: str, change: str, wanted: Wanted) -> Tuple[Record, Optional[str]]:
        if self.store.change(run, change) is not None:
            raise Refused("run %s already has a change %s: each change wants its own name" % (run, change))
        record, contents = self._record(run, change, wanted)
        self._refuse_overlap(record)
        self.store.add_change(record, contents)
        if not wanted.confirm_within:
            return record, None
        try:
            return record, timer.arm(self.host, self._program(run), run, change, wanted.confirm_within)
        except Refused:
            self.put_open_back([record], "the module, as the host's own taking back could not be armed")
            raise

    def _hold(self, run: str, claim: Claim) -> List[Dict[str, Any]]:
        """Renew the lease, or begin where nobody has: a role that is used alone."""
        held = self.lock.read()
        if held is not None and held["run"] == run and self.store.run(run) is not None:
            self.lock.take(run, claim.lease, claim.owner, bool(held["implicit"]))
            return []
        began: List[Dict[str, Any]] = self._begin(run, claim, implicit=True)["found"]
        return began

    def _refuse_overlap(self, wanted: Record) -> None:
        """Two open changes of one file could not be put back one by one."""
        paths = {entry["path"] for entry in wanted["files"] if not entry["parent"]}
        for record in self.store.open_changes():
            for entry in record["files"]:
                if entry["path"] in paths and not entry["parent"]:
                    raise Refused("%s is being changed by %s, which has not ended" % (entry["path"], record["change"]))

    def _record(self, run: str, change: str, wanted: Wanted) -> Tuple[Record, Dict[int, bytes]]:
        states: Dict[str, FileState] = {}
        data: Dict[str, bytes] = {}
        for path in wanted.files:
            self._look_at(check_path(path), states, data)
        parents = {parent for path in states for parent in missing_parents(self.host.root, path)} - set(states)
        files = [{"path": path, "parent": False, "state": dict(state._asdict())} for path, state in states.items()]
        files += [{"path": path, "parent": True, "state": dict(ABSENT._asdict())} for path in sorted(parents)]
        units = {unit: unit_active(self.host, self.run_command, unit) for unit in wanted.units}
        record = {
            "run": run,
            "change": change,
            "number": max([int(other["number"]) for other in self.store.changes(run)], default=0) + 1,
            "state": "saved",
            "saved": time.time(),
            "ended": None,
            "by": None,
            "files": files,
            "undo": [list(argv) for argv in wanted.undo],
            "undo_done": 0,
            "after_undo": [list(argv) for argv in wanted.after_undo],
            "units": {unit: active for unit, active in units.items() if active is not None},
            "confirm_within": wanted.confirm_within,
            "left": {},
            "leave": {},
            "problems": [],
        }
        return record, {number: data[entry["path"]] for number, entry in enumerate(files) if entry["path"] in data}

    def _look_at(self, path: str, states: Dict[str, FileState], data: Dict[str, bytes]) -> None:
        """A path, and what a link there leads to."""
        for _link in range(LINKS):
            if path in states:
                return
            state, content = look_to_save(self.host.root, path)
            states[path] = state
            if content is not None:
                data[path] = content
            if state.kind != "link":
                return
            path = os.path.normpath(os.path.join(os.path.dirname(path), state.target or ""))
            if look(self.host.root, path)[0].kind in ("other", "folder"):
                return
        raise Refused("%s comes after more than %d links" % (path, LINKS))

    def _looks(self, record: Record) -> Dict[str, Any]:
        """How the files and units of a change are now."""
        looks: Dict[str, Any] = {
            entry["path"]: dict(look(self.host.root, entry["path"])[0]._asdict()) for entry in record["files"]
        }
        for unit in record["units"]:
            looks[unit] = unit_active(self.host, self.run_command, unit)
        return looks

    def _known(self, run: str, change: str) -> Record:
        record = self.store.change(run, change) if self.store.exists() else None
        if record is None:
            raise Refused("run %s has no change %s on this host" % (run, change))
        return record

    def kept(self, run: str, change: str, claim: Claim) -> Dict[str, Any]:
        """Confirm a change: it stays, and a rollback will know it by what it left."""
        self._known(run, change)
        with self.store.guard():
            record = self._known(run, change)
            if record["state"] == "kept":
                return {}
            if record["state"] != "saved":
                raise Refused("change %s can't be kept: it was put back by %s" % (change, record["by"]))
            record.update(left=self._looks(record), state="kept", ended=time.time())
            self.store.write_change(record)
            if record["confirm_within"]:
                timer.disarm(self.host, run, change)
            self.store.note_last_change()
            self._ended(run, claim)
        return {}

    def undone(self, run: str, change: str, claim: Claim) -> Dict[str, Any]:
        """Put a change back; what was put back before, or never saved, is told and needs nothing."""
        self.store.folder(run, change)
        if not self.store.exists():
            return {"undone": None}
        with self.store.guard():
            record = self.store.change(run, change)
            if record is None:
                return {"undone": None}
            if record["state"] in ("undone", "rolled_back"):
                return {"undone": told(record, [])}
            if record["state"] == "kept":
                record.update(state="undoing", undo_done=0)
            held = self.lock.read()
            if held is not None and held["run"] != run:
                raise Held(Lock.message(held), held)
            undone = self.put_open_back([record], "run %s" % run)[0]
            self._ended(run, claim)
        return {"undone": undone}

    def _ended(self, run: str, claim: Claim) -> None:
        """A change has ended: renew the lease, or let go of one that was taken for this change alone."""
        held = self.lock.read()
        if held is None or held["run"] != run:
            return
        if held["implicit"] and not [record for record in self.store.changes(run) if record["state"] in OPEN]:
            self._let_go(run)
        else:
            self.lock.take(run, claim.lease, claim.owner, bool(held["implicit"]))

    def _let_go(self, run: str) -> None:
        if self.lock.release(run) or self.lock.read() is None:
            boot_units.remove_boot_units(self.host)

    def closed(self, run: str, keep: int) -> Dict[str, Any]:
        """End a run: put back what is still open, let the host go, remove the journals of old runs."""
        self.store.folder(run)
        if not self.store.exists():
            return {"found": [], "pruned": []}
        with self.store.guard():
            record = self.store.run(run)
            if record is None:
                self.lock.release(run)
                return {"found": [], "pruned": []}
            mine = [change for change in self.store.open_changes() if change["run"] == run]
            found = self.put_open_back(mine, "run %s at its end" % run)
            unfinished = [told_of for told_of in found if not told_of["complete"]]
            self._let_go(run)
            if unfinished:
                raise Refused(self._unfinished(unfinished[0]))
            record["closed"] = time.time()
            self.store.write_run(record)
            return {"found": found, "pruned": self._prune(keep)}

    def _prune(self, keep: int) -> List[str]:
        """Remove runs that changed nothing, and all but the newest keep of the others."""
        held = self.lock.read()
        full = []
        pruned = []
        for record in self.store.runs():
            changes = self.store.changes(record["run"])
            if any(change["state"] in OPEN for change in changes) or (
                held is not None and held["run"] == record["run"]
            ):
                continue
            if changes:
                full.append(record["run"])
            else:
                pruned.append(record["run"])
        pruned += full[: len(full) - keep] if len(full) > keep else []
        for run in pruned:
            self.store.remove_run(run)
        return pruned

    def read(self) -> Dict[str, Any]:
        """All runs and changes, newest run first, without contents."""
        if not self.store.exists():
            return {"runs": [], "lock": None}
        with self.store.guard():
            runs = [
                dict(record, changes=[self._summary(change) for change in self.store.changes(record["run"])])
                for record in reversed(self.store.runs())
            ]
            held = self.lock.read()
        return {"runs": runs, "lock": None if held is None else shown(held)}

    @staticmethod
    def _summary(record: Record) -> Dict[str, Any]:
        keys = ("change", "state", "saved", "ended", "by", "undo", "after_undo", "confirm_within", "problems")
        summary = {key: record[key] for key in keys}
        summary["files"] = [entry["path"] for entry in record["files"]]
        summary["units"] = sorted(record["units"])
        return summary
