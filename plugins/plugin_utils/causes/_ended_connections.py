# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend that ends connections before it has answered: what that is called, and whether it ends a direct one, too.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty

CLOSED, RESET = "upstream_closed_prematurely", "upstream_connection_reset"
#: Causes that only say that connections end. A cause that says why outdoes them.
ENDED = ("keepalive_race", CLOSED, RESET)


def probe_ended(hop: Hop) -> tuple[Evidence, ...]:
    """That the backend also ended a connection that was made to it directly; empty where it did not."""
    reply = or_empty(or_empty(hop.reach).get("reply"))
    if reply.get("ended") not in ("closed", "reset"):
        return ()
    return (Evidence("probe", "asked directly, %s ends the connection: %s" % (hop.address, reply.get("error"))),)
