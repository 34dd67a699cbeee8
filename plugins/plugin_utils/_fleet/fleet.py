# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of all hosts, joined: which proxy passes requests over which hop to which backend, and what was seen there.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from functools import cached_property

from ansible_collections.webops.bad_gateway.plugins.module_utils._net.canonical import (
    is_loopback,
    is_name,
    is_unix,
    normal,
    split_tcp,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.peers import peers_in_use, upstream_id
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails


class Fleet:
    """All hosts of a run."""

    def __init__(self, facts: t.Mapping[str, Facts], backend_services: t.Mapping[str, str] | None = None) -> None:
        self.hosts = {name: Host(name, one) for name, one in facts.items()}
        self.backend_services = {
            str(where): unit for where, unit in (backend_services or {}).items()
        }  # YAML reads an unquoted port as a number

    def proxies(self) -> list[Host]:
        return [host for host in self.hosts.values() if host.nginx]

    def seen_from(self, proxy: Host) -> Fleet:
        """The same hosts, judged for one proxy only."""
        return _Part(self, proxy)

    @cached_property
    def is_well(self) -> bool:
        """Every URL answers, every nginx is sound, and no log has a line that blames anybody: there is nothing that a rule could find."""
        quiet = not any(host.records for host in self.hosts.values())
        sound = all((proxy.nginx.get("test") or {}).get("sound") is not False for proxy in self.proxies())
        return quiet and sound and not any(answer_fails(answer) for proxy in self.proxies() for answer in proxy.answers)

    def owner(self, address: str, seen_from: Host) -> Host | None:
        """The host that has this address: the proxy itself, or the one inventory host that holds it."""
        if is_unix(address):
            return seen_from
        host = split_tcp(normal(address))[0]
        if is_loopback(host) or host in (seen_from.system.get("addresses") or []):
            return seen_from
        owners = [one for one in self.hosts.values() if host in (one.system.get("addresses") or [])]
        return owners[0] if len(owners) == 1 else None

    @cached_property
    def hops(self) -> list[Hop]:
        return [hop for proxy in self.proxies() for hop in self._hops_of(proxy)]

    @property
    def all_hops(self) -> list[Hop]:
        """Of all proxies, also where only one of them is judged: what is changed for one has to suit the others."""
        return self.hops

    def sick_hops(self, *families: str) -> t.Iterator[Hop]:
        for hop in self.hops:
            if hop.sick and (not families or hop.family in families):
                yield hop

    def _hops_of(self, proxy: Host) -> list[Hop]:
        hops: dict[tuple[str, str, str], Hop] = {}
        for route in proxy.config.get("routes") or []:
            for address in peers_in_use(proxy.config, route) or blamed_over(route, proxy):
                family, scheme = route["pass"]["family"], route["pass"]["scheme"]
                hop = hops.get((family, scheme, address))
                if hop is None:
                    hop = hops[(family, scheme, address)] = self._hop(proxy, address, family, scheme)
                hop.routes.append(route)
        known = {address for hop in hops.values() for address in addresses_of(hop)}
        for hop in hops.values():
            hop.answers = answers_over(hop, proxy, known)
            hop.records = records_over(hop, proxy, known)
        return list(hops.values())

    def _hop(self, proxy: Host, address: str, family: str, scheme: str) -> Hop:
        rows = [
            one for one in proxy.facts.get("reach") or [] if one["address"] == address and one.get("family") == family
        ]
        reach = min(rows, key=lambda one: one.get("id") != upstream_id(family, scheme, address), default=None)
        backend, number = self._behind(proxy, address, (reach or {}).get("tried") or [])
        return Hop(proxy, address, family, scheme, [], reach, backend, number)

    def _behind(self, proxy: Host, address: str, tried: list[Facts]) -> tuple[Host | None, str]:
        """The host behind an address, and which number of a name it is there: of several, one that was refused, and one that is served."""
        numbers = (
            [attempt["address"] for attempt in sorted(tried, key=lambda attempt: bool(attempt.get("connected")))]
            or in_use(proxy, address)
            or [address]
        )
        owners = {number: self.owner(number, proxy) for number in numbers}
        backend = next((owner for owner in owners.values() if owner), None)
        if backend is None:
            return None, numbers[0]
        own = [number for number, owner in owners.items() if owner is backend]
        return backend, min(own, key=lambda number: not (backend.pool_at(number) or backend.listener(number)))


class _Part(Fleet):
    """A fleet as one proxy sees it."""

    def __init__(self, whole: Fleet, proxy: Host) -> None:
        self.hosts, self.backend_services = whole.hosts, whole.backend_services
        self.whole, self.proxy = whole, proxy

    def proxies(self) -> list[Host]:
        return [self.proxy]

    @property
    def all_hops(self) -> list[Hop]:
        return self.whole.hops


def in_use(proxy: Host, address: str) -> list[str]:
    """What nginx goes on asking for a name that has no address any more: the numbers with its port that it was just seen to fail over."""
    named = {server for route in proxy.config.get("routes") or [] for server in route["peers"]}
    blamed = [answer.get("upstream") or "" for answer in proxy.failing] if is_name(address) else []
    return [
        one
        for one in dict.fromkeys(blamed)
        if one.startswith("tcp:") and one not in named and split_tcp(one)[1] == split_tcp(address)[1]
    ]


def blamed_over(route: Facts, proxy: Host) -> list[str]:
    """The addresses that a route with a variable in its target was just seen to fail over: nothing else tells them."""
    answers = [] if route["peers"] else proxy.failing
    return list(
        dict.fromkeys(
            answer["upstream"] for answer in answers if answer.get("route") == route["id"] and answer.get("upstream")
        )
    )


def answers_over(hop: Hop, proxy: Host, known: t.Collection[str]) -> list[Facts]:
    """Answers of the routes that use this hop, less those whose error-log line blames another hop. known: the addresses of all of them."""
    mine = addresses_of(hop)
    answers = [
        answer
        for answer in proxy.answers
        if answer.get("route") in hop.route_ids and answer.get("from", "host") == "host"
    ]
    return [
        answer
        for answer in answers
        if normal(answer.get("upstream") or "") not in known or normal(answer["upstream"]) in mine
    ]


def addresses_of(hop: Hop) -> set[str]:
    return {normal(hop.address)} | {normal(attempt["address"]) for attempt in hop.tried}


def records_over(hop: Hop, proxy: Host, known: t.Collection[str]) -> list[Facts]:
    """Log records that blame this hop. An address that is not known of any hop now belongs to the named peer with that port: its name has moved.

    A name is looked up when a worker's configuration is read: lines of moved addresses from before the workers started are history.
    """
    read = max(
        (worker["started"] for worker in proxy.nginx.get("workers") or [] if not worker.get("stopping")), default=0.0
    )
    changed = max(proxy.last_change, hop.backend.last_change if hop.backend else 0.0)
    mine = addresses_of(hop)
    found = []
    for record in proxy.records:
        blamed = normal((record.get("upstream") or {}).get("address") or "")
        moved = (
            is_name(hop.address)
            and blamed.startswith("tcp:")
            and blamed not in known
            and split_tcp(blamed)[1] == split_tcp(hop.address)[1]
        )
        if (
            record["kind"] == "nginx"
            and record["last"] > changed
            and (blamed in mine or moved and record["last"] >= read)
        ):
            found.append(record)
    return found
