# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend listens, and a firewall rejects the proxy.

Signatures: firewall_reject, backend_port_closed, backend_unreachable, selinux_network_connect.

Looked at: the rules that are in force on both hosts, a direct connection that is refused, the backend's listener.

Done: the port is opened for the proxy's address only, in the tool that owns the firewall, now and after a reboot.

A quick fix: stopping the firewall, or opening the port to everybody, opens the backend to the Internet.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._barred_relays import barred
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_counts import (
    counted,
    refused_beyond_a_number,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_findings import (
    refused_between,
    refused_on_the_way_out,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_way_in import refused_on_the_way_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_ways import (
    SIGNATURES,
    is_between,
    way_in,
    way_out,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._listeners_inside import is_asked_in_vain
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import recurring

#: What a connection ends with where nothing answers: a packet was dropped.
SILENT = ("connect_timeout", "connect_timeout_kernel")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        for on in barred(fleet, hop, "reject"):
            yield refused_on_the_way_in(on.hop, on.host, CAUSE.name, on.verdict, SIGNATURES)
        if hop.is_unix or is_asked_in_vain(hop):
            continue
        found, out, too_many = way_in(hop, "reject"), way_out(hop, "reject"), counted(hop)
        if too_many and hop.backend and not hop.has(*SILENT) and (hop.has(*SIGNATURES) or recurring(hop, *SIGNATURES)):
            yield refused_beyond_a_number(hop, hop.backend, CAUSE.name, too_many)
        elif not hop.has(*SIGNATURES):
            continue
        elif out:
            yield refused_on_the_way_out(hop, CAUSE.name, out)
        elif found and hop.backend:
            yield refused_on_the_way_in(hop, hop.backend, CAUSE.name, found, SIGNATURES)
        elif hop.has("firewall_reject") and (hop.backend is None or way_in(hop, "unknown")):
            yield cannot_be_read(hop)
        elif hop.has("firewall_reject", "backend_unreachable") and is_between(hop):
            yield refused_between(hop, CAUSE.name)


def cannot_be_read(hop: Hop) -> Finding:
    """The errno says that a firewall rejects, and its rules are not known."""
    return on_hop(
        hop,
        CAUSE.name,
        hop.seen("firewall_reject"),
        why="the rules that reject %s cannot be read on %s" % (hop.proxy.name, hop.on),
        advice=("nft list ruleset   # on %s: which rule rejects %s?" % (hop.on, hop.source or hop.proxy.name),),
    )


CAUSE = Cause(
    name="firewall_reject",
    title="A firewall rejects the proxy",
    says="{on}'s firewall rejects {proxy}'s connections to {subject}",
    find=find,
    set_off_by=("firewall", "route"),
    yields_to=("stale_upstream_dns",),
)
