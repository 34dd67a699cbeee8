# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory that a host has and may use.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Memory(TypedDict):
        """Bytes. A host under a limit (a container, mostly) has no more available than what that leaves."""

        total: Optional[int]  # None, and available likewise: not known
        available: Optional[int]
        limit: Optional[int]  # the cgroup's; None: there is none
        oom_kills: Optional[int]  # processes killed for that limit so far


class _LimitFiles(NamedTuple):
    """Where a version of cgroups has the limit, what is used of it, and the entry of its statistics that can be given back."""

    limit: str
    used: str
    statistics: str
    reclaimable: str


class _Limit(NamedTuple):
    """A limit, and the bytes in use that cannot be given back."""

    limit: int
    used: int


_V2, _V1 = "/sys/fs/cgroup/memory.", "/sys/fs/cgroup/memory/memory."
_LIMIT_FILES = (
    _LimitFiles(_V2 + "max", _V2 + "current", _V2 + "stat", "inactive_file"),
    _LimitFiles(_V1 + "limit_in_bytes", _V1 + "usage_in_bytes", _V1 + "stat", "total_inactive_file"),
)
_OOM_KILLS = (_V2 + "events", _V1 + "oom_control")


def memory_facts(host: Host) -> "Memory":
    """The memory of this host as it is now."""
    if host.is_darwin:
        installed = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE")
        return {"total": installed, "available": None, "limit": None, "oom_kills": None}
    text = host.read("/proc/meminfo") or ""
    found = {key: int(value) * 1024 for key, value in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    total, available = found.get("MemTotal"), found.get("MemAvailable")
    if total is None or available is None:
        host.unseen("memory", "/proc/meminfo has no MemTotal and MemAvailable")
    limit = _memory_limit(host, total)
    if limit is None:
        return {"total": total, "available": available, "limit": None, "oom_kills": None}
    if available is not None:
        available = min(available, max(0, limit.limit - limit.used))
    return {"total": total, "available": available, "limit": limit.limit, "oom_kills": _oom_kills(host)}


def _oom_kills(host: Host) -> Optional[int]:
    found = [re.search(r"^oom_kill (\d+)$", host.read(path) or "", re.MULTILINE) for path in _OOM_KILLS]
    return next((int(match.group(1)) for match in found if match), None)


def _memory_limit(host: Host, total: Optional[int]) -> Optional[_Limit]:
    """The limit in force. Where there is none, version 2 has "max", and version 1 a number beyond the memory there is."""
    for files in _LIMIT_FILES:
        limit = (host.read(files.limit) or "").strip()
        if limit.isdecimal() and (total is None or int(limit) < total):
            used = (host.read(files.used) or "").strip()
            pattern = r"^%s (\d+)" % files.reclaimable
            reclaimable = re.search(pattern, host.read(files.statistics) or "", re.MULTILINE)
            given_back = int(reclaimable.group(1)) if reclaimable else 0
            return _Limit(int(limit), max(0, (int(used) if used.isdecimal() else 0) - given_back))
    return None
