# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that stand in for each other: while one of them is taken out, the others have to serve.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

#: How a server ends the exchange that does not let the proxy in.
ENDED = ("closed", "reset")
#: What is taken out as a whole: a PHP-FPM by its main file, a service by its unit, of a host.
Daemon = tuple[str, str]


class Server(t.NamedTuple):
    """One of several servers. host: its inventory name, or its address; daemon: what has to run for it; out: whether it serves nobody now."""

    host: str
    daemon: Daemon | None
    out: bool


class Group(t.NamedTuple):
    """Servers that stand in for each other, and in words what they are."""

    name: str
    servers: tuple[Server, ...]


def groups_of(fleet: Fleet) -> list[Group]:
    """The servers of each upstream{} that has several, and the proxies that pass requests on to the same servers."""
    return [*_upstreams(fleet), *_proxies(fleet)]


def _upstreams(fleet: Fleet) -> t.Iterator[Group]:
    for proxy in fleet.proxies():
        hops = {str(hop.address): hop for hop in fleet.hops_of(proxy)}
        for name, upstream in (proxy.config.get("upstreams") or {}).items():
            rows = {one["address"]: one for one in upstream["servers"]}
            servers = tuple(
                _behind(hops[address])
                if address in hops
                else Server(read_address(address).host, None, bool(row["down"]))
                for address, row in rows.items()
            )
            if len(servers) > 1 and not rows.keys().isdisjoint(hops):
                yield Group("upstream %s of %s" % (name, proxy.name), servers)


def _behind(hop: Hop) -> Server:
    """The server behind a hop. It serves unless it takes no connection, or ends those that it takes while no request comes back well: who is slow serves."""
    refused = bool(hop.tried) and not any(attempt.get("connected") for attempt in hop.tried)
    reply = or_empty(or_empty(hop.reach).get("reply"))
    lets_nobody_in = reply.get("ended") in ENDED and bool(hop.answers) and len(hop.failing) == len(hop.answers)
    return Server(hop.on, _daemon_behind(hop), refused or lets_nobody_in)


def _daemon_behind(hop: Hop) -> Daemon | None:
    if hop.backend is None:
        return None
    pool = hop.backend.pool_at(hop.real_address)
    if pool:
        return (hop.backend.name, pool.fpm["config"])
    unit = or_empty(hop.backend.listener(hop.real_address)).get("unit")
    return (hop.backend.name, unit or str(hop.real_address))


def _proxies(fleet: Fleet) -> t.Iterator[Group]:
    """What is in front of proxies is not seen: those that pass requests on to the same servers are taken for one another's stand-ins."""
    found: dict[frozenset[str], list[Host]] = {}
    for proxy in fleet.proxies():
        far = frozenset(
            str(hop.destination.normal())
            for hop in fleet.hops_of(proxy)
            if not hop.is_unix and hop.backend is not proxy
        )
        if far:
            found.setdefault(far, []).append(proxy)
    for proxies in found.values():
        if len(proxies) > 1:
            servers = tuple(
                Server(one.name, (one.name, one.nginx.get("unit") or ""), not one.nginx.get("master"))
                for one in proxies
            )
            yield Group("the proxies of the same servers", servers)
