# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control groups of a process leave to it: memory and tasks.

Private to this collection: it may change in any release.
"""

import posixpath
import re
from typing import TYPE_CHECKING, Dict, Iterator, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class GroupLimits(TypedDict):
        """What the tightest of its control groups leaves; None: none of them has such a limit."""

        memory: Optional[int]  # bytes of that group's limit
        memory_free: Optional[int]  # bytes that may still be taken, what can be given back counted as free
        tasks_free: Optional[int]  # processes and threads that may still be made


ROOT = "/sys/fs/cgroup"


class Used(NamedTuple):
    """A limit, and what is in use of it."""

    limit: int
    used: int

    @property
    def free(self) -> int:
        return max(0, self.limit - self.used)


def group_limits(host: Host, process: Process) -> "GroupLimits":
    """The limits of a process by those of its groups. In a container the root may have one: that of tasks counts, that of memory is the host's."""
    groups = _groups(process.cgroup())
    memory = [one for folder in _up(groups, "memory") for one in [memory_limit(host, folder)] if one]
    tasks = [one for folder in [*_up(groups, "pids"), ROOT + "/pids", ROOT] for one in [_tasks(host, folder)] if one]
    tightest = min(memory, key=lambda one: one.free, default=None)
    return {
        "memory": tightest.limit if tightest else None,
        "memory_free": tightest.free if tightest else None,
        "tasks_free": min((one.free for one in tasks), default=None),
    }


def own_group(host: Host, process: Process, controller: str) -> str:
    """The folder of a process's own group for one controller; the root's, where none is seen. Within a container its path may begin above what is seen."""
    groups = _groups(process.cgroup())
    for name, top in ((controller, posixpath.join(ROOT, controller)), ("", ROOT)):
        names = groups.get(name, "/").strip("/").split("/")
        found = (posixpath.join(top, *names[first:]) for first in range(len(names)) if names[0])
        folder = next((one for one in found if host.exists(one)), None)
        if folder:
            return folder
    return ROOT


def _groups(text: str) -> Dict[str, str]:
    """The process's group by the name of the controller; of version 2 the name is empty. What lies outside our view of the groups is left out."""
    found = {}
    for line in text.splitlines():
        _number, _colon, rest = line.partition(":")
        names, _colon, path = rest.partition(":")
        for name in names.split(",") if path.startswith("/") and ".." not in path else ():
            found[name] = path
    return found


def _up(groups: Dict[str, str], controller: str) -> Iterator[str]:
    """The folders of a process's groups for one controller, from its own upwards, without the root's. Version 1 has a tree for each controller."""
    for name, top in ((controller, posixpath.join(ROOT, controller)), ("", ROOT)):
        path = groups.get(name, "/")
        while path != "/":
            yield top + path
            path = posixpath.dirname(path)


def memory_limit(host: Host, folder: str) -> Optional[Used]:
    """The limit of a group, with the bytes in use that cannot be given back; None: it has none.

    Version 2 has "max" then, and version 1 a number near the largest there is. What is above memory.high (MemoryHigh of a unit) slows all of the group down.
    """
    for limit_files, used_file, reclaimable in (
        (("memory.max", "memory.high"), "memory.current", "inactive_file"),
        (("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file"),
    ):
        limits = [number for name in limit_files for number in [_number(host, folder, name)] if number is not None]
        limit = min(limits, default=1 << 62)
        if limit < 1 << 62:
            statistics = host.read(posixpath.join(folder, "memory.stat")) or ""
            found = re.search(r"^%s (\d+)" % reclaimable, statistics, re.MULTILINE)
            given_back = int(found.group(1)) if found else 0
            return Used(limit, max(0, (_number(host, folder, used_file) or 0) - given_back))
    return None


def _tasks(host: Host, folder: str) -> Optional[Used]:
    limit = _number(host, folder, "pids.max")
    return None if limit is None else Used(limit, _number(host, folder, "pids.current") or 0)


def _number(host: Host, folder: str, name: str) -> Optional[int]:
    text = (host.read(posixpath.join(folder, name)) or "").strip()
    return int(text) if text.isdecimal() else None
