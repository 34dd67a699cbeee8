# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall that refuses the proxy where no opening on the backend helps: it is the proxy's own, or between the two, or its rule is not understood.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import Verdict
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import LISTS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_owners import advice_of_owner
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_rules import let_out
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_ways import SIGNATURES


def refused_on_the_way_out(hop: Hop, cause: str, found: Verdict) -> Finding:
    """The finding that the proxy's own firewall refuses: advice alone, as an opening on the backend would not help."""
    proxy, address = hop.proxy, hop.address
    rule = Evidence(
        "firewall",
        "%s on %s, %s, way out: %s" % (found.owner or found.tool, proxy.name, found.where, found.rule_text),
    )
    return on_hop(
        hop,
        cause,
        (*hop.seen(*SIGNATURES), rule),
        on=proxy.name,
        says="%s's own firewall lets no connection out to %s" % (proxy.name, address.bare),
        why="the firewall of %s itself lets nothing out to %s: somebody closed this way on purpose"
        % (proxy.name, address),
        advice=(
            "%s   # on %s: who made this rule?" % (LISTS.get(found.tool or "", LISTS["nftables"]), proxy.name),
            let_out(found, hop.destination, proxy.name),
        ),
    )


def cannot_be_decided(hop: Hop, cause: str, found: Verdict) -> Finding:
    """The finding that the backend's rules may be what keeps the proxy out: a test of one of them is not understood, or its set is too large."""
    rule = "%s on %s, %s: %s" % (found.owner or found.tool, hop.on, found.where, found.rule_text)
    source, port = hop.source or hop.proxy.name, found.port or hop.address.port
    return on_hop(
        hop,
        cause,
        (*hop.seen(*SIGNATURES), Evidence("firewall", rule, 0.3)),
        why="%s listens and nothing of %s arrives; whether this rule refuses it cannot be seen"
        % (hop.on, hop.proxy.name),
        advice=(
            *(advice_of_owner(found, source, port, hop.on) if found.owner and hop.source else ()),
            "tcpdump -ni any host %s and port %d   # on %s: does the SYN arrive, and does the answer leave?"
            % (source, hop.address.port, hop.on),
            "nft list ruleset; iptables-save -c   # on %s: which counter grows while %s asks?"
            % (hop.on, hop.proxy.name),
        ),
    )


def refused_between(hop: Hop, cause: str) -> Finding:
    """The finding that something between the two hosts refuses."""
    listener = hop.backend.listener(hop.real_address) if hop.backend else None
    listens = Evidence(
        "socket", "%s listens on %s of %s" % (or_empty(listener).get("process"), hop.real_address, hop.on)
    )
    rules = "the rules of %s let %s in, and those of %s let it out" % (hop.on, hop.source, hop.proxy.name)
    source, port = hop.source or hop.proxy.name, hop.address.port
    return on_hop(
        hop,
        cause,
        (*hop.seen(*SIGNATURES), listens, Evidence("firewall", rules, 0.5)),
        why="neither host's rules keep %s from %s: a security group, a router or a firewall between them does, or the way back is closed"
        % (hop.proxy.name, hop.address),
        advice=(
            "tcpdump -ni any host %s and port %d   # on %s: does the SYN arrive, and does the answer leave?"
            % (source, port, hop.on),
            "ip route get %s; iptables -S OUTPUT   # on %s: the way back" % (source, hop.on),
            "# allow tcp port %d from %s in the network between (security group, router)" % (port, source),
        ),
    )
