# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom processes wait for: where their own connections lead, and who holds the locks that they want.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Collection, Dict, List, Mapping, Optional, Sequence, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_ends import End, resolver_ends, tcp_ends
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_owners import held_sockets
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners

    class Awaited(TypedDict):
        """What some processes have a connection to, try to connect to, or want a lock of."""

        address: Optional[str]  # tcp:, unix: or udp: (of a resolver); None: a lock
        file: Optional[str]  # that is locked
        processes: int  # how many of them
        connecting: int  # how many of these have no connection yet
        process: Optional[
            str
        ]  # who listens there on this host, or holds the lock; None: cannot be seen, or another host
        pid: Optional[int]
        state: Optional[str]  # of that process, as the kernel writes it: T is stopped


MOST, READ = 5, 16 * 1024 * 1024
#: Sockets that are written to only, as each daemon of a unit does: nobody waits there for an answer.
LOGS = ("/run/systemd/", "/dev/log")
_LOCK = re.compile(r"^\d+: +(-> )?\S+ +\S+ +\S+ +(\d+) ([0-9a-f]+:[0-9a-f]+:\d+) ", re.MULTILINE)


def awaited(host: Host, processes: Processes, pids: Sequence[int], listeners: "Optional[Listeners]") -> "List[Awaited]":
    """Whom these processes most likely wait for, the likeliest first: what is not connected yet, what is stopped, what most of them have."""
    ends = _ends(host, listeners)
    found: "Dict[object, Awaited]" = {}
    for pid in pids:
        for end in {ends[inode] for inode in held_sockets(host, pid) or () if inode in ends}:
            one = found.setdefault(end.address, _at(processes, listeners, end.address))
            one["processes"] += 1
            one["connecting"] += end.is_new
    for lock in _locks(host, processes, pids):
        found[lock["file"], lock["pid"]] = lock
    ranked = sorted(
        found.values(),
        key=lambda one: (one["address"] is not None, not one["connecting"], one["state"] != "T", -one["processes"]),
    )
    return ranked[:MOST]


def _ends(host: Host, listeners: "Optional[Listeners]") -> Dict[int, End]:
    """The other ends of this host's own connections, by the number of the socket."""
    ours = {entry["port"] for entry in listeners["tcp"]} if listeners else set()
    return {**tcp_ends(host, ours), **resolver_ends(host), **_unix_ends(host, listeners)}


def _unix_ends(host: Host, listeners: "Optional[Listeners]") -> Dict[int, End]:
    """Those of unix sockets. A connection that was not accepted yet has no name: where one socket alone has a queue, it leads there."""
    try:
        sockets = list(netlink.unix_connections())
    except (OSError, AttributeError) as error:
        host.unseen("unix connections", "netlink: %s" % error)
        return {}
    names = {one.inode: one.name for one in sockets if one.name}
    queues = [one for one in (listeners["unix"] if listeners else ()) if one["queue"] and not _is_fpm(one)]
    alone = queues[0]["path"] if len(queues) == 1 else ""
    ends = {}
    for one in sockets:
        name = "" if one.name else names.get(one.peer, "" if one.peer else alone)
        if name.startswith("/") and not name.startswith(LOGS):
            ends[one.inode] = End("unix:" + name, not one.peer)
    return ends


def _is_fpm(listener: "Mapping[str, object]") -> bool:
    return str(listener["process"] or "").startswith("php-fpm")


def _at(processes: Processes, listeners: "Optional[Listeners]", address: str) -> "Awaited":
    """Nobody waits yet; with who listens at the address on this host."""
    pids = _listening(listeners)
    port = address.rpartition(":")[2]
    wild = ("tcp:0.0.0.0:" + port, "tcp:[::]:" + port) if address.startswith(("tcp:127.", "tcp:[::1]")) else ()
    process = processes.by_pid.get(next((pids[at] for at in (address, *wild) if at in pids), 0))
    return {
        "address": printable(address, 300),
        "file": None,
        "processes": 0,
        "connecting": 0,
        "process": process.name if process else None,
        "pid": process.pid if process else None,
        "state": process.state if process else None,
    }


def _listening(listeners: "Optional[Listeners]") -> Dict[str, int]:
    """The process behind each listening address."""
    if listeners is None:
        return {}
    pids = {"unix:" + one["path"]: one["pid"] or 0 for one in listeners["unix"]}
    pids.update((tcp_address(one["address"], one["port"]), one["pid"] or 0) for one in listeners["tcp"])
    return pids


def _locks(host: Host, processes: Processes, pids: Collection[int]) -> "List[Awaited]":
    """The locks of files that these processes wait for, with who has them."""
    holders: Dict[str, int] = {}
    waiting: Dict[str, Set[int]] = {}
    for waits, pid, inode in _LOCK.findall(host.read("/proc/locks", READ) or ""):
        if waits and int(pid) in pids:
            waiting.setdefault(inode, set()).add(int(pid))
        elif not waits:
            holders.setdefault(inode, int(pid))
    found: "List[Awaited]" = []
    for inode, those in waiting.items():
        holder = processes.by_pid.get(holders.get(inode, 0))
        found.append(
            {
                "address": None,
                "file": _open_file(host, min(those), int(inode.rpartition(":")[2])),
                "processes": len(those),
                "connecting": 0,
                "process": holder.name if holder else None,
                "pid": holder.pid if holder else None,
                "state": holder.state if holder else None,
            }
        )
    return found


def _open_file(host: Host, pid: int, inode: int) -> Optional[str]:
    """The path of a file that a process has open, by its number."""
    folder = "/proc/%d/fd" % pid
    for name in host.listdir(folder)[:1024]:
        path = host.path(folder + "/" + name)
        try:
            if os.stat(path).st_ino == inode:
                return printable(os.readlink(path), 300)
        except OSError:
            continue
    return None
