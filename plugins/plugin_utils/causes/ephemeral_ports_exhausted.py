# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy has no local port left for another connection to this backend."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop

SIGNATURE = "ephemeral_ports_exhausted"
RANGE = "net.ipv4.ip_local_port_range"
REUSE = "net.ipv4.tcp_tw_reuse"
#: the kernel's own default
DEFAULT_LOW, DEFAULT_HIGH = 32768, 60999
#: Below are the ports of well-known services, which must find theirs free when they start.
LOWEST, HIGHEST = 10240, 65535


def size(ports: t.Sequence[int]) -> int:
    return ports[1] - ports[0] + 1


def in_use(hop: Hop) -> int | None:
    """Local ports of the proxy that connections to this backend take up; None where they could not be counted."""
    connections = hop.proxy.facts.get("connections")
    if connections is None:
        return None
    addresses = set(hop.tried_addresses) or {hop.address}
    return max([connections["by_peer"].get(str(address), 0) for address in addresses], default=0)


def scarce(hop: Hop, ports: t.Sequence[int]) -> bool:
    """errno 99 has other reasons (an address family that is off): the ports must be seen to be few, or taken."""
    used = in_use(hop)
    return size(ports) < size((DEFAULT_LOW, DEFAULT_HIGH)) or used is not None and 2 * used >= size(ports)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        ports = hop.proxy.system.get("local_ports")
        blamed = hop.has(SIGNATURE) or any(record["signature"] == SIGNATURE for record in hop.records)
        if not hop.is_unix and ports and blamed and scarce(hop, ports):
            yield exhausted(hop, ports)


def wider(host: Host, ports: t.Sequence[int]) -> tuple[int, int]:
    """The kernel's default range; where it has that already, down to and up to the next port that somebody listens on."""
    low, high = ports
    if size(ports) < size((DEFAULT_LOW, DEFAULT_HIGH)):
        return min(low, DEFAULT_LOW), max(high, DEFAULT_HIGH)
    taken = {listener["port"] for listener in (host.facts.get("listeners") or {}).get("tcp") or []}
    return (
        max([LOWEST, *(port + 1 for port in taken if LOWEST <= port < low)]) if low > LOWEST else low,
        min([HIGHEST, *(port - 1 for port in taken if high < port <= HIGHEST)]),
    )


def settings(hop: Hop, ports: t.Sequence[int]) -> dict[str, str]:
    """What to set: more ports, and ports in TIME_WAIT used again where they are what is taken up."""
    host = hop.proxy
    found = {}
    low, high = wider(host, ports)
    if high - low + 1 > size(ports):
        found[RANGE] = "%d %d" % (low, high)
    waiting = (host.facts.get("connections") or {}).get("time_wait") or 0
    if host.system.get("tcp_tw_reuse") in (0, 2) and 2 * waiting >= (in_use(hop) or 0) > 0:
        found[REUSE] = "1"
    return found


def exhausted(hop: Hop, ports: t.Sequence[int]) -> Finding:
    used = in_use(hop)
    waiting = (hop.proxy.facts.get("connections") or {}).get("time_wait")
    limit = Evidence(
        "limit",
        "%s has %d local ports (%d-%d) for connections to %s: %s in use, %s of all its connections in TIME_WAIT"
        % (
            hop.proxy.name,
            size(ports),
            ports[0],
            ports[1],
            hop.address,
            "not known how many" if used is None else used,
            waiting,
        ),
    )
    seen = (*hop.seen(SIGNATURE), limit)
    lasting = (
        'upstream NAME { server %s; keepalive 32; }   # with proxy_http_version 1.1 and proxy_set_header Connection "": few connections, used again'
        % hop.address.bare,
        "a unix socket instead, where the backend is on the same host; several proxy_bind addresses where it is not",
    )
    wanted = settings(hop, ports)
    if not wanted:
        return on_hop(
            hop,
            CAUSE.name,
            seen,
            on=hop.proxy.name,
            why="the range cannot be made wider: fewer connections are the cure",
            advice=lasting,
        )
    told = ["%d ports, %s in use to port %d" % (size(ports), used, hop.address.port)]
    if RANGE in wanted:
        low, high = (int(word) for word in wanted[RANGE].split())
        told.append("%d-%d are %d" % (low, high, high - low + 1))
    if REUSE in wanted:
        told.append("ports in TIME_WAIT are used again for new connections of this host")
    remedy = remedies.kernel_limits(wanted, note="; ".join(told) + ". Lasting: keepalive connections to the backend")
    return on_hop(hop, CAUSE.name, seen, on=hop.proxy.name, remedy=remedy, advice=lasting)


CAUSE = Cause(name=SIGNATURE, title="The proxy has no local port left", find=find)
