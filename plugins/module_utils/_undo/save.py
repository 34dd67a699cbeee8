# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change is about to touch, written down before it is made: files with what links lead to and folders to be made, commands, units.

Private to this collection: it may change in any release.
"""

import os
import time
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_manager import Runner
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.records import SCHEMA
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import (
    ABSENT,
    Seen,
    check_path,
    look,
    look_to_save,
    missing_parents,
)

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import ChangeRecord, SavedEntry

LINKS = 10


class Wanted(NamedTuple):
    """What a caller wants to be saved. undo: commands that are run before the files are put back; after_undo: after that; confirm_within: seconds, or 0;
    driver: the host whose play makes the change."""

    files: Sequence[str] = ()
    undo: Sequence[Sequence[str]] = ()
    after_undo: Sequence[Sequence[str]] = ()
    units: Sequence[str] = ()
    confirm_within: int = 0
    driver: str = ""


class NewChange(NamedTuple):
    """The record of a change that is about to be made, and the bytes of its files by their numbers."""

    record: "ChangeRecord"
    contents: Dict[int, bytes]


def new_change(host: Host, run_command: Runner, run: str, change: str, number: int, wanted: Wanted) -> NewChange:
    """The record of a change that will be the run's number-th. Raises Refused where one of its files could not be put back."""
    seen: Dict[str, Seen] = {}
    for path in wanted.files:
        _see(host, check_path(path), seen)
    parents = {parent for path in seen for parent in missing_parents(host.root, path)} - set(seen)
    files: "List[SavedEntry]" = [
        {"path": path, "parent": False, "state": dict(one.state._asdict())} for path, one in seen.items()
    ]
    files += [{"path": path, "parent": True, "state": dict(ABSENT._asdict())} for path in sorted(parents)]
    contents = {number: one.data for number, one in enumerate(seen.values()) if one.data is not None}
    record: "ChangeRecord" = {
        "schema": SCHEMA,
        "run": run,
        "change": change,
        "number": number,
        "state": "saved",
        "saved": time.time(),
        "ended": None,
        "by": None,
        "by_host": False,
        "files": files,
        "undo": [list(argv) for argv in wanted.undo],
        "undo_done": 0,
        "after_undo": [list(argv) for argv in wanted.after_undo],
        "units": _active_units(host, run_command, wanted.units),
        "confirm_within": wanted.confirm_within,
        "left": {},
        "leave": {},
        "problems": [],
        "driver": wanted.driver,
        "causes": [],
    }
    return NewChange(record, contents)


def _see(host: Host, path: str, seen: Dict[str, Seen]) -> None:
    """Add to seen how a path is, and what a link there leads to."""
    for _link in range(LINKS):
        if path in seen:
            return
        seen[path] = look_to_save(host.root, path)
        state = seen[path].state
        if state.kind != "link":
            return
        path = os.path.normpath(os.path.join(os.path.dirname(path), state.target or ""))
        if look(host.root, path).state.kind in ("other", "folder"):
            return
    raise Refused("%s comes after more than %d links" % (path, LINKS))


def _active_units(host: Host, run_command: Runner, units: Sequence[str]) -> Dict[str, bool]:
    """Whether each of these units runs; those are missing of which no manager knows."""
    manager = service_manager.in_charge(host)
    found = {unit: service_manager.is_active(manager, unit, run_command) for unit in units}
    return {unit: active for unit, active in found.items() if active is not None}


def left_by(host: Host, run_command: Runner, record: "ChangeRecord") -> Dict[str, Any]:
    """How the files and units of a change are now, so that a rollback sees what others have changed since."""
    left: Dict[str, Any] = {
        entry["path"]: dict(look(host.root, entry["path"]).state._asdict()) for entry in record["files"]
    }
    left.update(_active_units(host, run_command, list(record["units"])))
    return left
