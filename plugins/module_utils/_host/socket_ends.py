# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other ends of a host's own connections, and which of them owe an answer.

Private to this collection: it may change in any release.
"""

import socket
from typing import Collection, Dict, Iterator, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listening_sockets import proc_address

READ = 16 * 1024 * 1024
ESTABLISHED, SYN_SENT = "01", "02"
RESOLVER = ":0035"


class End(NamedTuple):
    """The other end of a socket; is_new: there is no connection yet. silent: for how many seconds it has owed an answer; None where that cannot be told."""

    address: str
    is_new: bool = False
    silent: Optional[float] = None


def tcp_talks(host: Host) -> Dict[int, Tuple[int, netlink.TcpTalk]]:
    """Local port and what was said of each TCP connection, by the number of the socket; none where the kernel does not say it."""
    found = {}
    try:
        for family in (socket.AF_INET, socket.AF_INET6):
            for inode, port, talk in netlink.tcp_talks(family):
                found[inode] = (port, talk)
    except (OSError, AttributeError) as error:
        host.unseen("answers that are owed", "netlink: %s" % error)
    return found


def tcp_ends(
    host: Host, ours: Collection[int], talks: "Optional[Dict[int, Tuple[int, netlink.TcpTalk]]]" = None
) -> Dict[int, End]:
    """Those of TCP. ours: ports that are listened on; a connection of such a one was made by the other side. talks: what was said over each."""
    found = {}
    for row in (row for kind in ("tcp", "tcp6") for row in _rows(host, kind)):
        if row.port not in ours:
            said = (talks or {}).get(row.inode)
            found[row.inode] = End(row.address("tcp"), row.state == SYN_SENT, unanswered(said[1]) if said else None)
    return found


def unanswered(talk: netlink.TcpTalk) -> Optional[float]:
    """For how many seconds the other end has not answered, or not said its first word; 0 where it has, None where the kernel's coarse clock says both."""
    if not talk.packets_in or talk.sent < talk.received:
        return talk.sent / 1000.0
    if talk.sent == talk.received:
        # What was answered was acknowledged with the answer.
        return talk.sent / 1000.0 if talk.acknowledged < talk.received else None
    return 0.0


def is_just_asked(talk: netlink.TcpTalk, long: float) -> bool:
    """Whether the other end has answered before, was silent for so many seconds, and was asked something since which it may answer yet."""
    return bool(talk.packets_in) and talk.sent < long * 1000 <= talk.received


def unserved(talk: netlink.TcpTalk) -> float:
    """For how many seconds the other end has waited for an answer of this one; 0 where it does not, or that cannot be told."""
    waits = talk.packets_in and (not talk.packets_out or talk.received < talk.sent)
    return talk.received / 1000.0 if waits else 0.0


def resolver_ends(host: Host) -> Dict[int, End]:
    """Those of UDP that lead to a name server."""
    rows = [row for kind in ("udp", "udp6") for row in _rows(host, kind)]
    return {row.inode: End(row.address("udp")) for row in rows if row.peer.endswith(RESOLVER)}


class _Row(NamedTuple):
    """A socket of /proc/net/tcp and the like that is connected, or about to be; peer as the kernel writes it."""

    port: int
    peer: str
    state: str
    inode: int

    def address(self, protocol: str) -> str:
        host, _colon, port = self.peer.partition(":")
        return tcp_address(proc_address(host), int(port, 16)).replace("tcp:", protocol + ":", 1)


def _rows(host: Host, kind: str) -> Iterator[_Row]:
    for line in (host.read("/proc/net/" + kind, READ) or "").splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] in (ESTABLISHED, SYN_SENT):
            yield _Row(int(words[1].rpartition(":")[2], 16), words[2], words[3], int(words[9]))
