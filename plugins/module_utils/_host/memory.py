# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The memory that a host has and may use.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.group_limits import (
    ROOT,
    Used,
    memory_limit,
    own_group,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class GroupMemory(TypedDict):
        """What a control group may have, in bytes, and how many of its processes were killed for that so far."""

        limit: int
        oom_kills: Optional[int]

    class Memory(TypedDict):
        """Bytes. A host under a limit (a container, mostly) has no more available than what that leaves."""

        total: Optional[int]  # None, and available likewise: not known
        available: Optional[int]
        limit: Optional[int]  # the cgroup's; None: there is none
        oom_kills: Optional[int]  # processes killed for that limit so far


#: Where each version of cgroups has the root's files.
_ROOTS = (ROOT, ROOT + "/memory")


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
        available = min(available, limit.free)
    return {"total": total, "available": available, "limit": limit.limit, "oom_kills": _oom_kills(host)}


def group_memory(host: Host, process: Process) -> "Optional[GroupMemory]":
    """The limit of a process's own control group, as of a container; None: it has none."""
    folder = own_group(host, process, "memory")
    limit = memory_limit(host, folder)
    return {"limit": limit.limit, "oom_kills": _oom_kills(host, (folder,))} if limit else None


def _oom_kills(host: Host, folders: Sequence[str] = _ROOTS) -> Optional[int]:
    paths = [folder + name for folder in folders for name in ("/memory.events", "/memory.oom_control")]
    found = [re.search(r"^oom_kill (\d+)$", host.read(path) or "", re.MULTILINE) for path in paths]
    return next((int(match.group(1)) for match in found if match), None)


def _memory_limit(host: Host, total: Optional[int]) -> Optional[Used]:
    """The limit in force; one beyond the memory there is is none."""
    found = (memory_limit(host, root) for root in _ROOTS)
    return next((one for one in found if one and (total is None or one.limit < total)), None)
