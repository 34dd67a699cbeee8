# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend listens, and a firewall on its host rejects the proxy."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils import _remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._address import split_tcp
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._finding import Cause, Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._firewall_verdict import Verdict, interface_of, verdict
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet import Facts, Fleet, Hop, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop

#: A reject with tcp-reset or port-unreachable looks like a closed port from the proxy; one whose ICMP the kernel holds back, like a drop.
SIGNATURES = ("firewall_reject", "backend_port_closed", "backend_unreachable", "connect_timeout", "connect_timeout_kernel")


def judged(hop: Hop, *actions: str) -> Verdict | None:
    """What the backend's firewall does with the proxy's connections, where that is one of these actions."""
    host = hop.backend
    if host is None or hop.is_unix or not host.facts.get("firewall") or not hop.source:
        return None
    destination = next((attempt["address"] for attempt in hop.tried), hop.address)
    address, port = split_tcp(destination)
    found = verdict(host.facts["firewall"], hop.source, address, port, interface_of(host.facts["system"], hop.source, address))
    return found if found.action in actions else None


def opened(hop: Hop, host: Host, found: Verdict, cause: str, signatures: tuple[str, ...]) -> Finding:
    """The finding with its remedy; advice where an opening in the tool that owns the firewall would not help, or not last."""
    firewall = host.facts["firewall"]
    port = split_tcp(hop.address)[1]
    seen = evidence(hop, found, *signatures)
    allow = "allow tcp port %d from %s" % (port, hop.source)
    if firewall.get("manager"):
        return on_hop(hop, cause, seen, why="%s writes the rules of %s: change them there" % (firewall["manager"], host.name), advice=(allow,))
    if found.tool and found.tool != firewall["tool"]:
        why = "the rule is not %s's, which owns the firewall, but belongs to %s" % (firewall["tool"], found.tool)
        return on_hop(hop, cause, seen, why=why, advice=("nft list ruleset   # on %s: who made this rule?" % host.name, allow))
    return on_hop(hop, cause, seen, remedy=opening(hop, firewall, port, found))


def opening(hop: Hop, firewall: Facts, port: int, found: Verdict) -> Remedy:
    """The port for the proxy's address, in the tool that owns the firewall."""
    return _remedies.firewall_port(
        firewall["tool"], port, hop.source or "", found.place, "port %d is opened for %s (%s) only" % (port, hop.source, hop.proxy.name)
    )


def evidence(hop: Hop, found: Verdict, *signatures: str) -> tuple[Evidence, ...]:
    host = hop.backend
    rule = Evidence("firewall", "%s on %s: %s" % (host.facts["firewall"]["tool"] if host else "", hop.on, found.rule_text))
    listener = host.tcp_listener(*split_tcp(next((one["address"] for one in hop.tried), hop.address))) if host else None
    listens = (Evidence("socket", "%s listens on %s:%d" % (listener["process"], listener["address"], listener["port"])),) if listener else ()
    return (*hop.seen(*signatures), rule, *listens)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.is_unix or not hop.has(*SIGNATURES):
            continue
        found = judged(hop, "reject")
        if found and hop.backend:
            yield opened(hop, hop.backend, found, CAUSE.name, SIGNATURES)
        elif hop.has("firewall_reject") and (hop.backend is None or judged(hop, "unknown")):
            yield on_hop(
                hop, CAUSE.name, hop.seen("firewall_reject"), why="the rules that reject %s cannot be read on %s" % (hop.proxy.name, hop.on),
                advice=("nft list ruleset   # on %s: which rule rejects %s" % (hop.on, hop.source or hop.proxy.name),),
            )


CAUSE = Cause(name="firewall_reject", title="A firewall rejects the proxy", find=find)
