# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy has no local port left for another connection to this backend.

Signatures: ephemeral_ports_exhausted.

Looked at: the range of local ports, how many connections to this backend use them.

Done: the range is widened to the kernel's default where it was narrowed; keepalive is advised.

A quick fix: tcp_tw_reuse and shorter timeouts hide that every request opens a connection; the next peak uses up the ports again.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

SIGNATURE = "ephemeral_ports_exhausted"
RANGE = "net.ipv4.ip_local_port_range"
REUSE = "net.ipv4.tcp_tw_reuse"


class Ports(t.NamedTuple):
    """A range of ports, both ends included."""

    low: int
    high: int

    @property
    def total(self) -> int:
        return self.high - self.low + 1


#: The kernel's own default.
DEFAULT = Ports(32768, 60999)
#: The widest that is set. Below are the ports of well-known services, which have to be free when these start.
WIDEST = Ports(10240, 65535)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        local_ports = hop.proxy.system.get("local_ports")
        blamed = hop.has(SIGNATURE) or any(record["signature"] == SIGNATURE for record in hop.records)
        if hop.is_unix or not local_ports or not blamed:
            continue
        ports = Ports(*local_ports)
        if are_scarce(hop, ports):
            yield exhausted(hop, ports)


def are_scarce(hop: Hop, ports: Ports) -> bool:
    """Whether the ports are few, or most of them in use. errno 99 alone says neither: an address family that is switched off gives it, too."""
    used = in_use(hop)
    return ports.total < DEFAULT.total or used is not None and 2 * used >= ports.total


def in_use(hop: Hop) -> int | None:
    """Local ports of the proxy that connections to this backend take; None where they could not be counted."""
    connections = hop.proxy.facts.get("connections")
    if connections is None:
        return None
    addresses = set(hop.tried_addresses) or {hop.address}
    return max([connections["by_peer"].get(str(address), 0) for address in addresses], default=0)


def exhausted(hop: Hop, ports: Ports) -> Finding:
    proxy, used = hop.proxy, in_use(hop)
    limit = (
        "%s has %d local ports (%d-%d) for connections to %s: %s in use; %s of all its connections are in TIME_WAIT"
        % (
            proxy.name,
            ports.total,
            ports.low,
            ports.high,
            hop.address,
            "not known how many" if used is None else used,
            or_empty(proxy.facts.get("connections")).get("time_wait"),
        )
    )
    seen = (*hop.seen(SIGNATURE), Evidence("limit", limit))
    advice = lasting_cure(hop)
    settings = wanted_settings(hop, ports)
    if not settings:
        why = "the range cannot be made wider: what helps is fewer connections"
        return on_hop(hop, CAUSE.name, seen, on=proxy.name, why=why, advice=advice)
    remedy = remedies.kernel_limits(settings, note=explained(hop, ports, settings))
    return on_hop(hop, CAUSE.name, seen, on=proxy.name, remedy=remedy, advice=advice)


def wanted_settings(hop: Hop, ports: Ports) -> dict[str, str]:
    """Settings of the kernel: more ports, and the reuse of ports in TIME_WAIT where these are most of what is in use."""
    host, settings = hop.proxy, {}
    more = wider(host, ports)
    if more.total > ports.total:
        settings[RANGE] = "%d %d" % more
    waiting = or_empty(host.facts.get("connections")).get("time_wait") or 0
    if host.system.get("tcp_tw_reuse") in (0, 2) and 2 * waiting >= (in_use(hop) or 0) > 0:
        settings[REUSE] = "1"
    return settings


def wider(host: Host, ports: Ports) -> Ports:
    """The kernel's default range; where it has that already, all ports around it up to the next that somebody listens on."""
    if ports.total < DEFAULT.total:
        return Ports(min(ports.low, DEFAULT.low), max(ports.high, DEFAULT.high))
    taken = {listener["port"] for listener in or_empty(host.facts.get("listeners")).get("tcp") or []}
    below = [port + 1 for port in taken if WIDEST.low <= port < ports.low]
    above = [port - 1 for port in taken if ports.high < port <= WIDEST.high]
    return Ports(
        max([WIDEST.low, *below]) if ports.low > WIDEST.low else ports.low,
        min([WIDEST.high, *above]),
    )


def explained(hop: Hop, ports: Ports, settings: t.Mapping[str, str]) -> str:
    """Why these settings help, with the numbers."""
    parts = ["%d ports, of which %s are in use to port %d" % (ports.total, in_use(hop), hop.address.port)]
    if RANGE in settings:
        more = Ports(*(int(word) for word in settings[RANGE].split()))
        parts.append("%d-%d are %d" % (more.low, more.high, more.total))
    if REUSE in settings:
        parts.append("ports in TIME_WAIT are used again for new connections of this host")
    return "; ".join(parts) + ". What lasts: keepalive connections to the backend"


def lasting_cure(hop: Hop) -> tuple[str, ...]:
    return (
        '# fewer connections, used again: upstream NAME { server %s; keepalive 32; } with proxy_http_version 1.1 and proxy_set_header Connection ""'
        % hop.address.bare,
        "# or a unix socket, where the backend is on the same host; several proxy_bind addresses, where it is not",
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="The proxy has no local port left",
    says="{proxy} has no local port left for another connection to {subject}",
    find=find,
    set_off_by=("nginx", "limits"),
)
