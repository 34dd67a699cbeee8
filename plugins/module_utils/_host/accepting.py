# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who should accept the connections of a listener whose queue is full, and what they wait for instead.

Private to this collection: it may change in any release.
"""

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_ends import End, tcp_ends
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_owners import held_sockets

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class AcceptingProcess(TypedDict):
        """One process that could accept connections, and the kernel function that it waits in (null: it does not wait, or that is not shown)."""

        pid: int
        process: str
        state: str
        waits_in: Optional[str]

    class Accepting(TypedDict):
        """Who holds a listening socket; peers: where their own connections lead, and how many do."""

        processes: List[AcceptingProcess]
        peers: Dict[str, int]


PROCESSES, PEERS = 16, 5
_FILES = re.compile(r"^Max open files\s+(\d+)", re.MULTILINE)


def is_full(listener: Mapping[str, Any]) -> bool:
    """Whether as many connections wait as may: the kernel drops or refuses the next one."""
    queue, backlog = listener["queue"], listener["backlog"]
    return bool(queue) and backlog is not None and queue >= backlog


def add_accepting(host: Host, processes: Processes, listeners: Optional[Mapping[str, Any]]) -> None:
    """Show of each listener that lets connections wait whether it is out of files; where its queue is full, who should accept them.

    listeners: the facts of that name.
    """
    if listeners is None:
        return
    ours = {entry["port"] for entry in listeners["tcp"]}
    for listener in [*listeners["tcp"], *listeners["unix"]]:
        owner = processes.by_pid.get(listener["pid"] or 0)
        if owner and listener["queue"]:
            listener["out_of_files"] = next(
                filter(None, (_reached(host, one) for one in _family(processes, owner)[:PROCESSES])), None
            )
        if owner and is_full(listener):
            family = _family(processes, owner)[:PROCESSES]
            inodes = set().union(*(held_sockets(host, one.pid) or set() for one in family))
            listener["accepting"] = {
                "processes": [_process(one) for one in family],
                "peers": _peers(tcp_ends(host, ours), inodes),
            }


def _family(processes: Processes, owner: Process) -> List[Process]:
    """A process and all that it and its children have started, each before its children."""
    found = [owner]
    for one in found:
        found += processes.children_of(one.pid)
    return found


def _reached(host: Host, process: Process) -> Optional[int]:
    """How many files a process may open, where it has as many open: it can accept no connection then."""
    limit = _FILES.search(host.read("/proc/%d/limits" % process.pid) or "")
    most = int(limit.group(1)) if limit else 0
    return most if most and len(host.listdir("/proc/%d/fd" % process.pid)) >= most else None


def _process(process: Process) -> "AcceptingProcess":
    return {"pid": process.pid, "process": process.name, "state": process.state, "waits_in": process.waits_in()}


def _peers(ends: Mapping[int, End], inodes: Set[int]) -> Dict[str, int]:
    """Where these sockets are connected to, most first."""
    counts = Counter(ends[inode].address for inode in inodes if inode in ends and not ends[inode].is_new)
    return dict(counts.most_common(PEERS))
