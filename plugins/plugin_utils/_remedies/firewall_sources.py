# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a port may be opened for: named addresses and networks, never everybody.

Private to this collection: it may change in any release.
"""

import ipaddress
from typing import List, Sequence

# Nobody's own network is larger than 10.0.0.0/8, or than what a registry gives to a provider.
SHORTEST_PREFIX = {4: 8, 6: 32}


def named_sources(sources: Sequence[object]) -> List[str]:
    """Each source in its canonical form, once. Raises ValueError with one sentence that says what to do."""
    if not sources:
        raise ValueError("no source is named: a port is opened for named addresses only")
    return list(dict.fromkeys(_canonical(str(source).strip()) for source in sources))


def _canonical(text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError("%r is neither an address nor a network (%s)" % (text, error)) from None
    if network.prefixlen < SHORTEST_PREFIX[network.version]:
        raise ValueError("%s is nearly everybody: name the addresses that have to connect" % text)
    if network.is_loopback or network.is_unspecified or network.is_multicast:
        raise ValueError("%s cannot be the source of a connection from another host" % text)
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
