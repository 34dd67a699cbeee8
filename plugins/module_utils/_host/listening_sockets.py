# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening sockets that Linux's kernel knows: over netlink, or from /proc where that is refused.

Private to this collection: it may change in any release.
"""

import socket
import struct
from typing import List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host


class Listening(NamedTuple):
    """A listening TCP or unix stream socket. What the way to it does not show is None."""

    name: str  # a unix socket's path as it was bound, "@..." for an abstract one; a TCP socket's address
    port: int  # 0: a unix socket
    inode: int
    queue: Optional[int] = None
    backlog: Optional[int] = None
    file_inode: Optional[int] = None  # 32 bits of the number of a unix socket's file
    v6only: Optional[bool] = None


def tcp_listening(host: Host) -> Optional[List[Listening]]:
    """The listening TCP sockets; None where they cannot be read."""
    if host.root == "/":
        try:
            return [
                Listening(found.address, found.port, found.inode, found.queue, found.backlog, None, found.v6only)
                for family in (socket.AF_INET, socket.AF_INET6)
                for found in netlink.tcp_sockets(family, netlink.LISTENING)
            ]
        except OSError as error:
            host.unseen("backlogs of TCP listeners", "netlink: %s" % error)
    text = host.read("/proc/net/tcp")
    if text is None:
        host.unseen("listeners", "/proc/net/tcp cannot be read")
        return None
    return parse_proc_tcp(text) + parse_proc_tcp(host.read("/proc/net/tcp6") or "")


def parse_proc_tcp(text: str) -> List[Listening]:
    """Listening sockets of /proc/net/tcp or tcp6, which have no backlog."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] == "%02X" % netlink.TCP_LISTEN and ":" in words[1]:
            address, port = words[1].split(":")
            queue = int(words[4].split(":")[1], 16)
            found.append(Listening(proc_address(address), int(port, 16), int(words[9]), queue))
    return found


def proc_address(text: str) -> str:
    """The kernel prints 32-bit words in its own byte order."""
    raw = b"".join(struct.pack("=I", int(text[index : index + 8], 16)) for index in range(0, len(text), 8))
    return netlink.ip_text(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def unix_listening(host: Host) -> Optional[List[Listening]]:
    """The listening unix stream sockets; None where they cannot be read."""
    if host.root == "/":
        try:
            return [
                Listening(found.name, 0, found.inode, found.queue, found.backlog, found.file_inode)
                for found in netlink.unix_listeners()
            ]
        except OSError as error:
            host.unseen("backlogs of unix listeners", "netlink: %s" % error)
    text = host.read("/proc/net/unix", 16 * 1024 * 1024)
    if text is None:
        host.unseen("listeners", "/proc/net/unix cannot be read")
        return None
    return parse_proc_unix(text)


def parse_proc_unix(text: str) -> List[Listening]:
    """Listening stream sockets of /proc/net/unix, which has neither queue nor backlog."""
    found = []
    for line in text.splitlines()[1:]:
        words = line.split(None, 7)
        if len(words) == 8 and words[3] == "00010000" and words[4] == "0001":
            found.append(Listening(words[7], 0, int(words[6])))
    return found
