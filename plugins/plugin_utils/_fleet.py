# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of all hosts, joined: which proxy passes requests over which hop to which backend, and what was seen there.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._address import covers, is_any, is_loopback, is_name, is_unix, normal, split_tcp
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._symptoms import answer_fails, connect_symptom, is_barred
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._upstreams import peers_in_use, upstream_id

Facts = t.Mapping[str, t.Any]


class Host:
    """One host's facts, with the questions that rules ask."""

    def __init__(self, name: str, facts: Facts) -> None:
        self.name = name
        self.facts = facts

    @property
    def nginx(self) -> Facts:
        return self.facts.get("nginx") or {}

    @property
    def config(self) -> Facts:
        return self.nginx.get("config") or {}

    @property
    def system(self) -> Facts:
        return self.facts.get("system") or {}

    @property
    def last_change(self) -> float:
        return (self.facts.get("clock") or {}).get("last_change") or 0.0

    @property
    def records(self) -> list[Facts]:
        """Log records since the last change that this collection made here: older lines are history."""
        records = (self.facts.get("log") or {}).get("records") or []
        return [record for record in records if record["last"] > self.last_change]

    @property
    def answers(self) -> list[Facts]:
        return self.facts.get("answers") or []

    @property
    def failing(self) -> list[Facts]:
        return [answer for answer in self.answers if answer.get("from", "host") == "host" and answer_fails(answer)]

    def unit(self, name: str | None) -> Facts | None:
        return (self.facts.get("units") or {}).get(name) if name else None

    def sees(self, what: str) -> bool:
        """Whether this part of the facts could be read at all."""
        return self.facts.get(what) is not None

    def unix_listener(self, address: str) -> Facts | None:
        """Who listens on this path: the one whose socket is there now, before any whose socket was removed or replaced."""
        listeners: t.Sequence[Facts] = (self.facts.get("listeners") or {}).get("unix") or []
        found = [one for one in listeners if normal("unix:" + one["path"]) == normal(address)]
        return min(found, key=lambda one: (one.get("file") or {}).get("same") is False, default=None)

    def tcp_listeners(self, port: int) -> list[Facts]:
        return [one for one in (self.facts.get("listeners") or {}).get("tcp") or [] if one["port"] == port]

    def tcp_listener(self, host: str, port: int) -> Facts | None:
        """The listener that takes connections to this address of the host: one on the very address before one on all."""
        found = [one for one in self.tcp_listeners(port) if covers(one["address"], host) and not (one.get("v6only") and ":" not in host)]
        return min(found, key=lambda one: is_any(one["address"]), default=None)

    def listener(self, address: str) -> Facts | None:
        return self.unix_listener(address) if is_unix(address) else self.tcp_listener(*split_tcp(address))

    def pools(self) -> t.Iterator[tuple[Facts, str, Facts]]:
        """Each PHP-FPM of the host with each of its pools."""
        for fpm in self.facts.get("php_fpm") or []:
            for name, pool in fpm["pools"].items():
                yield fpm, name, pool

    def pools_at(self, address: str) -> list[tuple[Facts, str, Facts]]:
        """Each pool whose listen is this address, with its FPM, running or not; running ones first."""
        found = [entry for entry in self.pools() if pool_serves(entry[2], address)]
        found.sort(key=lambda entry: entry[0].get("master") is None)
        return found

    def pool_at(self, address: str) -> tuple[Facts, str, Facts] | None:
        """The first of them."""
        return next(iter(self.pools_at(address)), None)


def pool_serves(pool: Facts, address: str) -> bool:
    listens = pool.get("address") or ""
    if is_unix(listens) or is_unix(address):
        return normal(listens) == normal(address)
    host, port = split_tcp(listens)
    asked, asked_port = split_tcp(address)
    return port == asked_port and (covers(host, asked) or host == asked)


@dataclass
class Hop:
    """One upstream address as one proxy's config names it, with all that was seen of it."""

    proxy: Host
    address: str
    family: str
    scheme: str
    routes: list[Facts]
    reach: Facts | None
    backend: Host | None
    number: str
    answers: list[Facts] = field(default_factory=list)
    records: list[Facts] = field(default_factory=list)

    @property
    def is_unix(self) -> bool:
        return is_unix(self.address)

    @property
    def route_ids(self) -> frozenset[int]:
        return frozenset(route["id"] for route in self.routes)

    @property
    def tried(self) -> list[Facts]:
        return list((self.reach or {}).get("tried") or [])

    @property
    def real_address(self) -> str:
        """Where the address leads: links in a path are followed, a name is the number that its backend has."""
        return (self.reach or {}).get("real") or self.number

    @property
    def failing(self) -> list[Facts]:
        return [answer for answer in self.answers if answer_fails(answer)]

    def asked_again(self, record: Facts) -> list[Facts]:
        """What the request of a log record was answered now; where it was not asked again, all that was asked over this hop."""
        path = (record.get("request") or {}).get("path")
        return [answer for answer in self.answers if path and urllib.parse.urlsplit(answer["url"]).path == path] or self.answers

    def is_barred(self, record: Facts) -> bool:
        """Whether asking again did not get as far as the backend: whether it still fails is not known then."""
        again = self.asked_again(record)
        return bool(again) and all(is_barred(answer) for answer in again)

    @property
    def sick(self) -> bool:
        """A request over this hop fails now, or the log has lines that blame it."""
        return bool(self.failing or self.records)

    @property
    def on(self) -> str:
        return self.backend.name if self.backend else split_tcp(self.address)[0]

    @property
    def source(self) -> str | None:
        """The proxy's own address as the backend sees it, without what may be translated on the way."""
        for attempt in self.tried:
            if attempt.get("source"):
                return str(attempt["source"])
        return None

    @property
    def started(self) -> float:
        """When the daemon behind this hop started last; lines that are older blame one that is gone."""
        if not self.backend:
            return 0.0
        found = self.backend.pool_at(self.real_address)
        if found:
            return (found[0].get("master") or {}).get("started") or 0.0
        listener = self.backend.listener(self.real_address)
        unit = self.backend.unit(listener.get("unit")) if listener else None
        return (unit or {}).get("since") or 0.0

    @cached_property
    def symptoms(self) -> dict[str, list[Evidence]]:
        """What is wrong over this hop now, by signature: from connecting to it and from asking nginx."""
        seen: dict[str, list[Evidence]] = {}
        for attempt in self.tried:
            signature = None if attempt.get("connected") else connect_symptom(attempt["address"], attempt.get("errno"))
            if signature:
                text = "connect to %s from %s: %s (errno %s)" % (attempt["address"], self.proxy.name, attempt.get("error"), attempt.get("errno"))
                seen.setdefault(signature, []).append(Evidence("probe", text))
        for answer in self.failing:
            if answer.get("signature"):
                seen.setdefault(answer["signature"], []).append(answer_evidence(answer))
        return seen

    def has(self, *signatures: str) -> bool:
        return any(signature in self.symptoms for signature in signatures)

    def past(self, *signatures: str) -> list[Facts]:
        """Log records with these signatures that blame the daemon as it runs now."""
        return [record for record in self.records if record["signature"] in signatures and record["last"] >= self.started]

    def seen(self, *signatures: str) -> tuple[Evidence, ...]:
        """All evidence of these signatures on this hop: live first, then the log."""
        live = [item for signature in signatures for item in self.symptoms.get(signature, [])]
        return tuple(live + [log_evidence(record) for record in self.records if record["signature"] in signatures])


def answer_evidence(answer: Facts) -> Evidence:
    status = answer.get("status")
    return Evidence("answer", "%s %s" % (answer["url"], "answers %s" % status if status else "gives no answer in time"))


def log_evidence(record: Facts) -> Evidence:
    times = "" if record["count"] == 1 else " (%d times)" % record["count"]
    where = record.get("source") or ""
    upstream = (record.get("upstream") or {}).get("text")
    look = {"nginx": "log", "kernel": "kernel"}.get(record["kind"], "backend_log")
    return Evidence(look, "%s: %s%s%s" % (where, record["message"], ", upstream %s" % upstream if upstream else "", times))


class Fleet:
    """All hosts of a run."""

    def __init__(self, facts: t.Mapping[str, Facts], backend_services: t.Mapping[str, str] | None = None) -> None:
        self.hosts = {name: Host(name, one) for name, one in facts.items()}
        self.backend_services = {str(where): unit for where, unit in (backend_services or {}).items()}    # YAML reads an unquoted port as a number

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
        rows = [one for one in proxy.facts.get("reach") or [] if one["address"] == address and one.get("family") == family]
        reach = min(rows, key=lambda one: one.get("id") != upstream_id(family, scheme, address), default=None)
        backend, number = self._behind(proxy, address, (reach or {}).get("tried") or [])
        return Hop(proxy, address, family, scheme, [], reach, backend, number)

    def _behind(self, proxy: Host, address: str, tried: list[Facts]) -> tuple[Host | None, str]:
        """The host behind an address, and which number of a name it is there: of several, one that was refused, and one that is served."""
        numbers = [attempt["address"] for attempt in sorted(tried, key=lambda attempt: bool(attempt.get("connected")))] or in_use(proxy, address) or [address]
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
    return [one for one in dict.fromkeys(blamed) if one.startswith("tcp:") and one not in named and split_tcp(one)[1] == split_tcp(address)[1]]


def blamed_over(route: Facts, proxy: Host) -> list[str]:
    """The addresses that a route with a variable in its target was just seen to fail over: nothing else tells them."""
    answers = [] if route["peers"] else proxy.failing
    return list(dict.fromkeys(answer["upstream"] for answer in answers if answer.get("route") == route["id"] and answer.get("upstream")))


def answers_over(hop: Hop, proxy: Host, known: t.Collection[str]) -> list[Facts]:
    """Answers of the routes that use this hop, less those whose error-log line blames another hop. known: the addresses of all of them."""
    mine = addresses_of(hop)
    answers = [answer for answer in proxy.answers if answer.get("route") in hop.route_ids and answer.get("from", "host") == "host"]
    return [answer for answer in answers if normal(answer.get("upstream") or "") not in known or normal(answer["upstream"]) in mine]


def addresses_of(hop: Hop) -> set[str]:
    return {normal(hop.address)} | {normal(attempt["address"]) for attempt in hop.tried}


def records_over(hop: Hop, proxy: Host, known: t.Collection[str]) -> list[Facts]:
    """Log records that blame this hop. An address that is not known of any hop now belongs to the named peer with that port: its name has moved.

    A name is looked up when a worker's configuration is read: lines of moved addresses from before the workers started are history.
    """
    read = max((worker["started"] for worker in proxy.nginx.get("workers") or [] if not worker.get("stopping")), default=0.0)
    changed = max(proxy.last_change, hop.backend.last_change if hop.backend else 0.0)
    mine = addresses_of(hop)
    found = []
    for record in proxy.records:
        blamed = normal((record.get("upstream") or {}).get("address") or "")
        moved = is_name(hop.address) and blamed.startswith("tcp:") and blamed not in known and split_tcp(blamed)[1] == split_tcp(hop.address)[1]
        if record["kind"] == "nginx" and record["last"] > changed and (blamed in mine or moved and record["last"] >= read):
            found.append(record)
    return found
