# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom processes wait for: where their own connections lead, and who holds the locks that they want.

Private to this collection: it may change in any release.
"""

import os
import re
import time
from typing import TYPE_CHECKING, Any, Collection, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.netlink import TcpTalk
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_ends import (
    End,
    is_just_asked,
    resolver_ends,
    tcp_ends,
    tcp_talks,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_owners import held_sockets
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Awaited(TypedDict):
        """What some processes have a connection to, try to connect to, or want a lock of."""

        address: Optional[str]  # tcp:, unix: or udp: (of a resolver); None: a lock
        file: Optional[str]  # that is locked
        processes: int  # how many of them
        connecting: int  # how many of these have no connection yet
        seconds: Optional[float]  # for how long the other end has owed an answer, at most; None: cannot be told
        process: Optional[
            str
        ]  # who listens there on this host, or holds the lock; None: cannot be seen, or another host
        pid: Optional[int]
        state: Optional[str]  # of that process, as the kernel writes it: T is stopped


MOST, READ = 5, 16 * 1024 * 1024
#: Sockets that are written to only, as each daemon of a unit does: nobody waits there for an answer.
LOGS = ("/run/systemd/", "/dev/log")
#: From so many seconds on, a silence is no ordinary pause between question and answer.
LONG = 0.5
#: Kernel functions in which a process waits for events of any kind, so that what it waits for cannot be told by what it holds.
_ANY = re.compile(r"ep_poll|do_epoll|futex")
_SESSION = re.compile(r"(/sess_).*")
_LOCK = re.compile(r"^\d+: +(-> )?\S+ +\S+ +\S+ +(\d+) ([0-9a-f]+:[0-9a-f]+:\d+) ", re.MULTILINE)


class Waits:
    """Whom processes of a host wait for. What is the same for all of them is read once, when it is first asked for.

    listeners: the facts of that name. talks: what was said over each TCP connection, by the number of its socket, with its local port.
    """

    def __init__(self, host: Host, processes: Processes, listeners: Optional[Mapping[str, Any]]) -> None:
        self.host, self.processes, self.listeners = host, processes, listeners
        self._talks: "Optional[Dict[int, Tuple[int, TcpTalk]]]" = None
        self._later: "Optional[Dict[int, Tuple[int, TcpTalk]]]" = None
        self._read_at = 0.0
        self._ends: "Optional[Dict[int, End]]" = None
        self._pids = _listening(listeners)

    @property
    def talks(self) -> "Dict[int, Tuple[int, TcpTalk]]":
        if self._talks is None:
            self._talks, self._read_at = tcp_talks(self.host), time.monotonic()
        return self._talks

    @property
    def ends(self) -> "Dict[int, End]":
        if self._ends is None:
            ours = {entry["port"] for entry in self.listeners["tcp"]} if self.listeners else set()
            ends = tcp_ends(self.host, ours, self.talks)
            self._ends = {**ends, **resolver_ends(self.host), **_unix_ends(self.host, self.listeners)}
        return self._ends

    def of(self, pids: Sequence[int]) -> "List[Awaited]":
        """Whom these most likely wait for, the likeliest first: who has their lock, what is not connected yet, what is stopped, what most of them have."""
        held = {pid: [one for one in held_sockets(self.host, pid) or () if one in self.ends] for pid in pids}
        found = self._found(held)
        if not found and self._are_still_silent({one for sockets in held.values() for one in sockets}):
            found = self._found(held)
        ranked = sorted(
            found.values(),
            key=lambda one: (one["address"] is not None, not one["connecting"], one["state"] != "T", -one["processes"]),
        )
        return ranked[:MOST]

    def _found(self, held: Mapping[int, Sequence[int]]) -> "Dict[object, Awaited]":
        """Whom processes wait for. held: of each of them its sockets that lead somewhere."""
        found: "Dict[object, Awaited]" = {}
        for pid, sockets in held.items():
            self._add(found, pid, [self.ends[one] for one in sockets])
        for lock in _locks(self.host, self.processes, list(held)):
            found[lock["file"], lock["pid"]] = lock
        return found

    def _are_still_silent(self, sockets: Collection[int]) -> bool:
        """Whether nothing has come over one of these connections for long, though something was asked all the time.

        Many requests may share one: how long ago the newest question was says nothing then, and it is read once more.
        """
        asked = [one for one in sockets if one in self.talks and is_just_asked(self.talks[one][1], LONG)]
        if asked and self._later is None:
            time.sleep(max(0.0, self._read_at + LONG - time.monotonic()))
            self._later = tcp_talks(self.host)
        silent = [one for one in asked if self._came_nothing(one)]
        for one in silent:
            self.ends[one] = self.ends[one]._replace(silent=(self._later or {})[one][1].received / 1000.0)
        return bool(silent)

    def _came_nothing(self, inode: int) -> bool:
        later = (self._later or {}).get(inode)
        return later is not None and later[1].packets_in == self.talks[inode][1].packets_in

    def _add(self, found: "Dict[object, Awaited]", pid: int, ends: Sequence[End]) -> None:
        """Add what one process has connections to and waits for."""
        for address in {end.address for end in ends}:
            one = found.get(address) or self._at(address)
            there = [end for end in ends if end.address == address and self._is_awaited(end, pid, one["state"])]
            if there:
                found[address] = one
                one["processes"] += 1
                one["connecting"] += any(end.is_new for end in there)
                one["seconds"] = max([one["seconds"], *(end.silent for end in there)], key=lambda value: value or 0.0)

    def _is_awaited(self, end: End, pid: int, state: Optional[str]) -> bool:
        """Whether a process waits for the other end of a socket, as far as that can be told. state: of who listens there."""
        if end.silent is not None:
            return end.silent >= LONG
        process = self.processes.by_pid.get(pid)
        if end.is_new or state == "T" or end.address.startswith("udp:") or process is None:
            return True
        function = process.waits_in()
        if process.state == "R" or (function is None and self._shows_functions):
            return False
        return not _ANY.match(function or "")

    @property
    def _shows_functions(self) -> bool:
        """Whether the kernel says in which function a process waits, as init always does. One without such a function runs by now."""
        init = self.processes.by_pid.get(1)
        return init is not None and init.waits_in() is not None

    def _at(self, address: str) -> "Awaited":
        """Nobody waits yet; with who listens at the address on this host."""
        port = address.rpartition(":")[2]
        wild = ("tcp:0.0.0.0:" + port, "tcp:[::]:" + port) if address.startswith(("tcp:127.", "tcp:[::1]")) else ()
        pid = next((self._pids[at] for at in (address, *wild) if at in self._pids), 0)
        process = self.processes.by_pid.get(pid)
        return {
            "address": printable(address, 300),
            "file": None,
            "processes": 0,
            "connecting": 0,
            "seconds": None,
            "process": process.name if process else None,
            "pid": process.pid if process else None,
            "state": process.state if process else None,
        }


def _unix_ends(host: Host, listeners: Optional[Mapping[str, Any]]) -> Dict[int, End]:
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


def _listening(listeners: Optional[Mapping[str, Any]]) -> Dict[str, int]:
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
                "seconds": None,
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
                # What names a session would let its reader in.
                return _SESSION.sub(r"\1***", printable(os.readlink(path), 300))
        except OSError:
            continue
    return None
