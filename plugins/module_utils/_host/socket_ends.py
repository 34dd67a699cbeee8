# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other ends of a host's own connections.

Private to this collection: it may change in any release.
"""

from typing import Collection, Dict, Iterator, NamedTuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listening_sockets import proc_address

READ = 16 * 1024 * 1024
ESTABLISHED, SYN_SENT = "01", "02"
RESOLVER = ":0035"


class End(NamedTuple):
    """The other end of a socket; is_new: there is no connection yet."""

    address: str
    is_new: bool = False


def tcp_ends(host: Host, ours: Collection[int]) -> Dict[int, End]:
    """Those of TCP. ours: ports that are listened on; a connection of such a one was made by the other side."""
    rows = [row for kind in ("tcp", "tcp6") for row in _rows(host, kind)]
    return {row.inode: End(row.address("tcp"), row.state == SYN_SENT) for row in rows if row.port not in ours}


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
