# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outgoing TCP connections of a host.

Private to this collection: it may change in any release.
"""

import socket
from typing import TYPE_CHECKING, Dict, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners

    class Connections(TypedDict):
        """Outgoing TCP connections."""

        time_wait: int
        established: int
        by_peer: Dict[str, int]  # local ports in use by the peer's address, the 200 largest


PEERS = 200


def connection_facts(host: Host, listeners: "Optional[Listeners]") -> "Optional[Connections]":
    """How many connections this host has made, by peer; None where that cannot be read. One of a port that is listened on was made by the other side."""
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
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:PEERS]
    return {
        "time_wait": states[netlink.TCP_TIME_WAIT],
        "established": states[netlink.TCP_ESTABLISHED],
        "by_peer": {tcp_address(peer, port): count for (peer, port), count in largest},
    }
