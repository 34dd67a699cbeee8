# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines of nginx's log are about a hop: by the address that they blame, and by the site.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord


def records_over(
    hop: Hop, records: t.Sequence[tuple[LogRecord, Address | None]], known: t.Collection[Address], beyond: float = 0.0
) -> list[LogRecord]:
    """Log records of nginx that blame this hop. An address that no hop has now belongs to the named peer with that port, whose name has moved since.

    beyond: when a host was changed last to which a relay leads on: older lines are history, as with the backend's own.

    nginx looks names up when it reads its configuration: lines about moved addresses from before the workers started are history.
    """
    read = hop.proxy.config_read
    changed = max(hop.proxy.last_change, hop.by_proxys_clock(hop.backend.last_change) if hop.backend else 0.0, beyond)
    named, addresses = hop.address.is_name, hop.addresses
    found = []
    for record, blamed in records:
        moved = (
            named
            and blamed is not None
            and not blamed.is_unix
            and blamed not in known
            and blamed.port == hop.address.port
            and record["last"] >= read
        )
        if record["last"] > changed and (moved or blamed in addresses):
            found.append(record)
    return found


def of_other_site(hop: Hop, record: LogRecord, others: t.Iterable[Hop]) -> bool:
    """Whether a line names a server that none of a hop's routes has, and one of the others, which lead to the same place (spelled or asked otherwise)."""
    name = record.get("server")
    if not name or serves(hop, name):
        return False
    return any(serves(other, name) for other in others)


def serves(hop: Hop, name: str) -> bool:
    """Whether a route over this hop is of a server with this name."""
    return any(name in (route.get("server_names") or ()) for route in hop.routes)
