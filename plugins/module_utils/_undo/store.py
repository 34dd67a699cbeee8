# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal on disk: runs, changes, what is open, who holds the host.

    /var/lib/bad_gateway/            root only
      guard                          locked (flock) while somebody works in here; the kernel frees it when that process ends
      lock.json                      the run that holds the host, with a lease
      last_change                    when the newest change that is still kept was kept
      spare                          room for an undo on a full disk
      history.json                   what the kept changes cured, and when; it outlives the journals of their runs
      RUN/run.json
      RUN/CHANGE/change.json         what was there before, how to put it back, and how far it has come
      RUN/CHANGE/content-N           bytes of its Nth file

A change folder appears by one rename, after everything in it is on the disk. States: saved → kept | undoing → undone; kept → rolling_back → rolled_back.

Private to this collection: it may change in any release.
"""

import contextlib
import fcntl
import os
import re
import shutil
import time
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple, cast

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.durable import (
    check_private,
    give_up_spare,
    lay_spare,
    private_folder,
    remove_file,
    sync_folder,
    write_file,
    write_json,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.history import write_history
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.records import (
    CHANGE_KEYS,
    CHANGE_LACKS,
    RUN_KEYS,
    RUN_LACKS,
    SCHEMA,
    Unreadable,
    is_closed,
    read_record,
)

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time a record is a plain dict
    from typing import TypedDict

    class RunRecord(TypedDict):
        """RUN/run.json. schema: see records.py; number: counts the runs of this host; begun, closed: seconds since the epoch."""

        schema: int
        run: str
        number: int
        begun: float
        closed: Optional[float]

    class SavedEntry(TypedDict):
        """A path of a change. parent: a folder that was not there and that the change may make; state: a FileState."""

        path: str
        parent: bool
        state: Dict[str, Any]

    class ChangeRecord(TypedDict):
        """RUN/CHANGE/change.json."""

        schema: int
        run: str
        change: str
        number: int
        state: str
        saved: float
        ended: Optional[float]
        by: Optional[str]  # who undid it, in words
        by_host: bool  # whether the host itself did, and no run
        files: List[SavedEntry]
        undo: List[List[str]]
        undo_done: int
        after_undo: List[List[str]]
        units: Dict[str, bool]
        confirm_within: int
        left: Dict[str, Any]
        leave: Dict[str, str]
        problems: List[str]
        driver: str  # the host whose play makes it: several may work on this one in one run
        causes: List[str]  # that it cured, where it was kept


BASE = "/var/lib/bad_gateway"
OPEN = ("saved", "undoing", "rolling_back")
RESERVED = ("guard", "last_change")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z")
GUARD_SECONDS = 150.0  # longer than one command of an undo may take


def check_id(what: str, name: str) -> str:
    """The name. Raises Refused for one that could not be a folder of the journal's own."""
    if not ID.match(name) or name in RESERVED:
        raise Refused(
            "%s is %r: only letters, digits, - and _ are allowed, at most 64, the first a letter or digit"
            % (what, name)
        )
    return name


class Store:
    """The journal of one host."""

    def __init__(self, host: Host) -> None:
        self.base = host.path(BASE)

    def exists(self) -> bool:
        """Whether there is a journal. Raises Refused where there is one that is not ours."""
        if not os.path.lexists(self.base):
            return False
        check_private(self.base)
        return True

    def make(self) -> None:
        """Make the journal's folder where there is none. Raises Refused where somebody else could have prepared it."""
        os.makedirs(os.path.dirname(self.base), 0o755, exist_ok=True)
        private_folder(self.base)

    @contextlib.contextmanager
    def guard(self, seconds: float = GUARD_SECONDS) -> Iterator[None]:
        """Keep all others out of the journal meanwhile. Raises Refused where another has been in it for so many seconds."""
        descriptor = os.open(os.path.join(self.base, "guard"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            end = time.monotonic() + seconds
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() >= end:
                        raise Refused(
                            "another process has been working in %s for %d seconds: ask again later" % (BASE, seconds)
                        ) from None
                    time.sleep(0.1)
            yield
        finally:
            os.close(descriptor)

    def folder(self, run: str, change: Optional[str] = None) -> str:
        """The folder of a run or of a change. Raises Refused for a name that none can have."""
        folder = os.path.join(self.base, check_id("run", run))
        return folder if change is None else os.path.join(folder, check_id("change", change))

    def _names(self, folder: str, marker: str) -> List[str]:
        """Sub-folders with a record in them. Anything else is what a kill has left, or not ours."""
        try:
            names = sorted(os.listdir(folder))
        except FileNotFoundError:
            return []
        return [name for name in names if ID.match(name) and os.path.isfile(os.path.join(folder, name, marker))]

    def runs(self) -> "List[RunRecord]":
        """The records of all runs that can be read, oldest first."""
        found = []
        for name in self._names(self.base, "run.json"):
            with contextlib.suppress(OSError, Unreadable):
                found.append(self._read_run(name))
        return sorted(found, key=lambda record: record["number"])

    def _read_run(self, run: str) -> "RunRecord":
        path = os.path.join(self.folder(run), "run.json")
        return cast("RunRecord", read_record(path, RUN_KEYS, RUN_LACKS, {"run": run}))

    def run(self, run: str) -> "Optional[RunRecord]":
        """The record of a run, or None where there is no such run. Raises Unreadable."""
        try:
            return self._read_run(run)
        except FileNotFoundError:
            return None

    def make_run(self, run: str, now: float) -> "RunRecord":
        """The record of a run; it is made where the run is new."""
        folder = self.folder(run)
        private_folder(folder)
        record = self.run(run)
        if record is None:
            numbers = [other["number"] for other in self.runs()]
            record = {
                "schema": SCHEMA,
                "run": run,
                "number": max(numbers, default=0) + 1,
                "begun": now,
                "closed": None,
            }
            self.write_run(record)
        return record

    def write_run(self, record: "RunRecord") -> None:
        write_json(os.path.join(self.folder(record["run"]), "run.json"), record)

    def changes(self, run: str) -> "List[ChangeRecord]":
        """The records of a run's changes that can be read, in the order in which they were made."""
        found = []
        for name in self._names(self.folder(run), "change.json"):
            with contextlib.suppress(OSError, Unreadable):
                found.append(self._read_change(run, name))
        return sorted(found, key=lambda record: record["number"])

    def _read_change(self, run: str, change: str) -> "ChangeRecord":
        path = os.path.join(self.folder(run, change), "change.json")
        return cast("ChangeRecord", read_record(path, CHANGE_KEYS, CHANGE_LACKS, {"run": run, "change": change}))

    def change(self, run: str, change: str) -> "Optional[ChangeRecord]":
        """The record of a change, or None where there is no such change. Raises Unreadable."""
        try:
            return self._read_change(run, change)
        except FileNotFoundError:
            return None

    def unreadable(self, open_only: bool) -> List[str]:
        """Why records of changes can't be read; open_only: of runs that may not have ended, of which nobody knows what they have left half-made."""
        found = []
        for run in self._names(self.base, "run.json"):
            if not (open_only and is_closed(self.folder(run))):
                found += [why for _folder, why in self._unreadable_of(run)]
        return found

    def _unreadable_of(self, run: str) -> List[Tuple[str, str]]:
        """The folders of a run's changes of which the records can't be read, and why."""
        found = []
        for change in self._names(self.folder(run), "change.json"):
            try:
                self._read_change(run, change)
            except (OSError, Unreadable) as error:
                found.append((self.folder(run, change), str(error)))
        return found

    def set_aside(self) -> List[str]:
        """Give damaged records of runs that have ended another name, so that they are met once. Returns what is to be said of each."""
        found: List[Tuple[str, str]] = []
        for run in self._names(self.base, "run.json"):
            folder = self.folder(run)
            bad = self._unreadable_of(run)
            try:
                self._read_run(run)
            except (OSError, Unreadable) as error:
                # Its changes are known to be over, or it said so itself.
                if is_closed(folder) or not (bad or any(one["state"] in OPEN for one in self.changes(run))):
                    found.append((folder, str(error)))
                continue
            found += bad if is_closed(folder) else []
        for folder, _why in found:
            aside = os.path.join(os.path.dirname(folder), ".aside-" + os.path.basename(folder))
            shutil.rmtree(aside, ignore_errors=True)
            os.rename(folder, aside)
        return ["%s: it was set aside, and can't be rolled back" % why for _folder, why in found]

    def write_change(self, record: "ChangeRecord") -> None:
        write_json(os.path.join(self.folder(record["run"], record["change"]), "change.json"), record)

    def add_change(self, record: "ChangeRecord", contents: Dict[int, bytes]) -> None:
        """Write a new change and the bytes of its files by their numbers: it appears as a whole, or not at all."""
        final = self.folder(record["run"], record["change"])
        fresh = os.path.join(os.path.dirname(final), ".new-" + record["change"])
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            private_folder(fresh)
            for number, data in contents.items():
                write_file(os.path.join(fresh, "content-%d" % number), data)
            write_json(os.path.join(fresh, "change.json"), record)
            lay_spare(self.base)
            os.rename(fresh, final)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        sync_folder(os.path.dirname(final))

    def give_up_spare(self) -> bool:
        """Let go of the room that is kept for an undo on a full disk; whether there was any."""
        return give_up_spare(self.base)

    def open_changes(self) -> "List[ChangeRecord]":
        """Changes that are neither kept nor undone, in the order in which they have to be undone: the newest first."""
        numbers = {run["run"]: run["number"] for run in self.runs()}
        names = sorted(self._names(self.base, "run.json"), key=lambda name: numbers.get(name, 0))
        return list(reversed([change for run in names for change in self.changes(run) if change["state"] in OPEN]))

    def remove_run(self, run: str) -> None:
        """Remove a run's folder; after a power cut it is there as a whole or no run any more."""
        gone = os.path.join(self.base, ".gone-" + run)
        os.rename(self.folder(run), gone)
        sync_folder(self.base)
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a kill has left half-made or half-removed."""
        for where, folders, files in os.walk(self.base):
            for name in files:
                if name.endswith(".new"):
                    os.unlink(os.path.join(where, name))
            half = [name for name in folders if name.startswith((".new-", ".gone-"))]
            if where == self.base:
                half += [
                    name
                    for name in folders
                    if ID.match(name) and not os.path.lexists(os.path.join(where, name, "run.json"))
                ]
            for name in half:
                shutil.rmtree(os.path.join(where, name), ignore_errors=True)
                folders.remove(name)

    def note_kept(self) -> None:
        """Write down what is still kept: the time of the newest change (last_change, removed where none is), and what was cured (history.json)."""
        runs = [run["run"] for run in self.runs()]
        kept = [
            change
            for run in runs
            for change in self.changes(run)
            if change["state"] == "kept" and change["ended"] is not None
        ]
        path = os.path.join(self.base, "last_change")
        if kept:
            write_file(path, b"%.3f\n" % max(cast("float", change["ended"]) for change in kept))
        else:
            remove_file(path)
        cures = [
            {"run": change["run"], "cause": cause, "at": change["ended"]}
            for change in kept
            for cause in change["causes"]
        ]
        write_history(self.base, runs, cures)

    def find_kept(self, path: str, after: Tuple[int, int]) -> Optional[str]:
        """The last run that changed a path after the given (run number, change number); None where no journal knows of one."""
        found = None
        for run in self.runs():
            for change in self.changes(run["run"]):
                later = (run["number"], change["number"]) > after
                if later and change["state"] == "kept" and any(entry["path"] == path for entry in change["files"]):
                    found = run["run"]
        return found
