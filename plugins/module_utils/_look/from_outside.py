# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that only the log names are made over an address of the host that visitors use, not over its loopback.

Applications do things for 127.0.0.1 alone: cron.php, installers, status pages. Any visitor can bring a path into the log, and would have it asked from there.

Private to this collection: it may change in any release.
"""

import ipaddress
from typing import TYPE_CHECKING, Collection, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_number, tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    Door,
    Doors,
    door_of,
)

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts

_EVERYWHERE = ("*", "0.0.0.0", "[::]")  # noqa: S104  read, not bound


def from_outside(doors: Doors, server: "BlockFacts", door: Door, addresses: Optional[Collection[str]]) -> Door:
    """The same listener of a server at one of the host's addresses, where the server listens on all of them. One of the loopback alone stays
    as it is: all who ask it come from there. addresses: the host's; None where they are not known."""
    if not any(listen.get("address") in _EVERYWHERE and door_of(listen) == door for listen in server["listens"]):
        return door
    is_v6 = "[" in door.connect
    own = [ipaddress.ip_address(one) for one in addresses or () if is_number(one) and (":" in one) == is_v6]
    # Where another server has an address to itself, this one is not asked there.
    taken = {host.strip("[]") for host, port in doors.by_socket if port == door.port}
    usable = [one for one in own if not one.is_loopback and not one.is_link_local and str(one) not in taken]
    best = max(usable, key=lambda one: one.is_global, default=None)
    return door._replace(connect=tcp_address(str(best), door.port)) if best else door
