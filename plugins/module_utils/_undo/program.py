# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put back what is open in the journal: called by the module, and as a program of its own by a timer of the host or when it boots.

Private to this collection: it may change in any release.
"""

import argparse
import os
import sys
import time
from typing import List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.boot_units import remove_boot_units
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import (
    HOST_ITSELF,
    Step,
    put_change_back,
    put_files_back,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import OPEN, Record, Store


def _tell(record: Record, steps: List[Step]) -> None:
    for step in steps:
        why = ": " + step.why if step.why else ""
        sys.stdout.write("%s %s: %s: %s%s\n" % (record["run"], record["change"], step.step, step.outcome, why))


def take_back_unconfirmed(store: Store, host: Host, run: str, change: str) -> bool:
    """Put a change back if it was not kept meanwhile. Returns whether all is well."""
    with store.guard():
        record = store.change(run, change)
        if record is None or record["state"] not in OPEN:
            return True
        _tell(
            record,
            put_change_back(
                store,
                host,
                record,
                "%s, as nobody had confirmed the change in %d seconds" % (HOST_ITSELF, record["confirm_within"]),
            ),
        )
        return record["state"] not in OPEN


def take_back_after_boot(store: Store, host: Host, files_only: bool) -> bool:
    """Put everything back that is open: the files before the daemons start, the rest when they have."""
    with store.guard():
        for record in store.open_changes():
            if files_only:
                _tell(record, put_files_back(host, store.folder(record["run"], record["change"]), record))
            else:
                _tell(
                    record,
                    put_change_back(
                        store, host, record, HOST_ITSELF + ", as it booted while the change was being made"
                    ),
                )
        if files_only:
            return True
        remove_boot_units(host)
        return not store.open_changes()


def _detach(seconds: float) -> None:
    """Go on as a process of our own that holds nobody's output open, then wait."""
    if os.fork():
        os._exit(0)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    time.sleep(seconds)


def main(argv: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(
        prog="take_back", description="Put changes of webops.bad_gateway back that nobody has confirmed."
    )
    parser.add_argument("--root", default="/", help="folder that stands for /")
    parser.add_argument("--after", type=float, help="go into the background and wait so many seconds first")
    parser.add_argument("--boot", choices=["files", "all"], help="put all open changes back: their files only, or all")
    parser.add_argument("--run", default="", help="run of the change to put back")
    parser.add_argument("--change", default="", help="change to put back")
    wanted = parser.parse_args(argv)
    host = Host(wanted.root)
    store = Store(host)
    if wanted.after is not None:
        _detach(wanted.after)
    if not store.exists():
        return 0
    if wanted.boot:
        return 0 if take_back_after_boot(store, host, wanted.boot == "files") else 1
    return 0 if take_back_unconfirmed(store, host, wanted.run, wanted.change) else 1
