# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router that a host sends packets for an address to.

Private to this collection: it may change in any release.
"""

import socket
import sys
from typing import Optional

#: The kernel's main table of IPv4 routes; numbers are in the byte order of the machine.
TABLE = "/proc/net/route"


def router_towards(address: str, table: str = TABLE) -> Optional[str]:
    """The router on the way to an IPv4 address; None where there is none on the way, or where that is not known."""
    try:
        number = int.from_bytes(socket.inet_aton(address), sys.byteorder)
        # As bytes: a child that has become another user may be unable to load the codec.
        with open(table, "rb") as lines:
            rows = [line.split() for line in lines][1:]
    except (OSError, ValueError):
        return None  # IPv6, or not Linux
    found = []
    for _name, network, router, _flags, _refs, _use, metric, mask, *_rest in rows:
        if number & int(mask, 16) == int(network, 16):
            found.append((-bin(int(mask, 16)).count("1"), int(metric), int(router, 16)))
    nearest = min(found)[2] if found else 0
    return socket.inet_ntoa(nearest.to_bytes(4, sys.byteorder)) if nearest else None
