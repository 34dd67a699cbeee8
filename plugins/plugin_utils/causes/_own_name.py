# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application on nginx's own host that nginx asks by the site's public name: the packets leave the host, and what guards it lets no others in again.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, covers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import reload_nginx

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import TcpListener

LOOPBACK = "127.0.0.1"


def listens_here(hop: Hop) -> Explanation:
    """That the name which nginx asks is that of its own site, and the port is listened on beside it; NOTHING elsewhere."""
    names = {name for route in hop.routes for name in route["server_names"]}
    listeners = hop.proxy.tcp_listeners(hop.address.port)
    if not hop.address.is_name or hop.address.host not in names or not listeners:
        return NOTHING
    listener = listeners[0]
    here = Address(LOOPBACK if covers(listener["address"], LOOPBACK) else listener["address"], hop.address.port)
    seen = "%s, %s: %s listens at %s" % (
        hop.proxy.name,
        listener["unit"] or "no unit",
        listener["process"],
        at(listener),
    )
    return Explanation(
        (Evidence("socket", seen),),
        "%s is this site's own name, and port %d is listened on at %s itself (%s): nginx's packets leave the host, and what guards it (a cloud's security"
        " group, a router) does not let them in again"
        % (hop.address.host, hop.address.port, hop.proxy.name, at(listener)),
        (
            "# write %s in place of %s at %s, then:" % (here.bare, hop.address.bare, named_at(hop)),
            reload_nginx(hop),
        ),
        on=hop.proxy.name,
    )


def at(listener: TcpListener) -> str:
    return "%s:%d" % (listener["address"], listener["port"])
