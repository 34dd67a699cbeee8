# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall that refuses the proxy's connections: on the backend, on the proxy itself, or between the two.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import TOOLS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import (
    Verdict,
    in_charge,
    verdict,
    zone_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import interface_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import LISTS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import by_hand as remedy_by_hand
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.panels import opening, title_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_boot import by_hand, kept, to_keep
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_owners import (
    advice_of_manager,
    advice_of_owner,
    why_of_owner,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewalld_will import refused_on_purpose
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._neighbour_discovery import dropped_discovery

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.facts import FirewallFacts

#: What a connection through a firewall may end with. A reject with tcp-reset or port-unreachable looks like a closed port from the proxy; one
#: whose ICMP the kernel holds back looks like a drop.
SIGNATURES = (
    "firewall_reject",
    "backend_port_closed",
    "backend_unreachable",
    "connect_timeout",
    "connect_timeout_kernel",
)


def way_in(hop: Hop, action: str) -> Verdict | None:
    """The verdict of the backend's firewall on the proxy's connections, where it is this action (accept, drop, reject, unknown); else None."""
    host = hop.backend
    firewall = host.facts.get("firewall") if host else None
    if host is None or hop.is_unix or not firewall or not hop.source:
        return None
    address, port = hop.destination.host, hop.destination.port
    interface = interface_of(host.facts["system"], hop.source, address)
    system = host.facts["system"]
    found = verdict(firewall, hop.source, address, port, interface, system=system, likelier=_likelier(hop))
    return found if found.action == action else None


def _likelier(hop: Hop) -> str:
    """The refusal that the proxy sees: silence, or an answer that says so."""
    return "drop" if hop.has("connect_timeout", "connect_timeout_kernel") else "reject"


def way_out(hop: Hop, action: str) -> Verdict | None:
    """The verdict of the proxy's own firewall on its connections to the backend, where it is this action; else None."""
    firewall = hop.proxy.facts.get("firewall")
    if not firewall or hop.is_unix or not hop.source or hop.backend is hop.proxy:
        return None
    address, port = hop.destination.host, hop.destination.port
    found = verdict(firewall, hop.source, address, port, leaves=True, likelier=_likelier(hop))
    return found if found.action == action else None


def has_room(hop: Hop) -> bool:
    """Whether another host listens there and has room for connections."""
    listener = hop.backend.listener(hop.real_address) if hop.backend and hop.backend is not hop.proxy else None
    return listener is not None and (listener.get("queue") or 0) < (listener.get("backlog") or 1)


def is_between(hop: Hop) -> bool:
    """Whether what refuses is on neither host: the backend has room for connections, and both firewalls accept them."""
    if not has_room(hop) or dropped_discovery(hop):
        return False
    accepted = way_in(hop, "accept")
    return accepted is not None and not accepted.through and way_out(hop, "accept") is not None


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
            "nft list ruleset; iptables -S OUTPUT   # on %s: who made this rule?" % proxy.name,
            "# allow tcp to %s port %d on its way out, in the tool that owns the firewall"
            % (address.host, address.port),
        ),
    )


def refused_on_the_way_in(hop: Hop, host: Host, cause: str, found: Verdict, signatures: tuple[str, ...]) -> Finding:
    """The finding that the backend's firewall refuses: with the remedy that opens the port, or advice where that would not help or not last."""
    firewall = or_empty(host.facts["firewall"])
    seen = _evidence(hop, host, found, signatures)
    allow = "# allow tcp port %d from %s on %s" % (hop.address.port, hop.source, host.name)
    if found.owner and hop.source:
        why, advice = (
            why_of_owner(found, hop.source, host.name),
            advice_of_owner(found, hop.source, found.port, host.name),
        )
        return on_hop(hop, cause, seen, why=why, advice=advice)
    if firewall.get("manager") and hop.source:
        return _refused_by_a_manager(hop, host, cause, found, seen)
    if found.through and hop.source:
        return _refused_on_the_way_through(hop, host, cause, found, seen)
    if found.tool and found.tool not in in_charge(firewall):
        why = "the rule is %s's, and not of %s, which owns the firewall of %s" % (
            found.tool,
            firewall["tool"],
            host.name,
        )
        advice = by_hand(found, hop.source or "", host.name) if found.tool in ("nftables", "iptables") else (allow,)
        advice = ("%s   # on %s: who made this rule?" % (LISTS.get(found.tool, LISTS["nftables"]), host.name), *advice)
        return on_hop(hop, cause, seen, why=why, advice=advice)
    if firewall.get("beside"):
        return _refused_among_rivals(hop, host, cause, found, seen)
    place = kept(firewall, found)
    name = found.tool or firewall["tool"]
    tool = TOOLS.get(name)
    by_firewalld = refused_on_purpose(hop, host, cause, found, seen) if name == "firewalld" else None
    if by_firewalld:
        return by_firewalld
    if tool and tool.REPLACES and found.names(hop.source):
        return _refused_by_name(hop, host, cause, seen, opening_by(hop, firewall, found, place.file))
    if place.why:
        return on_hop(
            hop,
            cause,
            seen,
            why="an opening would not outlive a boot of %s: %s" % (host.name, place.why),
            advice=by_hand(found, hop.source or "", host.name),
        )
    return on_hop(
        hop,
        cause,
        seen,
        remedy=opening_by(hop, firewall, found, place.file, place.fades),
        advice=(
            *to_keep(place, found, hop.source or "", host.name, host.system.get("family")),
            *_of_a_container(hop, host),
        ),
    )


def _of_a_container(hop: Hop, host: Host) -> tuple[str, ...]:
    """What an opening for an nginx in a container of this very host has to name in the end: the container gets another address when it is made anew."""
    if hop.proxy.within is not host:
        return ()
    own = [one for addresses in (host.system.get("interfaces") or {}).values() for one in addresses]
    networks = [str(ipaddress.ip_interface(one).network) for one in own if one.split("/")[0] == hop.destination.host]
    return (
        "# the container may have another address when it is made anew: give it a fixed one (compose: ipv4_address), or let its network in%s"
        % (" (%s in place of %s)" % (networks[0], hop.source) if networks else ""),
    )


def _refused_among_rivals(hop: Hop, host: Host, cause: str, found: Verdict, seen: tuple[Evidence, ...]) -> Finding:
    """Advice where several tools are in charge: only what all of them open is open, and no boot leaves the rules of all."""
    firewall, source = or_empty(host.facts["firewall"]), hop.source or ""
    rivals = in_charge(firewall)
    zone = zone_of(firewall, source, interface_of(host.facts["system"], source, hop.destination.host))
    openings = [opening_by(hop, firewall, found._replace(tool=tool, zone=zone), "") for tool in rivals]
    both = " and ".join(rivals)
    return on_hop(
        hop,
        cause,
        seen,
        why="%s are in charge on %s at once: firewalld takes the rules of others away when it starts, and what they refuse by policy stays refused"
        % (both, host.name),
        advice=(
            "# of %s, let one be in charge on %s, and switch the other off; until then both have to let the proxy in"
            % (both, host.name),
            *(line for opening in openings for line in remedy_by_hand(opening, host.name)),
        ),
    )


def _refused_by_a_manager(hop: Hop, host: Host, cause: str, found: Verdict, seen: tuple[Evidence, ...]) -> Finding:
    """Advice where a program writes all rules anew from files of its own."""
    firewall = or_empty(host.facts["firewall"])
    manager, chains = firewall["manager"] or "", firewall["rules"]["chains"].values()
    return on_hop(
        hop,
        cause,
        seen,
        why="%s writes the rules of %s: change them there" % (title_of(manager), host.name),
        advice=opening(manager, hop.source or "", found.port, host.name)
        or advice_of_manager(manager, found, hop.source or "", host.name, chains),
    )


def _refused_on_the_way_through(
    hop: Hop, host: Host, cause: str, found: Verdict, seen: tuple[Evidence, ...]
) -> Finding:
    """Advice where the backend's host passes the connection on, and refuses it there: an opening of the port on the way in would change nothing."""
    source, (address, _colon, port) = hop.source, (found.through or "").rpartition(":")
    family = "ip6" if ":" in address else "ip"
    tests = "%s saddr %s %s daddr %s tcp dport %s" % (family, source, family, address.strip("[]"), port)
    chains = (or_empty(host.facts["firewall"]).get("rules") or {}).get("chains") or {}
    if any(chain["name"] == "DOCKER-USER" for chain in chains.values()):
        command = advice_of_owner(found._replace(owner="docker"), source or "", int(port), host.name)[-1]
    elif found.tool == "ufw":
        command = "ufw route allow proto tcp from %s to %s port %s   # on %s" % (source, address, port, host.name)
    elif found.tool == "nftables":
        command = "nft insert rule %s %s %s %s accept   # on %s, and in the file that it is loaded from" % (
            found.family, found.table, found.chain, tests, host.name,
        )  # fmt: skip
    elif found.tool == "firewalld":
        command = "# let %s through to %s in firewalld of %s: a policy from the zone of the one to that of the other" % (
            source, found.through, host.name,
        )  # fmt: skip
    else:
        command = "%s -I %s -s %s -d %s -p tcp --dport %s -j ACCEPT   # on %s; keep it where the host's rules are kept" % (
            "ip6tables" if family == "ip6" else "iptables", found.chain, source, address.strip("[]"), port, host.name,
        )  # fmt: skip
    return on_hop(
        hop,
        cause,
        seen,
        why="%s passes the connection on to %s, and refuses it on the way through (%s)"
        % (host.name, found.through, found.where),
        advice=("nft list ruleset; iptables -S FORWARD   # on %s: who made this rule?" % host.name, command),
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


def _refused_by_name(hop: Hop, host: Host, cause: str, seen: tuple[Evidence, ...], opening: Remedy) -> Finding:
    """Advice where a tool refuses the proxy's very address, and an opening would take the place of that rule: an undo could not put it back."""
    tool = opening.parameters["tool"]
    return on_hop(
        hop,
        cause,
        seen,
        why="%s on %s has a rule that refuses the very address %s (%s): somebody made it on purpose"
        % (tool, host.name, hop.source, hop.proxy.name),
        advice=(
            "%s   # on %s" % (LISTS[tool], host.name),
            *("%s: takes the place of that rule" % line for line in remedy_by_hand(opening, host.name)),
        ),
    )


def opening_by(hop: Hop, firewall: FirewallFacts, found: Verdict, file: str, fades: str = "") -> Remedy:
    """The port opened for the proxy's address, in the tool that owns the firewall."""
    port = found.port or hop.address.port
    note = "%s is the address from which %s connects" % (hop.source, hop.proxy.name)
    note += "; " + fades if fades else ""
    remedy = remedies.firewall_port(
        found.tool or firewall["tool"], port, hop.source or "", **found.place, file=file, note=note
    )
    return replace(remedy, fades=fades)


def _evidence(hop: Hop, host: Host, found: Verdict, signatures: tuple[str, ...]) -> tuple[Evidence, ...]:
    """What is seen over the hop, the rule that decides, and who listens behind it."""
    whose = found.owner or found.tool or or_empty(host.facts["firewall"])["tool"]
    rule = Evidence("firewall", "%s on %s, %s: %s" % (whose, hop.on, found.where, found.rule_text))
    return (*hop.seen(*signatures), rule, *who_listens(hop, host))


def who_listens(hop: Hop, host: Host) -> tuple[Evidence, ...]:
    """Who listens where the proxy connects to; empty where nobody does."""
    listener = host.tcp_listener(hop.destination.host, hop.destination.port)
    if not listener:
        return ()
    return (Evidence("socket", "%s listens on %s:%d" % (listener["process"], listener["address"], listener["port"])),)
