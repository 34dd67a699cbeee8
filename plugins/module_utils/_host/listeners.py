# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens on a host, who owns it, how full its queue is, and where connections from here go.

Private to this collection: it may change in any release.
"""

import os
import re
import socket
import stat
import struct
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes

FILES_PER_PROCESS = 4096
PEERS = 200
ACL_ATTRIBUTE = "system.posix_acl_access"
# struct posix_acl_xattr_entry: the tags that name somebody, and the mask that limits them.
ACL_USER, ACL_GROUP_OWNER, ACL_GROUP, ACL_MASK = 0x02, 0x04, 0x08, 0x10


class Listening(NamedTuple):
    """A listening socket, whichever way it was found. name is the path of a unix socket; None: not told by that way."""

    name: str
    port: int
    inode: int
    queue: Optional[int]
    backlog: Optional[int]
    file_inode: Optional[int]
    v6only: Optional[bool]


def listening_sockets(
    host: Host, processes: Processes, accounts: Optional[Accounts] = None
) -> Optional[Dict[str, Any]]:
    """The listening TCP and unix stream sockets; None where they cannot be told."""
    accounts = accounts or Accounts(host)
    if not host.is_dir("/proc/net"):
        return _from_lsof(host, processes, accounts)
    tcp, unix = _tcp(host), _unix(host)
    if tcp is None or unix is None:
        return None
    owners = _owners(host, processes, {entry.inode for entry in tcp + unix})
    paths = [entry for entry in unix if not entry.name.startswith("@")]
    return {
        "tcp": [_tcp_entry(entry, owners.get(entry.inode), accounts) for entry in tcp],
        "unix": [_unix_entry(host, entry, owners.get(entry.inode), accounts) for entry in paths],
    }


def connections(host: Host, listeners: Optional[Dict[str, Any]]) -> Optional[Dict[str, Any]]:
    """Outgoing TCP connections: how many local ports each peer takes up, the 200 greatest."""
    if listeners is None:
        return None
    ours = frozenset(entry["port"] for entry in listeners["tcp"])
    counts: Dict[Tuple[str, int], int] = {}
    states = {netlink.TCP_TIME_WAIT: 0, netlink.TCP_ESTABLISHED: 0}
    try:
        for family in (socket.AF_INET, socket.AF_INET6):
            for state, peer, port in netlink.outgoing(family, ours):
                counts[peer, port] = counts.get((peer, port), 0) + 1
                states[state] = states.get(state, 0) + 1
    except (OSError, AttributeError) as error:
        host.unseen("connections", "netlink: %s" % error)
        return None
    greatest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:PEERS]
    by_peer = {"tcp:%s:%d" % (bracketed(peer), port): count for (peer, port), count in greatest}
    return {
        "time_wait": states[netlink.TCP_TIME_WAIT],
        "established": states[netlink.TCP_ESTABLISHED],
        "by_peer": by_peer,
    }


def bracketed(address: str) -> str:
    return "[%s]" % address if ":" in address else address


def _tcp(host: Host) -> Optional[List[Listening]]:
    if host.root == "/":
        try:
            found = [
                entry
                for family in (socket.AF_INET, socket.AF_INET6)
                for entry in netlink.tcp_sockets(family, netlink.LISTENING)
            ]
            return [
                Listening(entry.address, entry.port, entry.inode, entry.queue, entry.backlog, None, entry.v6only)
                for entry in found
            ]
        except OSError as error:
            host.unseen("backlogs of TCP listeners", "netlink: %s" % error)
    texts = [host.read("/proc/net/" + name) for name in ("tcp", "tcp6")]
    if texts[0] is None:
        host.unseen("listeners", "/proc/net/tcp cannot be read")
        return None
    return [entry for text in texts for entry in parse_proc_tcp(text or "")]


def parse_proc_tcp(text: str) -> List[Listening]:
    """Listening sockets of /proc/net/tcp or tcp6, which do not tell the backlog."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] == "%02X" % netlink.TCP_LISTEN and ":" in words[1]:
            address, port = words[1].split(":")
            queue = int(words[4].split(":")[1], 16)
            found.append(Listening(_proc_address(address), int(port, 16), int(words[9]), queue, None, None, None))
    return found


def _proc_address(text: str) -> str:
    """The kernel prints 32-bit words in its own byte order."""
    raw = b"".join(struct.pack("=I", int(text[index : index + 8], 16)) for index in range(0, len(text), 8))
    return netlink.ip_text(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _unix(host: Host) -> Optional[List[Listening]]:
    if host.root == "/":
        try:
            return [
                Listening(entry.name, 0, entry.inode, entry.queue, entry.backlog, entry.file_inode, None)
                for entry in netlink.unix_listeners()
            ]
        except OSError as error:
            host.unseen("backlogs of unix listeners", "netlink: %s" % error)
    text = host.read("/proc/net/unix", 16 * 1024 * 1024)
    if text is None:
        host.unseen("listeners", "/proc/net/unix cannot be read")
        return None
    return parse_proc_unix(text)


def parse_proc_unix(text: str) -> List[Listening]:
    """Listening stream sockets of /proc/net/unix, which tells neither queue nor backlog."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split(None, 7)
        if len(words) == 8 and words[3] == "00010000" and words[4] == "0001":
            found.append(Listening(words[7], 0, int(words[6]), None, None, None, None))
    return found


def _owners(host: Host, processes: Processes, inodes: Set[int]) -> Dict[int, Process]:
    """The oldest process that holds each socket. PID 1 comes last: it holds what it only opened for a service."""
    owners: Dict[int, Process] = {}
    refused = 0
    for process in sorted(processes.oldest_first(), key=lambda process: process.pid == 1):
        if len(owners) == len(inodes):
            break
        held = _held(host, process.pid)
        refused += held is None
        for inode in (held or set()) & inodes:
            owners.setdefault(inode, process)
    if refused and len(owners) < len(inodes):
        host.unseen("owners of some listeners", "open files of %d processes cannot be read" % refused)
    return owners


def _held(host: Host, pid: int) -> Optional[Set[int]]:
    """Inodes of the sockets that a process holds; None where that is refused."""
    folder = host.path("/proc/%d/fd" % pid)
    try:
        names = os.listdir(folder)
    except PermissionError:
        return None
    except OSError:
        return set()
    if len(names) > FILES_PER_PROCESS:
        names = sorted(names, key=int)[:FILES_PER_PROCESS]
    held = set()
    for name in names:
        try:
            target = os.readlink(folder + "/" + name)
        except OSError:
            continue
        if target.startswith("socket:["):
            held.add(int(target[8:-1]))
    return held


def _owned(entry: Listening, owner: Optional[Process], accounts: Accounts) -> Dict[str, Any]:
    return {
        "pid": owner.pid if owner else None,
        "process": owner.name if owner else None,
        "user": accounts.user(owner.uid) if owner else None,
        "unit": owner.unit if owner else None,
        "queue": entry.queue,
        "backlog": entry.backlog,
    }


def _tcp_entry(entry: Listening, owner: Optional[Process], accounts: Accounts) -> Dict[str, Any]:
    return dict(_owned(entry, owner, accounts), address=entry.name, port=entry.port, v6only=entry.v6only)


def _unix_entry(host: Host, entry: Listening, owner: Optional[Process], accounts: Accounts) -> Dict[str, Any]:
    path = entry.name
    if not path.startswith("/") and owner and owner.cwd:
        # Bound by a relative name: relative to where the daemon works.
        path = os.path.normpath(os.path.join(owner.cwd, path))
    return dict(_owned(entry, owner, accounts), path=path, file=socket_file(host, path, entry.file_inode, accounts))


def socket_file(host: Host, path: str, bound_inode: Optional[int], accounts: Accounts) -> Dict[str, Any]:
    """What stands at that path, and whether it is the file that was bound; null is not known (a folder that only root may search)."""
    empty: Dict[str, Any] = dict.fromkeys(
        ("exists", "is_socket", "same", "owner", "group", "uid", "gid", "mode", "acl")
    )
    try:
        found = os.stat(host.path(path))
    except PermissionError:
        return empty
    except OSError:
        return dict(empty, exists=False, is_socket=False, same=False)
    return {
        "exists": True,
        "is_socket": stat.S_ISSOCK(found.st_mode),
        "same": None if bound_inode is None else found.st_ino & 0xFFFFFFFF == bound_inode,
        "owner": accounts.user(found.st_uid),
        "group": accounts.group(found.st_gid),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "mode": "%04o" % stat.S_IMODE(found.st_mode),
        "acl": _acl(host.path(path), accounts),
    }


def _acl(path: str, accounts: Accounts) -> Optional[List[str]]:
    try:
        return parse_acl(os.getxattr(path, ACL_ATTRIBUTE), accounts)
    except (OSError, AttributeError):
        return None


def parse_acl(raw: bytes, accounts: Accounts) -> Optional[List[str]]:
    """Named users and groups and the owning group ("g::rw") with what the mask leaves them; None where it is only the mode."""
    entries = list(struct.iter_unpack("<HHI", raw[4 : 4 + (len(raw) - 4) // 8 * 8]))
    mask = next((permissions for tag, permissions, _id in entries if tag == ACL_MASK), None)
    if mask is None:
        return None
    texts = []
    for tag, permissions, number in entries:
        allowed = "".join(letter for bit, letter in ((4, "r"), (2, "w"), (1, "x")) if permissions & mask & bit) or "-"
        if tag == ACL_USER:
            texts.append("u:%s:%s" % (accounts.user(number), allowed))
        elif tag == ACL_GROUP:
            texts.append("g:%s:%s" % (accounts.group(number), allowed))
        elif tag == ACL_GROUP_OWNER:
            texts.append("g::%s" % allowed)
    return texts


def _from_lsof(host: Host, processes: Processes, accounts: Accounts) -> Optional[Dict[str, Any]]:
    """macOS and the BSDs. Written from lsof(8); not tried on such a host. It tells neither queue nor backlog."""
    tcp = host.run(["lsof", "-nP", "-iTCP", "-sTCP:LISTEN", "-FpPn"])
    unix = host.run(["lsof", "-nP", "-U", "-FpPn"])
    if tcp.code is None or unix.code is None:
        host.unseen("listeners", tcp.error or unix.error)
        return None
    found: Dict[str, Any] = {"tcp": [], "unix": []}
    for pid, name in _lsof_names(tcp.out, processes):
        address, _colon, port = name.rpartition(":")
        if port.isdecimal():
            everywhere = "0.0.0.0"  # noqa: S104 - the name of what is bound already
            entry = Listening(
                everywhere if address == "*" else address.strip("[]"), int(port), 0, None, None, None, None
            )
            found["tcp"].append(_tcp_entry(entry, processes.by_pid.get(pid), accounts))
    for pid, name in _lsof_names(unix.out, processes):
        if name.startswith("/"):
            found["unix"].append(
                _unix_entry(host, Listening(name, 0, 0, None, None, None, None), processes.by_pid.get(pid), accounts)
            )
    return found


def _lsof_names(text: str, processes: Processes) -> Iterable[Tuple[int, str]]:
    """(oldest pid, name) of each name in lsof's field output: a line p<pid>, then lines n<name> of its files."""
    holders: Dict[str, List[int]] = {}
    pid = 0
    for line in text.splitlines():
        if re.match(r"p\d+$", line):
            pid = int(line[1:])
        elif line.startswith("n"):
            holders.setdefault(line[1:].split("->")[0], []).append(pid)
    order = {process.pid: rank for rank, process in enumerate(processes.oldest_first())}
    return [(min(pids, key=lambda pid: order.get(pid, len(order))), name) for name, pids in holders.items()]
