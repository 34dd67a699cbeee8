# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend wants to be told a server name in the TLS handshake, and gets none, or one it does not know.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import (
    RESET,
    SNI,
    directive,
    in_force,
    is_about_the_name,
    probed,
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SNI, RESET) and is_about_the_name(hop):
            yield nameless(hop)


def nameless(hop: Hop) -> Finding:
    again = ((hop.reach or {}).get("tls") or {}).get("with_name") or {}
    helped = (
        (Evidence("tls", "with the server name %s the same handshake succeeds" % again["name"], 0.9),)
        if again.get("ok")
        else ()
    )
    name = again.get("name") or "NAME"
    where = hop.routes[0]["pass"]["place"]
    beside = "%s:%d, beside the pass directive" % (where["file"], where["line"])
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SNI, RESET), *probed(hop), *helped, in_force(hop, "server_name", "off, no name is sent")),
        why="%s serves by name, and nginx does not send it one that it knows" % (hop.address,),
        advice=(
            "%s on; %s %s;   # at %s" % (directive(hop, "server_name"), directive(hop, "name"), name, beside),
            "openssl s_client -connect %s -servername %s </dev/null   # which name does it take?"
            % (hop.address.bare, name),
            "the Host header may have to be that name too: then the backend answers with another site than before",
        ),
    )


CAUSE = Cause(name=SNI, title="The backend wants a server name in the TLS handshake", find=find)
