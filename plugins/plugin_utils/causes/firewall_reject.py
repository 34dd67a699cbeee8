# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend listens, and a firewall on its host rejects the proxy."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import Verdict, verdict
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import interface_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop

#: A reject with tcp-reset or port-unreachable looks like a closed port from the proxy; one whose ICMP the kernel holds back, like a drop.
SIGNATURES = (
    "firewall_reject",
    "backend_port_closed",
    "backend_unreachable",
    "connect_timeout",
    "connect_timeout_kernel",
)


def judged(hop: Hop, *actions: str) -> Verdict | None:
    """What the backend's firewall does with the proxy's connections, where that is one of these actions."""
    host = hop.backend
    if host is None or hop.is_unix or not host.facts.get("firewall") or not hop.source:
        return None
    address, port = hop.destination.host, hop.destination.port
    found = verdict(
        host.facts["firewall"], hop.source, address, port, interface_of(host.facts["system"], hop.source, address)
    )
    return found if found.action in actions else None


def leaving(hop: Hop, *actions: str) -> Verdict | None:
    """What the proxy's own firewall does with its connections on their way out, where that is one of these actions."""
    firewall = hop.proxy.facts.get("firewall")
    if not firewall or hop.is_unix or not hop.source or hop.backend is hop.proxy:
        return None
    found = verdict(firewall, hop.source, hop.destination.host, hop.destination.port, leaves=True)
    return found if found.action in actions else None


def kept_in(hop: Hop, found: Verdict, cause: str) -> Finding:
    """The rule stands on the proxy, whose admin closed the way out: an opening on the backend would not help."""
    port = hop.address.port
    rule = Evidence(
        "firewall", "%s on %s, way out: %s" % (hop.proxy.facts["firewall"]["tool"], hop.proxy.name, found.rule_text)
    )
    return on_hop(
        hop,
        cause,
        (*hop.seen(*SIGNATURES), rule),
        on=hop.proxy.name,
        why="the firewall of %s itself lets nothing out to %s: who closed a way out meant it"
        % (hop.proxy.name, hop.address),
        advice=(
            "nft list ruleset; iptables -S OUTPUT   # on %s: who made this rule?" % hop.proxy.name,
            "allow tcp to %s port %d on its way out, in the tool that owns the firewall" % (hop.address.host, port),
        ),
    )


def in_between(hop: Hop) -> bool:
    """Whether the backend listens, has room for connections and lets the proxy in by its rules: then it is not on these two hosts."""
    listener = hop.backend.listener(hop.real_address) if hop.backend and hop.backend is not hop.proxy else None
    if listener is None or (listener.get("queue") or 0) >= (listener.get("backlog") or 1):
        return False
    return judged(hop, "accept") is not None and leaving(hop, "accept") is not None


def between(hop: Hop, cause: str) -> Finding:
    listener = hop.backend.listener(hop.real_address) if hop.backend else None
    listens = Evidence("socket", "%s listens on %s of %s" % ((listener or {}).get("process"), hop.real_address, hop.on))
    lets_in = Evidence(
        "firewall", "the rules of %s let %s in, and those of %s let it out" % (hop.on, hop.source, hop.proxy.name), 0.5
    )
    return on_hop(
        hop,
        cause,
        (*hop.seen(*SIGNATURES), listens, lets_in),
        why="neither host's rules keep %s from %s: a security group, a router or a firewall between them does, or the way back"
        % (hop.proxy.name, hop.address),
        advice=(
            "tcpdump -ni any host %s and port %d   # on %s: does the SYN arrive, and does the answer leave?"
            % (hop.source or hop.proxy.name, hop.address.port, hop.on),
            "ip route get %s   # on %s; iptables -S OUTPUT: the way back" % (hop.source or hop.proxy.name, hop.on),
            "allow tcp port %d from %s in the network between (security group, router)"
            % (hop.address.port, hop.source or hop.proxy.name),
        ),
    )


def opened(hop: Hop, host: Host, found: Verdict, cause: str, signatures: tuple[str, ...]) -> Finding:
    """The finding with its remedy; advice where an opening in the tool that owns the firewall would not help, or not last."""
    firewall = host.facts["firewall"]
    port = hop.address.port
    seen = evidence(hop, found, *signatures)
    allow = "allow tcp port %d from %s" % (port, hop.source)
    if firewall.get("manager"):
        return on_hop(
            hop,
            cause,
            seen,
            why="%s writes the rules of %s: change them there" % (firewall["manager"], host.name),
            advice=(allow,),
        )
    if found.tool and found.tool != firewall["tool"]:
        why = "the rule is not %s's, which owns the firewall, but belongs to %s" % (firewall["tool"], found.tool)
        return on_hop(
            hop, cause, seen, why=why, advice=("nft list ruleset   # on %s: who made this rule?" % host.name, allow)
        )
    if firewall["tool"] == "ufw" and names_the_proxy(hop, found):
        # To ufw a refusal and an opening of one address and port are one rule: the opening would take its place, and no undo could tell it again.
        why = "ufw on %s has a rule that refuses %s (%s) by its very address: whoever made it meant it" % (
            host.name,
            hop.source,
            hop.proxy.name,
        )
        turn = "ufw allow proto tcp from %s to any port %d   # takes the place of that rule" % (hop.source, port)
        return on_hop(hop, cause, seen, why=why, advice=("ufw status numbered   # on %s" % host.name, turn))
    return on_hop(hop, cause, seen, remedy=opening(hop, firewall, port, found))


def names_the_proxy(hop: Hop, found: Verdict) -> bool:
    """Whether the rule that decides is about the proxy's one address."""
    words = found.rule_text.split()
    return "-s" in words[:-1] and words[words.index("-s") + 1].partition("/")[0] == hop.source


def opening(hop: Hop, firewall: Facts, port: int, found: Verdict) -> Remedy:
    """The port for the proxy's address, in the tool that owns the firewall."""
    return remedies.firewall_port(
        firewall["tool"],
        port,
        hop.source or "",
        **found.place,
        note="port %d is opened for %s (%s) only" % (port, hop.source, hop.proxy.name),
    )


def evidence(hop: Hop, found: Verdict, *signatures: str) -> tuple[Evidence, ...]:
    host = hop.backend
    rule = Evidence(
        "firewall", "%s on %s: %s" % (host.facts["firewall"]["tool"] if host else "", hop.on, found.rule_text)
    )
    listener = host.listener(hop.destination) if host else None
    listens = (
        (Evidence("socket", "%s listens on %s:%d" % (listener["process"], listener["address"], listener["port"])),)
        if listener
        else ()
    )
    return (*hop.seen(*signatures), rule, *listens)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.is_unix or not hop.has(*SIGNATURES):
            continue
        found, out = judged(hop, "reject"), leaving(hop, "reject")
        if out:
            yield kept_in(hop, out, CAUSE.name)
        elif found and hop.backend:
            yield opened(hop, hop.backend, found, CAUSE.name, SIGNATURES)
        elif hop.has("firewall_reject") and (hop.backend is None or judged(hop, "unknown")):
            yield on_hop(
                hop,
                CAUSE.name,
                hop.seen("firewall_reject"),
                why="the rules that reject %s cannot be read on %s" % (hop.proxy.name, hop.on),
                advice=("nft list ruleset   # on %s: which rule rejects %s" % (hop.on, hop.source or hop.proxy.name),),
            )
        elif hop.has("firewall_reject", "backend_unreachable") and in_between(hop):
            yield between(hop, CAUSE.name)


CAUSE = Cause(
    name="firewall_reject", title="A firewall rejects the proxy", find=find, yields_to=("stale_upstream_dns",)
)
