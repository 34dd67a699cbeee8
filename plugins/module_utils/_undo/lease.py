# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds the host: a lease that ends by itself, so that a run that was killed locks nobody out for long.

Private to this collection: it may change in any release.
"""

import os
import time
from typing import Any, Dict, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.durable import read_json, remove_file, write_json


class Held(Refused):
    """Another run holds the host."""

    def __init__(self, message: str, lock: Dict[str, Any]) -> None:
        super().__init__(message)
        self.lock = lock

    def shown(self) -> Dict[str, Any]:
        return shown(self.lock)


def shown(lock: Dict[str, Any]) -> Dict[str, Any]:
    """What callers are told of a lease."""
    return {key: lock[key] for key in ("run", "owner", "since", "ends")}


def boot_of(host: Host) -> str:
    """What changes with each start of the system. A container shares the kernel's boot id, so its first process's start time is added."""
    boot = host.read("/proc/sys/kernel/random/boot_id")
    if boot is None:
        return host.run(["sysctl", "-n", "kern.bootsessionuuid"]).out.strip()
    first = (host.read("/proc/1/stat") or "").rpartition(")")[2].split()
    return "%s %s" % (boot.strip(), first[19] if len(first) > 19 else "")


class Lock:
    """The lease on a host, kept in lock.json. All calls want the store's guard to be held."""

    def __init__(self, host: Host, base: str) -> None:
        self.path = os.path.join(base, "lock.json")
        self.boot = boot_of(host)

    def read(self) -> Optional[Dict[str, Any]]:
        """The lease, or None where nobody has one. One of an earlier boot or one that has ended counts as none."""
        try:
            lock = read_json(self.path)
        except FileNotFoundError:
            return None
        alive = lock["boot"] == self.boot and lock["from"] <= time.monotonic() < lock["until"]
        return lock if alive else None

    def take(self, run: str, lease: int, owner: str, implicit: bool, take_over: str = "") -> None:
        """Take or renew the lease. Raises Held where another run has it."""
        held = self.read()
        if held is not None and held["run"] not in (run, take_over):
            raise Held(self.message(held), held)
        mine = held if held is not None and held["run"] == run else {}
        now = time.monotonic()
        write_json(
            self.path,
            {
                "run": run,
                "owner": owner or mine.get("owner", ""),
                "since": mine.get("since", time.time()),
                "implicit": mine.get("implicit", implicit) and implicit,
                "boot": self.boot,
                "from": now,
                "until": now + lease,
                "ends": time.time() + lease,
            },
        )

    def release(self, run: str) -> bool:
        """Let go, if the lease is this run's (or nobody's any more)."""
        held = self.read()
        if held is not None and held["run"] != run:
            return False
        remove_file(self.path)
        return held is not None

    @staticmethod
    def message(held: Dict[str, Any]) -> str:
        when = "%Y-%m-%d %H:%M:%S UTC"
        return (
            "run %s%s has been changing this host since %s. Wait until it ends, or, if it was killed, until its lease ends at %s;"
            " to end it now (its unfinished change is put back): change_journal with run=%s state=closed"
            % (
                held["run"],
                " of %s" % held["owner"] if held["owner"] else "",
                time.strftime(when, time.gmtime(held["since"])),
                time.strftime(when, time.gmtime(held["ends"])),
                held["run"],
            )
        )
