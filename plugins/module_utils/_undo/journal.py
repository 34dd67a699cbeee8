# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of changes on a host: begin a run, save, keep or undo a change, close the run, read it all.

Each call takes the store's guard, so two never work at once; the lock (lease.py) keeps two runs apart between their calls.

Private to this collection: it may change in any release.
"""

import os
import time
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import at_work
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import boot_units, timer
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.commands import run_command
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.lease import Held, Lock, shown
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.save import Wanted, left_by, new_change
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import OPEN, Store
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.undo import Undone, undo_change

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_manager import Runner
    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import ChangeRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.undo import ShownChange


#: Seconds for which a run waits for others that are changing the host, before it leaves the host alone.
BUSY_SECONDS = 60.0
#: Seconds for which a run holds the host beyond the time in which a change has to be confirmed.
CONFIRM_ROOM = 120


class Claim(NamedTuple):
    """How a run holds the host. lease: seconds after each call; owner: who runs it, in words; take_over: a dead run that may be pushed aside."""

    lease: int = 900
    owner: str = ""
    take_over: str = ""


class Journal:
    """The journal of one host. Every method returns plain data and raises Refused (or OSError) where it did nothing."""

    def __init__(self, host: Host, run: "Runner" = run_command) -> None:
        self.host = host
        self.store = Store(host)
        self.lock = Lock(host, self.store.base)
        self.run_command = run
        self.busy_seconds = BUSY_SECONDS
        #: What a caller should be told of the journal itself.
        self.warnings: List[str] = []

    def begun(self, run: str, claim: Claim) -> Dict[str, Any]:
        """Take the host for a run, and undo what a run that was killed has left half-made."""
        self.store.folder(run)
        self.store.make()
        with self.store.guard():
            return {"found": _shown(self._begin(run, claim, implicit=False))}

    def _begin(self, run: str, claim: Claim, implicit: bool) -> List[Undone]:
        self.lock.take(run, claim.lease, claim.owner, implicit, claim.take_over)
        try:
            self.wait_until_free()
            return self._tidy_up(run)
        except Exception:  # whatever it was, nobody is locked out by it
            self.lock.release(run)
            raise

    def wait_until_free(self) -> None:
        """Wait for others that are changing this host just now. Raises Refused where they go on, and where a file says that nothing may be changed here."""
        end = time.monotonic() + self.busy_seconds
        while True:
            stop = at_work.stop_line(self.host)
            if stop is not None:
                raise Refused(
                    "%s says that nothing is to be changed on this host: %s" % (at_work.STOP, stop or "(empty)")
                )
            busy = at_work.at_work(self.host, Processes(self.host))
            if not busy:
                return
            if time.monotonic() >= end:
                raise Refused(
                    "%s is at work on this host and was waited for, %d seconds: nothing was changed, run this again when it has ended"
                    % (" and ".join(busy), self.busy_seconds)
                )
            time.sleep(1)

    def _tidy_up(self, run: str) -> List[Undone]:
        """What is to be done before a run may change anything. Returns the changes of dead runs that were undone."""
        self.store.sweep()
        self.warnings = self.store.set_aside()
        found = self.undo_all(
            [record for record in self.store.open_changes() if record["run"] != run],
            "run %s, which found it unfinished" % run,
        )
        self._refuse_incomplete(found)
        for why in self.store.unreadable(open_only=True):
            raise Refused(
                "%s: what that run has left half-made is not known. Look what is saved in that folder,"
                " repair by hand what has to be, then remove the folder" % why
            )
        found += self._end_dead_runs(run)
        self.store.make_run(run, time.time())
        timer.lay_program(self.store.folder(run))
        boot_units.lay_boot_units(self.host, self._program(run))
        return found

    def _end_dead_runs(self, run: str) -> List[Undone]:
        """Close the runs that never ended. Returns their changes that the host itself has undone, without steps."""
        found = []
        for other in self.store.runs():
            if other["run"] != run and other["closed"] is None:
                found += [Undone(change, []) for change in self.store.changes(other["run"]) if change.get("by_host")]
                other["closed"] = time.time()
                self.store.write_run(other)
        return found

    def _program(self, run: str) -> str:
        return os.path.join(self.store.folder(run), timer.PROGRAM)

    def _refuse_incomplete(self, changes: Sequence[Undone]) -> None:
        for undone in changes:
            if not undone.complete:
                record = undone.record
                raise Refused(
                    "run %s left change %s half-made, and it can't be undone (%s)."
                    " Repair it by hand with what is saved in %s, then remove that folder"
                    % (
                        record["run"],
                        record["change"],
                        "; ".join(record["problems"]),
                        self.store.folder(record["run"], record["change"]),
                    )
                )

    def undo_all(self, records: "Sequence[ChangeRecord]", by: str) -> List[Undone]:
        """Undo changes in the given order. Needs the guard."""
        found = []
        for record in records:
            if record["confirm_within"]:
                timer.disarm(self.host, record["run"], record["change"])
            found.append(undo_change(self.store, self.host, record, by, self.run_command))
        return found

    def saved(self, run: str, change: str, wanted: Wanted, claim: Claim) -> Dict[str, Any]:
        """Write down what a change is about to touch. On return it is on the disk, and the host will undo the change if nobody confirms it in time."""
        self.store.folder(run, change)
        self.store.make()
        claim = _until_confirmed(claim, wanted.confirm_within)
        with self.store.guard():
            found = self._hold(run, claim)
            try:
                record = self._save(run, change, wanted)
                armed = self._arm(record) if wanted.confirm_within else None
            except (OSError, Refused):
                self._ended(run, claim)
                raise
            files = [entry["path"] for entry in record["files"]]
            return {"found": _shown(found), "files": files, "armed": armed}

    def _save(self, run: str, change: str, wanted: Wanted) -> "ChangeRecord":
        if self.store.change(run, change) is not None:
            raise Refused("run %s already has a change %s: each change needs a name of its own" % (run, change))
        number = max([other["number"] for other in self.store.changes(run)], default=0) + 1
        new = new_change(self.host, self.run_command, run, change, number, wanted)
        self._refuse_overlap(new.record)
        self.store.add_change(new.record, new.contents)
        return new.record

    def _arm(self, record: "ChangeRecord") -> str:
        run, change = record["run"], record["change"]
        try:
            return timer.arm(self.host, self._program(run), run, change, record["confirm_within"])
        except Refused:
            self.undo_all([record], "the module, as no timer could be set that would undo it")
            raise

    def _hold(self, run: str, claim: Claim) -> List[Undone]:
        """Renew the lease, or begin where the run has not begun: a role that is used alone."""
        held = self.lock.read()
        if held is not None and held["run"] == run and self.store.run(run) is not None:
            self.lock.take(run, claim.lease, claim.owner, held["implicit"])
            return []
        return self._begin(run, claim, implicit=True)

    def _refuse_overlap(self, wanted: "ChangeRecord") -> None:
        """Two open changes of one file could not be undone one by one."""
        paths = {entry["path"] for entry in wanted["files"] if not entry["parent"]}
        for record in self.store.open_changes():
            for entry in record["files"]:
                if entry["path"] in paths and not entry["parent"]:
                    raise Refused("%s is being changed by %s, which has not ended" % (entry["path"], record["change"]))

    def _known(self, run: str, change: str) -> "ChangeRecord":
        record = self.store.change(run, change) if self.store.exists() else None
        if record is None:
            raise Refused("run %s has no change %s on this host" % (run, change))
        return record

    def applied(self, run: str, change: str, claim: Claim) -> Dict[str, Any]:
        """Write down what a change has made of its files, so that an undo sees what others make of them from now on."""
        self._known(run, change)
        with self.store.guard():
            record = self._known(run, change)
            if record["state"] == "saved":
                record["left"] = left_by(self.host, self.run_command, record)
                self.store.write_change(record)
                self._ended(run, _until_confirmed(claim, record["confirm_within"]))
        return {}

    def kept(self, run: str, change: str, claim: Claim, causes: Sequence[str] = ()) -> Dict[str, Any]:
        """Confirm a change: it stays, and a rollback can compare with what it left. causes: what it cured."""
        self._known(run, change)
        with self.store.guard():
            record = self._known(run, change)
            if record["state"] == "kept":
                return {}
            if record["state"] != "saved":
                raise Refused("change %s can't be kept: it was undone by %s" % (change, record["by"]))
            # What others have made of the files since they were written is not ours.
            record["left"] = dict(left_by(self.host, self.run_command, record), **record["left"])
            record["state"], record["ended"], record["causes"] = "kept", time.time(), list(causes)
            self.store.write_change(record)
            if record["confirm_within"]:
                timer.disarm(self.host, run, change)
            self.store.note_kept()
            self._ended(run, claim)
        return {}

    def undone(self, run: str, change: str, claim: Claim) -> Dict[str, Any]:
        """Undo a change. One that was undone before is returned without steps, and None for one that was never saved."""
        self.store.folder(run, change)
        if not self.store.exists():
            return {"undone": None}
        with self.store.guard():
            record = self.store.change(run, change)
            if record is None:
                return {"undone": None}
            if record["state"] in ("undone", "rolled_back"):
                return {"undone": Undone(record, []).shown()}
            held = self.lock.read()
            if held is not None and held["run"] != run:
                raise Held(held)
            undone = self.undo_all([record], "run %s" % run)
            self._ended(run, claim)
        return {"undone": undone[0].shown()}

    def _ended(self, run: str, claim: Claim) -> None:
        """A change has ended: renew the lease, or let go of one that was taken for this change alone."""
        held = self.lock.read()
        if held is None or held["run"] != run:
            return
        if held["implicit"] and not [record for record in self.store.changes(run) if record["state"] in OPEN]:
            self._let_go(run)
        else:
            self.lock.take(run, claim.lease, claim.owner, held["implicit"])

    def _let_go(self, run: str) -> None:
        if self.lock.release(run) or self.lock.read() is None:
            boot_units.remove_boot_units(self.host)

    def closed(self, run: str, keep: int, driver: str = "") -> Dict[str, Any]:
        """End a run: undo what is still open, let the host go, remove the journals of old runs.

        With a driver, its part of the run: while a change of another one's is open, the run goes on.
        """
        self.store.folder(run)
        if not self.store.exists():
            return {"found": [], "pruned": []}
        with self.store.guard():
            open_changes = [change for change in self.store.open_changes() if change["run"] == run]
            mine = [change for change in open_changes if driver in ("", change["driver"])]
            try:
                found = self.undo_all(mine, "run %s at its end" % run)
            finally:
                if len(mine) == len(open_changes):
                    self._let_go(run)
            self._refuse_incomplete(found)
            record = self.store.run(run)
            if record is None or len(mine) < len(open_changes):
                return {"found": _shown(found), "pruned": []}
            record["closed"] = time.time()
            self.store.write_run(record)
            return {"found": _shown(found), "pruned": self._prune(keep)}

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
            self.warnings = self.store.unreadable(open_only=False)
        return {"runs": runs, "lock": None if held is None else shown(held)}

    @staticmethod
    def _summary(record: "ChangeRecord") -> Dict[str, Any]:
        keys = ("change", "state", "saved", "ended", "by", "undo", "after_undo", "confirm_within", "problems", "causes")
        summary = {key: value for key, value in record.items() if key in keys}
        summary["files"] = [entry["path"] for entry in record["files"]]
        summary["units"] = sorted(record["units"])
        return summary


def _until_confirmed(claim: Claim, seconds: int) -> Claim:
    """A claim that lasts until the change has to be confirmed: whoever asks many hosts calls nobody meanwhile."""
    return claim._replace(lease=max(claim.lease, seconds + CONFIRM_ROOM) if seconds else claim.lease)


def _shown(changes: Sequence[Undone]) -> "List[ShownChange]":
    return [undone.shown() for undone in changes]
