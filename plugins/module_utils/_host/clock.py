# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of a host.

Private to this collection: it may change in any release.
"""

import re
import sys
import time
from typing import TYPE_CHECKING, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Clock(TypedDict):
        """The host's own clock, so that its log lines can be dated. Times are seconds since the epoch."""

        now: float
        boot: Optional[float]  # None: not known
        utc_offset: int  # seconds east of UTC
        last_change: Optional[float]  # the newest change kept by a run of this collection


LAST_CHANGE = "/var/lib/bad_gateway/last_change"
CLOCK_BOOTTIME = 7


def clock_facts(host: Host) -> "Clock":
    """The host's clock as it is now."""
    now = time.time()
    changed = (host.read(LAST_CHANGE) or "").strip()
    return {
        "now": now,
        "boot": boot_time(host),
        "utc_offset": time.localtime(now).tm_gmtoff,
        "last_change": float(changed) if re.match(r"\d+(\.\d+)?$", changed) else None,
    }


def boot_time(host: Host) -> Optional[float]:
    """When the kernel started, in seconds since the epoch; None where that is not known.

    /proc/stat has whole seconds only, so that the clock is read where it is this host's.
    """
    if host.root == "/" and sys.platform.startswith("linux"):
        return time.time() - time.clock_gettime(CLOCK_BOOTTIME)
    is_bsd = host.is_darwin or (host.root == "/" and not sys.platform.startswith("linux"))
    said = host.run(["sysctl", "-n", "kern.boottime"]).out if is_bsd else host.read("/proc/stat") or ""
    found = re.search(r"^(?:btime |\{ sec = )(\d+)", said, re.MULTILINE)
    return float(found.group(1)) if found else None
