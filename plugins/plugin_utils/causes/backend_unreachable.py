# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody has the backend's address, or no route leads there: no firewall is in the way, the address or its host is wrong.

Signatures: backend_unreachable, firewall_reject, connect_timeout.

Looked at: the route from nginx's host, the neighbours that answer, the address that the name has, the firewalls of both hosts.

Done: nothing is changed: the line or record that names the address is shown.

A quick fix: opening firewalls helps nobody where there is no host.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs import connect_error
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Behind, Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _container_addresses as addresses
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import (
    hosts_line,
    named_at,
    origin,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    file_and_line,
    on_hop,
    reload_nginx,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._neighbour_discovery import dropped_discovery

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Attempt

#: What a connection to an address that nobody has may end with: nginx may give up before the kernel has asked its network for the third time.
SIGNATURES = ("firewall_reject", "backend_unreachable", "connect_timeout", "connect_timeout_kernel")
#: With a route of type unreachable or without any, the kernel refuses by itself.
REFUSED_HERE = (*connect_error.EHOSTUNREACH, *connect_error.ENETUNREACH, *connect_error.ENETDOWN)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        stopped = None if hop.is_unix else addresses.stopped_by_name(hop)
        if stopped and (hop.failing or hop.has(*SIGNATURES)):
            yield addresses.does_not_run(hop, stopped, CAUSE.name, (*hop.seen(*SIGNATURES), *comes_from(hop)))
            continue
        if hop.is_unix or not hop.has(*SIGNATURES):
            continue
        if dropped_discovery(hop):
            continue  # somebody has it, and is not found
        silent = [one for one in hop.tried if one.get("silent")]
        routeless = [one for one in hop.tried if is_routeless(one)]
        behind = next((one for one in hop.tried if one.get("silent_router")), None)
        if silent:
            yield nobody_has_it(hop, silent)
        elif behind:
            yield router_is_silent(hop, behind)
        elif routeless:
            yield no_route(hop, routeless[0])
        elif hop.backend is None and hop.has("backend_unreachable"):
            yield router_knows_none(hop)


def is_routeless(attempt: Attempt) -> bool:
    """Whether the proxy's own routes refuse the connection."""
    return attempt["errno"] in REFUSED_HERE and attempt.get("source", "") is None


def nobody_has_it(hop: Hop, silent: list[Attempt]) -> Finding:
    proxy = hop.proxy.name
    unknown = {read_address(one["address"]).host: one.get("silent") or "" for one in silent}
    unanswered = tuple(
        Evidence("name", "%s, %s: nobody answers for %s in this network" % (proxy, interface, address), 0.8)
        for address, interface in unknown.items()
    )
    address, interface = next(iter(unknown.items()))
    if hop.proxy.within or containers.is_container_network(interface):
        seen = (*hop.seen(*SIGNATURES), *unanswered, *comes_from(hop))
        return addresses.no_container_has_it(hop, address, interface, CAUSE.name, seen)
    own = containers.at_address(hop)
    if own and own["running"]:
        return addresses.is_kept_apart(hop, own, interface, CAUSE.name, (*hop.seen(*SIGNATURES), *unanswered))
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SIGNATURES), *unanswered, *comes_from(hop)),
        on=None if hop.backend else proxy,
        says="no host in %s's network has the address %s" % (proxy, ", ".join(unknown)),
        why="nobody answers for %s in the network of %s: its host is down, or the address is wrong (%s). %s"
        % (", ".join(unknown), interface, origin(hop), no_firewall(hop, address)),
        advice=(
            "ip neigh show %s; ping -c1 -W2 %s   # on %s: does anybody answer for it?" % (address, address, proxy),
            *correct(hop),
        ),
        behind=Behind(address, "nobody has the address %s" % address),
    )


def no_firewall(hop: Hop, address: str) -> str:
    """What is to be said of firewalls: no rule keeps ARP, by which IPv4's neighbours are found, from a host; IPv6 finds them by packets of its own."""
    if ":" not in address or (hop.backend and hop.backend.facts.get("firewall")):
        return "No firewall refuses it"
    return "Its firewall does the same where it drops ICMPv6 of the types 135 and 136"


def no_route(hop: Hop, attempt: Attempt) -> Finding:
    address, proxy = read_address(attempt["address"]).host, hop.proxy.name
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SIGNATURES), Evidence("name", "%s has no route to %s" % (proxy, address)), *comes_from(hop)),
        on=proxy,
        says="%s has no route to %s" % (proxy, address),
        why="the routes of %s refuse what is sent to %s, or its interface towards it is down (%s)"
        % (proxy, address, origin(hop)),
        advice=(
            "ip route get %s; ip -brief address; ip route show table all type unreachable   # on %s" % (address, proxy),
            *(without_ipv6(hop) if ":" in address and hop.address.is_name else correct(hop)),
        ),
    )


def without_ipv6(hop: Hop) -> tuple[str, ...]:
    """What to do where a name leads to an IPv6 address, and the proxy has no way to any."""
    name, proxy = shlex.quote(hop.address.host), hop.proxy.name
    resolvers = [file_and_line(one["place"]) for one in hop.proxy.config.get("resolvers") or []]
    off = (
        "# without IPv6 there: ipv6=off in `resolver` at %s, so that nginx asks for A records alone; the name needs one"
        % ", ".join(resolvers)
        if resolvers and any(route["pass"]["variable"] for route in hop.routes)
        else "# without IPv6 there: the IPv4 address in place of %s at %s; the name needs an A record"
        % (name, named_at(hop))
    )
    return (
        "getent ahostsv4 %s; ip -6 route show default   # on %s: has the name an IPv4 address, and the host a way out by IPv6?"
        % (name, proxy),
        off,
        reload_nginx(hop),
    )


def router_is_silent(hop: Hop, attempt: Attempt) -> Finding:
    """Nobody has the address of the router on the way: whatever is behind it cannot be reached, from any host of that network."""
    router, proxy = attempt.get("silent_router") or "", hop.proxy.name
    address = read_address(attempt["address"]).host
    text = "nobody answers for the router %s, over which %s reaches %s" % (router, proxy, address)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SIGNATURES), Evidence("name", text, 0.8), *comes_from(hop)),
        on=proxy,
        why="%s. No firewall refuses it" % text,
        advice=(
            "ip route get %s; ip neigh show %s; ping -c1 -W2 %s   # on %s: does anybody answer for it?"
            % (address, router, router, proxy),
            "# start that router, or correct the route to %s on %s" % (address, proxy),
        ),
        behind=Behind(router, "nobody answers for the router %s" % router),
    )


def router_knows_none(hop: Hop) -> Finding:
    address, proxy = hop.destination.host, hop.proxy.name
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SIGNATURES), *comes_from(hop)),
        says="a router says that no way leads from %s to %s" % (proxy, address),
        why="a router on the way to %s says that it cannot reach that network (%s)" % (address, origin(hop)),
        advice=("ip route get %s; tracepath -n %s   # on %s" % (address, address, proxy), *correct(hop)),
    )


def comes_from(hop: Hop) -> tuple[Evidence, ...]:
    """The place of the address as evidence."""
    text = origin(hop) if hop.address.is_name else "%s comes from %s" % (hop.address, origin(hop))
    return (Evidence("config", text, 0.3),)


def correct(hop: Hop) -> tuple[str, ...]:
    """Where a wrong address is put right."""
    name, line, proxy = hop.address.host, hosts_line(hop), hop.proxy.name
    if not hop.address.is_name:
        return (
            "# start the host that should have it, or write the right address at %s on %s, then:"
            % (named_at(hop), proxy),
            reload_nginx(hop),
        )
    return (
        "getent ahosts %s   # on %s" % (name, proxy),
        "# start the host that should have it, or correct %s on %s, then:"
        % ("/etc/hosts:%d" % line if line else "%s in DNS or the name" % name, proxy),
        reload_nginx(hop),
    )


CAUSE = Cause(
    name="backend_unreachable",
    title="Nobody has the backend's address, or no route leads there",
    says="nobody has {subject}'s address, or no route leads there from {proxy}",
    find=find,
    set_off_by=("names", "route"),
    yields_to=("stale_upstream_dns",),
    outdoes=("firewall_reject", "firewall_drop"),
)
