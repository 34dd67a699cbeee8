# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run holds the host: a lease that ends by itself, so that a run that was killed locks nobody out for long.

Private to this collection: it may change in any release.
"""

import os
import time
from typing import TYPE_CHECKING, Dict, Optional, Union, cast

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.durable import remove_file, write_json
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.records import Unreadable, read_record
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.refusals import AT_WORK

if TYPE_CHECKING:  # Python 3.6 has no TypedDict
    from typing import TypedDict

    Lease = TypedDict(
        "Lease",
        {
            "run": str,
            "owner": str,
            "since": float,
            "ends": float,
            "implicit": bool,
            "boot": str,
            "from": float,
            "until": float,
        },
    )


LEASE_KEYS = {"run": str, "boot": str, "from": float, "until": float}
LEASE_LACKS = {"owner": "", "since": 0.0, "ends": 0.0, "implicit": False}


class Held(Refused):
    """Another run holds the host."""

    def __init__(self, lease: "Lease") -> None:
        super().__init__(_message(lease))
        self.lease = lease

    def shown(self) -> Dict[str, Union[str, float]]:
        return shown(self.lease)


def shown(lease: "Lease") -> Dict[str, Union[str, float]]:
    """A lease as modules return it."""
    return {"run": lease["run"], "owner": lease["owner"], "since": lease["since"], "ends": lease["ends"]}


def _message(lease: "Lease") -> str:
    when = "%Y-%m-%d %H:%M:%S UTC"
    return (
        "run %s%s %s %s. Wait until it ends, or, if it was killed, until its lease ends at %s;"
        " to end it now (its unfinished change is undone): change_journal with run=%s state=closed"
        % (
            lease["run"],
            " of %s" % lease["owner"] if lease["owner"] else "",
            AT_WORK,
            time.strftime(when, time.gmtime(lease["since"])),
            time.strftime(when, time.gmtime(lease["ends"])),
            lease["run"],
        )
    )


def boot_of(host: Host) -> str:
    """What changes with each start of the system. A container shares the kernel's boot id, so its first process's start time is added."""
    boot = host.read("/proc/sys/kernel/random/boot_id")
    if boot is None:
        return host.run(["sysctl", "-n", "kern.bootsessionuuid"]).out.strip()
    first = (host.read("/proc/1/stat") or "").rpartition(")")[2].split()
    return "%s %s" % (boot.strip(), first[19] if len(first) > 19 else "")


class Lock:
    """The lease on a host, kept in lock.json. All calls need the store's guard to be held.

    boot, from, until: the boot of the host and the seconds of its clock since then in which the lease holds; implicit: taken for one change alone.
    """

    def __init__(self, host: Host, base: str) -> None:
        self.path = os.path.join(base, "lock.json")
        self.boot = boot_of(host)

    def read(self) -> "Optional[Lease]":
        """The lease, or None where nobody has one. One of an earlier boot, one that has ended or one that is damaged counts as none."""
        try:
            lease = cast("Lease", read_record(self.path, LEASE_KEYS, LEASE_LACKS, {}))
        except (FileNotFoundError, Unreadable):
            return None
        alive = lease["boot"] == self.boot and lease["from"] <= time.monotonic() < lease["until"]
        return lease if alive else None

    def take(self, run: str, seconds: int, owner: str, implicit: bool, take_over: str = "") -> None:
        """Take or renew the lease. Raises Held where another run has it."""
        held = self.read()
        if held is not None and held["run"] not in (run, take_over):
            raise Held(held)
        mine = held if held is not None and held["run"] == run else None
        now = time.monotonic()
        lease: "Lease" = {
            "run": run,
            "owner": owner or (mine["owner"] if mine else ""),
            "since": mine["since"] if mine else time.time(),
            "implicit": implicit and (mine["implicit"] if mine else True),
            "boot": self.boot,
            "from": now,
            "until": now + seconds,
            "ends": time.time() + seconds,
        }
        write_json(self.path, lease)

    def release(self, run: str) -> bool:
        """End the lease, if it is this run's (or nobody's any more). Returns whether this run had it."""
        held = self.read()
        if held is not None and held["run"] != run:
            return False
        remove_file(self.path)
        return held is not None
