# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that drop the packets by which IPv6 neighbours find each other: no connection to an open port gets as far as to be one then.

IPv4 has ARP in their place, which these rules do not see.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import (
    REFUSALS,
    Verdict,
    verdict_on,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.icmp_types import ADVERT, SOLICIT
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import Packet, interface_of, packet_to
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

#: The group by which a host is asked that has an address with these last 24 bits (RFC 4291, 2.7.1).
ASKED_GROUP = int(ipaddress.IPv6Address("ff02::1:ff00:0"))
SIGNATURES = ("firewall_reject", "backend_unreachable", "connect_timeout", "connect_timeout_kernel")


class Dropped(t.NamedTuple):
    """The rule that drops them, and on which host. leaves: on their way out of it."""

    host: Host
    verdict: Verdict
    leaves: bool


def dropped_discovery(hop: Hop) -> Dropped | None:
    """What keeps the proxy from finding its IPv6 neighbour; None where nothing on these hosts does, or where the neighbour answers."""
    silent = next((one for one in hop.tried if one.get("silent")), None)
    address, source = hop.destination.host, hop.source
    if silent is None or source is None or ":" not in source:
        return None
    for host, made, leaves in ways(hop, source, address):
        firewall = host.facts.get("firewall")
        found = verdict_on(firewall, made) if firewall else None
        if found and found.action in REFUSALS:
            return Dropped(host, found, leaves)
    return None


def ways(hop: Hop, source: str, address: str) -> t.Iterator[tuple[Host, Packet, bool]]:
    """The question and its answer, in and out of the hosts that are looked at: the host, the packet, and whether it leaves."""
    group = str(ipaddress.IPv6Address(ASKED_GROUP | int(ipaddress.IPv6Address(address)) & 0xFFFFFF))
    sent = ((source, group, SOLICIT, hop.proxy, hop.backend), (address, source, ADVERT, hop.backend, hop.proxy))
    for sender, target, icmp, here, there in sent:
        for host, leaves in ((here, True), (there, False)):
            if host is not None:
                own, other = (source, address) if host is hop.proxy else (address, source)
                interface = interface_of(host.system, other, own)
                yield host, packet_to(sender, target, 0, interface, leaves)._replace(icmp=icmp), leaves


def discovery_refused(hop: Hop, cause: str, dropped: Dropped) -> Finding:
    """The finding that rules drop what neighbours are found by, with the rule to add."""
    host, found, proxy = dropped.host, dropped.verdict, hop.proxy.name
    way = "out" if dropped.leaves else "in"
    rule = "%s on %s, way %s, %s: %s" % (
        found.owner or found.tool or "the rules",
        host.name,
        way,
        found.where,
        found.rule_text,
    )
    return on_hop(
        hop,
        cause,
        (
            *hop.seen(*SIGNATURES),
            Evidence("name", "%s asks in vain who has %s" % (proxy, hop.destination.host)),
            Evidence("firewall", rule),
        ),
        on=host.name,
        says="%s's firewall drops the ICMPv6 by which %s finds %s" % (host.name, proxy, hop.destination.host),
        why="IPv6 neighbours find each other by ICMPv6 (types 135 and 136), which %s of %s drops on its way %s: nobody seems to have the address,"
        " whatever is open" % (found.where, host.name, way),
        advice=lines_to_add(host, found, dropped.leaves),
    )


def lines_to_add(host: Host, found: Verdict, leaves: bool) -> tuple[str, ...]:
    """The rules that let neighbours be found, in the tool that drops them, and where they are kept."""
    tool = found.tool or ""
    if tool == "iptables":
        rules = (
            "ip6tables -I %s -p icmpv6 --icmpv6-type %d -j ACCEPT   # on %s" % (found.chain, icmp, host.name)
            for icmp in (SOLICIT, ADVERT)
        )
        return (*rules, "ip6tables-save | grep icmp6   # on %s; keep both where its rules are kept" % host.name)
    if tool == "nftables":
        return (
            "nft insert rule %s %s %s icmpv6 type '{ nd-neighbor-solicit, nd-neighbor-advert }' accept   # on %s"
            % (found.family, found.table, found.chain, host.name),
            "# the same line in the file that the rules are loaded from (/etc/nftables.conf), and nd-router-advert where addresses come from a router",
        )
    where = {"ufw": "/etc/ufw/before6.rules", "firewalld": "its zone and its direct rules"}.get(
        tool, "the tool that made the rule"
    )
    return (
        "nft list ruleset; ip6tables -S %s   # on %s: who made this rule?"
        % ("OUTPUT" if leaves else "INPUT", host.name),
        "# accept ICMPv6 types 135 and 136 on the way %s of %s, in %s" % ("out" if leaves else "in", host.name, where),
    )
