# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx asks one of the two loopback addresses, and the backend listens on the other one only.

Signatures: ipv6_localhost_refused, ipv6_unavailable, backend_port_closed.

Looked at: which loopback address is asked and which one is listened on.

Done: nginx is given the address that is listened on, at its file and line.

A quick fix: switching IPv6 off on the host breaks whatever else uses it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop_symptoms import probe_sign
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import (
    edits_of_host,
    named_at,
    written_by,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import recurring

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import TcpListener

IPV4, IPV6 = "127.0.0.1", "::1"


class Side(t.NamedTuple):
    """The loopback address that nginx asks, the one that the backend listens on, and what nginx logs then."""

    asked: str
    other: str
    signatures: tuple[str, ...]


SIDES = (
    Side(IPV6, IPV4, ("ipv6_localhost_refused", "ipv6_unavailable")),
    Side(IPV4, IPV6, ("backend_port_closed",)),
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        if hop.is_unix or host is not hop.proxy:
            continue
        for side in SIDES:
            listener = host.tcp_listener(side.other, hop.address.port)
            if listener and not host.tcp_listener(side.asked, hop.address.port) and is_met(hop, side):
                yield on_other_side(hop, side, listener)


def is_met(hop: Hop, side: Side) -> bool:
    """Whether nginx asks this address, and a request failed for it."""
    # The signatures of ::1 say themselves that nginx asked it.
    asks = side.asked == IPV6 or any(one.host == side.asked for one in hop.tried_addresses)
    return asks and hop.has(*side.signatures) and hurts(hop, side.signatures)


def hurts(hop: Hop, signatures: tuple[str, ...]) -> bool:
    """Whether a request failed for it, now or in the log. A refusal on ::1 hurts nobody whom nginx never sends there; where no address accepts a
    connection, it hurts everybody; where the one that accepts it fails by itself, now or by the log, the refusal is not why."""
    if hop.failing and not or_empty(hop.reach).get("connected"):
        return True
    if (hop.failing and probe_sign(hop)) or any(one["signature"] not in signatures for one in recurring(hop)):
        return False
    return any(answer.get("signature") in signatures for answer in hop.failing) or any(
        record["signature"] in signatures for record in hop.records
    )


def on_other_side(hop: Hop, side: Side, listener: TcpListener) -> Finding:
    host, port = bracketed(hop.address.host), hop.address.port
    wanted, asked = bracketed(side.other), bracketed(side.asked)
    process, there = listener.get("process") or "the backend", bracketed(listener["address"])
    evidence = (
        *hop.seen(*side.signatures),
        Evidence("socket", "%s listens on %s:%d and not on %s" % (process, there, port, asked)),
        Evidence("config", "%s asks %s:%d" % (named_at(hop), host, port)),
    )
    written, edits = written_by(hop), edits_of_host(hop, host, wanted)
    if not written and edits:
        return on_hop(hop, CAUSE.name, evidence, remedy=remedies.upstream_address(edits))
    why = "the address comes from a variable"
    advice: tuple[str, ...] = ("# write %s instead of %s, where %s gets it from" % (wanted, host, named_at(hop)),)
    if written:
        why, advice = written.why, written.advice(hop.proxy.name, advice)
    return on_hop(hop, CAUSE.name, evidence, why=why, advice=advice)


def bracketed(host: str) -> str:
    """A host as nginx's directives have it."""
    return "[%s]" % host if ":" in host else host


CAUSE = Cause(
    name="ipv6_localhost_refused",
    title="nginx asks a loopback address where the backend does not listen",
    says="{proxy}'s nginx asks {subject}, and the backend listens on the other loopback address",
    find=find,
)
