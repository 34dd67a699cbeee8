# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that undoes what is open in the journal without Ansible: a timer of the host runs it, and units when the host boots.

Private to this collection: it may change in any release.
"""

import argparse
import os
import sys
import time
from typing import List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.boot_units import remove_boot_units
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import put_files_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import OPEN, Store
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.undo import Undone, begin_undo, undo_change

UNCONFIRMED = "the host itself, as nobody had confirmed the change in %d seconds"
BOOTED = "the host itself, as it booted while the change was being made"


def _print(undone: Undone) -> None:
    """A line for each step, for the system's journal."""
    for step in undone.steps:
        why = ": " + step.why if step.why else ""
        record = undone.record
        sys.stdout.write("%s %s: %s: %s%s\n" % (record["run"], record["change"], step.text, step.outcome, why))


def undo_unconfirmed(store: Store, host: Host, run: str, change: str) -> bool:
    """Undo a change if it was not kept meanwhile. Returns whether nothing of it is left to be undone."""
    with store.guard():
        record = store.change(run, change)
        if record is None or record["state"] not in OPEN:
            return True
        undone = undo_change(store, host, record, UNCONFIRMED % record["confirm_within"], by_host=True)
        _print(undone)
        return undone.complete


def undo_after_boot(store: Store, host: Host, files_only: bool) -> bool:
    """Undo all open changes: their files before the daemons start, the rest when they have. Returns whether none is left open."""
    with store.guard():
        for record in store.open_changes():
            if files_only:
                steps = put_files_back(host, begin_undo(store, host, record), record)
                _print(Undone(record, steps))
            else:
                _print(undo_change(store, host, record, BOOTED, by_host=True))
        if files_only:
            return True
        remove_boot_units(host)
        return not store.open_changes()


def _detach(seconds: float) -> None:
    """Go on as a process of its own that holds nobody's output open, then wait."""
    if os.fork():
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    time.sleep(seconds)


def main(argv: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="undo", description="Undo changes of webops.bad_gateway that nobody has confirmed."
    )
    parser.add_argument("--root", default="/", help="folder that stands for /")
    parser.add_argument("--after", type=float, help="go into the background and wait so many seconds first")
    parser.add_argument(
        "--boot", choices=["files", "all"], help="undo all open changes: put back their files only, or all"
    )
    parser.add_argument("--run", default="", help="run of the change to undo")
    parser.add_argument("--change", default="", help="change to undo")
    wanted = parser.parse_args(argv)
    host = Host(wanted.root)
    store = Store(host)
    if wanted.after is not None:
        _detach(wanted.after)
    if not store.exists():
        return 0
    if wanted.boot:
        return 0 if undo_after_boot(store, host, wanted.boot == "files") else 1
    return 0 if undo_unconfirmed(store, host, wanted.run, wanted.change) else 1
