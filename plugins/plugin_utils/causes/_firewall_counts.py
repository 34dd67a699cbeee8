# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of a firewall that count connections: they are made for visitors, and a proxy makes the connections of all visitors from one address.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import Verdict
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import LISTS, by_hand
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_way_in import opening_by
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_ways import (
    SIGNATURES,
    has_room,
    way_in,
    who_listens,
)


def counted(hop: Hop) -> Verdict | None:
    """The rule of the backend's host that refuses the proxy where it connects too often, while somebody listens behind it; None where there is none."""
    found = way_in(hop, "unknown")
    return found if found and found.counted and has_room(hop) else None


def refused_beyond_a_number(hop: Hop, host: Host, cause: str, found: Verdict) -> Finding:
    """Advice where a rule of the backend's host refuses an address that connects too often: nginx's has the connections of all visitors."""
    source, whose = hop.source or hop.proxy.name, found.owner or found.tool or "a rule"
    rule = Evidence("firewall", "%s on %s, %s: %s" % (whose, host.name, found.where, found.counted))
    opening = by_hand(opening_by(hop, or_empty(host.facts["firewall"]), found, ""), host.name)
    # ufw goes by the first rule that fits.
    lines = [line.replace("ufw allow ", "ufw prepend allow ") for line in opening]
    return on_hop(
        hop,
        cause,
        (*hop.seen(*SIGNATURES), rule, *who_listens(hop, host)),
        why="%s on %s refuses an address that connects too often, and %s has the connections of all visitors of %s: %s"
        % (whose, host.name, source, hop.proxy.name, found.counted),
        advice=(
            "%s   # on %s: the rule" % (LISTS.get(found.tool or "", LISTS["nftables"]), host.name),
            *("%s: before that rule" % line for line in lines),
            "# `keepalive` in the upstream{} lets nginx make fewer connections; those of visitors are limited at nginx (limit_req, limit_conn)",
        ),
    )
