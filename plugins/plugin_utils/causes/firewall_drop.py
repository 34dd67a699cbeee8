# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall drops the proxy's packets: nginx waits until its connect timeout.

Signatures: connect_timeout, connect_timeout_kernel.

Looked at: the rules that are in force on both hosts, a direct connection that times out, the backend's listener.

Done: the port is opened for the proxy's address only, in the tool that owns the firewall, now and after a reboot.

A quick fix: stopping the firewall, or opening the port to everybody, opens the backend to the Internet.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import paused_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._barred_relays import barred
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_counts import (
    counted,
    refused_beyond_a_number,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_findings import (
    cannot_be_decided,
    refused_between,
    refused_on_the_way_out,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_way_in import refused_on_the_way_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_ways import (
    has_room,
    is_between,
    way_in,
    way_out,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._listeners_inside import is_asked_in_vain
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._neighbour_discovery import (
    discovery_refused,
    dropped_discovery,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._own_name import listens_here
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._transparent import as_visitor

#: What a connection ends with whose first packet waits for a neighbour that is not found.
NOT_FOUND = ("firewall_reject", "backend_unreachable")
SIGNATURES = ("connect_timeout", "connect_timeout_kernel")
#: What connect() ends with where the proxy's own firewall drops the packet on its way out: the kernel knows at once.
LOCAL = "firewall_reject"

#: Interfaces of tunnels by their usual names, and what shows their state.
TUNNELS = (
    (re.compile(r"wg\d|wg-|wireguard"), "wg show %s latest-handshakes; wg show %s allowed-ips"),
    (re.compile(r"tailscale"), "tailscale status; ip -brief link show %s"),
    (re.compile(r"tun|tap|ppp|zt|nebula|ipsec|gre|vti"), "ip -brief address show %s; ip -s link show %s"),
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        for on in barred(fleet, hop, "drop"):
            yield refused_on_the_way_in(on.hop, on.host, CAUSE.name, on.verdict, SIGNATURES)
        out = way_out(hop, "drop")
        if out and hop.has(*SIGNATURES, LOCAL):
            yield refused_on_the_way_out(hop, CAUSE.name, out)
        if hop.is_unix or out or is_asked_in_vain(hop) or paused_behind(hop) or not hop.has(*SIGNATURES, *NOT_FOUND):
            continue
        discovery = dropped_discovery(hop)
        if discovery:
            yield discovery_refused(hop, CAUSE.name, discovery)
            continue
        # From the visitor's address nginx connects in vain, whatever a firewall says.
        if hop.has(*SIGNATURES) and not as_visitor(hop):
            yield from on_the_way_in(hop)


def on_the_way_in(hop: Hop) -> t.Iterator[Finding]:
    """What keeps out the packets that have left the proxy."""
    found, unknown, too_many = way_in(hop, "drop"), way_in(hop, "unknown"), counted(hop)
    if found and hop.backend:
        yield refused_on_the_way_in(hop, hop.backend, CAUSE.name, found, SIGNATURES)
    elif hop.backend is None:
        yield outside(hop)
    elif too_many:
        yield refused_beyond_a_number(hop, hop.backend, CAUSE.name, too_many)
    elif unknown and has_room(hop):
        yield cannot_be_decided(hop, CAUSE.name, unknown)
    elif is_between(hop):
        yield refused_between(hop, CAUSE.name)


def outside(hop: Hop) -> Finding:
    """The backend is not among the hosts of this run."""
    own = listens_here(hop)
    if own.words:
        seen = (*hop.seen(*SIGNATURES), *own.evidence)
        says = "%s does not reach itself by its public name" % hop.proxy.name
        return on_hop(hop, CAUSE.name, seen, on=own.on, says=says, why=own.words, advice=own.advice)
    return on_hop(
        hop,
        CAUSE.name,
        hop.seen(*SIGNATURES),
        why="%s is not among the hosts of this run: its firewall cannot be read" % hop.on,
        advice=(
            *through_tunnel(hop),
            "tcpdump -ni any host %s and port %d   # on %s: does the SYN arrive, and does the answer leave?"
            % (hop.source or hop.proxy.name, hop.address.port, hop.on),
            "nft list ruleset; iptables-save -c   # on %s, if it arrives: which counter grows while %s asks?"
            % (hop.on, hop.proxy.name),
            "ip route get %s; tracepath -n %s   # on %s, if it does not: a security group, a router or a tunnel on the way"
            % (hop.destination.host, hop.destination.host, hop.proxy.name),
        ),
    )


def through_tunnel(hop: Hop) -> tuple[str, ...]:
    """What shows whether the tunnel is up through which the proxy reaches the backend; empty where it reaches it otherwise."""
    own = hop.proxy.system.get("interfaces") or {}
    name = next(
        (one for one, addresses in own.items() for address in addresses if address.split("/")[0] == hop.source), ""
    )
    show = next((command for pattern, command in TUNNELS if pattern.match(name)), None)
    return (
        (
            "%s   # on %s: %s leads there; is its tunnel up?"
            % (show.replace("%s", shlex.quote(name)), hop.proxy.name, name),
        )
        if show
        else ()
    )


CAUSE = Cause(
    name="firewall_drop",
    title="A firewall drops the proxy's packets",
    says="{on}'s firewall drops what {proxy} sends to {subject}",
    find=find,
    set_off_by=("firewall", "route"),
    yields_to=("stale_upstream_dns",),
)
