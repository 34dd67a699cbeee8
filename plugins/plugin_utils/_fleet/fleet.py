# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of all hosts, joined: which proxy passes requests over which hop to which backend, and what was seen there.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import typing as t
from functools import cached_property

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import (
    Address,
    is_any,
    is_loopback,
    read_address,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.peers import peers_in_use, upstream_id
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.own_records import of_other_site, records_over
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.relays import leads_to, relay_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.rows_taken import takes_row
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Attempt
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route


#: RFC 9568, 7.3: the routers of a group share it.
VRRP = ("00:00:5e:00:01:", "00:00:5e:00:02:")


class Inventory(t.NamedTuple):
    """What the controller knows of hosts. unseen: those that were not looked at. doors: the names and numbers by which it reaches each."""

    unseen: tuple[str, ...] = ()
    doors: t.Mapping[str, t.Collection[str]] = {}


class Fleet:
    """All hosts of a run."""

    def __init__(
        self,
        facts: t.Mapping[str, GatewayFacts],
        backend_services: t.Mapping[str, str] | None = None,
        inventory: Inventory | None = None,
    ) -> None:
        self.inventory = inventory or Inventory()
        hosts = [Host(name, one) for name, one in facts.items()]
        known = {address for host in hosts for address in host.system.get("addresses") or []}
        self.hosts = {
            one.name: one
            for host in hosts
            for one in (host, *(one for one in host.containers() if not looked_at(one, known)))
        }
        self.backend_services = {
            str(where): unit for where, unit in (backend_services or {}).items()
        }  # YAML reads an unquoted port as a number

    def proxies(self) -> list[Host]:
        """The hosts with an nginx."""
        return [host for host in self.hosts.values() if host.nginx]

    def seen_from(self, proxy: Host) -> Fleet:
        """The same hosts, judged for one proxy only."""
        return _Part(self, proxy)

    @cached_property
    def is_well(self) -> bool:
        """Whether every URL answers, nginx accepts its configuration everywhere, and no log blames anybody: no rule could find anything then."""
        quiet = not any(host.records for host in self.hosts.values())
        sound = all(or_empty(proxy.nginx.get("test")).get("sound") is not False for proxy in self.proxies())
        return quiet and sound and not any(answer_fails(answer) for proxy in self.proxies() for answer in proxy.answers)

    @cached_property
    def _holders(self) -> dict[str, list[Host]]:
        """The hosts that have an address on one of their interfaces, by that address."""
        by_address: dict[str, list[Host]] = {}
        for host in self.hosts.values():
            # Each network of containers has the same numbers, and a container is asked for by name.
            for address in dict.fromkeys([] if host.within else host.system.get("addresses") or []):
                by_address.setdefault(address, []).append(host)
        return by_address

    def owner(self, address: Address, seen_from: Host) -> Host | None:
        """The host that has this address: the proxy itself, the host that it is a container of, or the one machine of the inventory that holds it."""
        # Connecting to 0.0.0.0 or [::] leads to the host itself.
        if address.is_unix or address.is_loopback or is_any(address.host):
            container = seen_from.facts.get("container")
            return seen_from.within if container and container["host_network"] and not address.is_unix else seen_from
        holders = self._holders.get(address.normal().host, [])
        # Bridges of containers have the same number on many hosts.
        near = next((one for one in (seen_from, seen_from.within) if one and one in holders), None)
        if near:
            return near
        # Of one machine that the inventory has under several names, any will do.
        machines = {frozenset(holder.system.get("addresses") or ()) for holder in holders}
        return holders[0] if len(machines) == 1 else None

    def doubted(self, seen_from: str, on: str) -> str:
        """The number that alone makes a host the backend of a proxy, where a host that was not looked at may have it as well; empty where there is no doubt.

        Private numbers are given out again behind each NAT and on each container bridge. That the controller reaches the host by that
        number or name is a second sign, and so is that the host's own hardware address answers the proxy there.
        """
        if not self.inventory.unseen or seen_from == on:
            return ""
        hops = [hop for hop in self.hops_to(self.hosts[on]) if hop.proxy.name == seen_from]
        doors = self.inventory.doors.get(on, ())
        if any({hop.address.host, hop.number.host} & set(doors) or is_public(hop.number) for hop in hops):
            return ""
        if any(answers_itself(hop) for hop in hops):
            return ""
        return hops[0].number.host if hops else ""

    @cached_property
    def _by_proxy(self) -> dict[str, list[Hop]]:
        return {proxy.name: self._made_hops(proxy) for proxy in self.proxies()}

    @cached_property
    def _by_backend(self) -> dict[str, list[Hop]]:
        found: dict[str, list[Hop]] = {}
        for hop in self.hops:
            if hop.backend:
                found.setdefault(hop.backend.name, []).append(hop)
        return found

    @cached_property
    def _asked(self) -> dict[str, list[Hop]]:
        return {
            name: list({(hop.address, hop.real_address): hop for hop in reversed(hops)}.values())
            for name, hops in self._by_backend.items()
        }

    @cached_property
    def hops(self) -> list[Hop]:
        """The hops of all proxies."""
        return [hop for hops in self._by_proxy.values() for hop in hops]

    def hops_of(self, proxy: Host) -> list[Hop]:
        """The hops of one proxy, also where another one is judged."""
        return self._by_proxy.get(proxy.name, [])

    def hops_to(self, backend: Host) -> list[Hop]:
        """The hops of all proxies that lead to a host, also where only one of them is judged: what is changed for one has to suit the others."""
        return self._by_backend.get(backend.name, [])

    def asked_of(self, backend: Host) -> list[Hop]:
        """One hop for each address by which proxies ask a host, however many of them do."""
        return self._asked.get(backend.name, [])

    def sick_hops(self, *families: str) -> t.Iterator[Hop]:
        """The hops over which something is wrong, or was; of these families only, where any is given."""
        for hop in self.hops:
            if hop.sick and (not families or hop.family in families):
                yield hop

    def _made_hops(self, proxy: Host) -> list[Hop]:
        hops: dict[tuple[str, str, str], Hop] = {}
        for route in proxy.config.get("routes") or []:
            for address in peers_in_use(proxy.config, route) or blamed_over(route, proxy):
                family, scheme = route["pass"]["family"], route["pass"]["scheme"]
                hop = hops.get((family, scheme, address))
                if hop is None:
                    hop = hops[(family, scheme, address)] = self._hop(proxy, address, family, scheme)
                hop.routes.append(route)
        sharing: dict[Address, list[Hop]] = {}
        for hop in hops.values():
            for place in hop.addresses:
                sharing.setdefault(place, []).append(hop)
        known = frozenset(sharing)
        answers = [(one, blamed_by(one.get("upstream"))) for one in proxy.answers if from_host(one)]
        records = [
            (one, blamed_by(or_empty(one.get("upstream")).get("address")))
            for one in proxy.records
            if one["kind"] == "nginx"
        ]
        for hop in hops.values():
            hop.answers = answers_over(hop, answers, known)
            others = [other for place in hop.addresses for other in sharing[place]]
            over = records_over(hop, records, known, self._changed_beyond(hop))
            hop.records = [one for one in over if not of_other_site(hop, one, others)]
        return list(hops.values())

    def _changed_beyond(self, hop: Hop) -> float:
        """When a host was changed last to which the relay behind a hop leads, by the proxy's clock; 0 where there is none."""
        relay = relay_at(hop)
        hosts = [self.owner(one, hop.backend) for one in leads_to(relay)] if relay and hop.backend else []
        return max((hop.by_proxys_clock(one.last_change) for one in hosts if one), default=0.0)

    def _hop(self, proxy: Host, address: str, family: str, scheme: str) -> Hop:
        rows = [
            one for one in proxy.facts.get("reach") or [] if one["address"] == address and one.get("family") == family
        ]
        reach = min(rows, key=lambda one: one.get("id") != upstream_id(family, scheme, address), default=None)
        named = read_address(address)
        backend, number = self._behind(proxy, named, or_empty(reach).get("tried") or [])
        return Hop(proxy, named, family, scheme, [], reach, backend, number)

    def _behind(self, proxy: Host, address: Address, tried: list[Attempt]) -> tuple[Host | None, Address]:
        """The host behind an address, and which number of a name it is there: of several, one that was refused, and one that is served."""
        refused_first = sorted(tried, key=lambda attempt: bool(attempt.get("connected")))
        numbers = [read_address(attempt["address"]) for attempt in refused_first] or in_use(proxy, address) or [address]
        owners = {number: self.owner(number, proxy) for number in numbers}
        backend = next((owner for owner in owners.values() if owner), None)
        if backend is None:
            return None, numbers[0]
        own = [number for number, owner in owners.items() if owner is backend]
        return backend, min(own, key=lambda number: not (backend.pool_at(number) or backend.listener(number)))


class _Part(Fleet):
    """A fleet as one proxy sees it."""

    def __init__(self, whole: Fleet, proxy: Host) -> None:
        self.hosts, self.backend_services, self.inventory = whole.hosts, whole.backend_services, whole.inventory
        self.whole, self.proxy = whole, proxy

    def proxies(self) -> list[Host]:
        return [self.proxy]

    @cached_property
    def _asked(self) -> dict[str, list[Hop]]:
        return {
            name: list({(hop.address, hop.real_address): hop for hop in reversed(hops)}.values())
            for name, hops in self._by_backend.items()
        }

    @cached_property
    def hops(self) -> list[Hop]:
        return self.whole.hops_of(self.proxy)

    def hops_of(self, proxy: Host) -> list[Hop]:
        return self.whole.hops_of(proxy)

    def hops_to(self, backend: Host) -> list[Hop]:
        return self.whole.hops_to(backend)


def looked_at(container: Host, known: t.Collection[str]) -> bool:
    """Whether a container is a host of the run itself, as those of LXC often are. known: the addresses of all hosts of the run."""
    own = (one for one in container.system.get("addresses") or [] if not is_loopback(one))
    return not container.facts["container"]["host_network"] and any(one in known for one in own)


def is_public(address: Address) -> bool:
    """Whether it is a number that one host of the internet has."""
    return not address.is_unix and not address.is_name and ipaddress.ip_address(address.host).is_global


def answers_itself(hop: Hop) -> bool:
    """Whether the hardware address that the proxy sees for the number is one of the backend's. Behind a router it is the router's, or none is seen."""
    number = hop.number.normal().host
    tried = zip(hop.tried, hop.tried_addresses)
    seen = {attempt.get("neighbour") or "" for attempt, address in tried if address.normal().host == number}
    system = or_empty(hop.backend.system if hop.backend else None)
    own = set((system.get("hardware") or {}).values())
    return any(tells_apart(one, system.get("addresses") or ()) for one in seen & own)


def tells_apart(hardware: str, addresses: t.Iterable[str]) -> bool:
    """Whether no other machine has this hardware address. VRRP's are the same in every network with such a group, and
    container engines and clouds make one of the host's IPv4 address: whoever has the same number has it too."""
    made = {"".join("%02x" % int(part) for part in one.split(".")) for one in addresses if "." in one}
    return not hardware.startswith(VRRP) and hardware.replace(":", "")[4:] not in made


def blamed_by(text: str | None) -> Address | None:
    """The address that nginx names, in its one spelling; None where it names none."""
    return read_address(text).normal() if text else None


def from_host(answer: Answer) -> bool:
    """Whether the URL was asked on the host itself."""
    return answer.get("from", "host") == "host"


def in_use(proxy: Host, address: Address) -> list[Address]:
    """What nginx still asks for a name that has no address any more: the numbers with its port over which a request just failed."""
    if not address.is_name:
        return []
    named = {server for route in proxy.config.get("routes") or [] for server in route["peers"]}
    blamed = dict.fromkeys(answer.get("upstream") or "" for answer in proxy.failing)
    found = [read_address(one) for one in blamed if one.startswith("tcp:") and one not in named]
    return [one for one in found if one.port == address.port]


def blamed_over(route: Route, proxy: Host) -> list[str]:
    """The addresses over which requests of a route with a variable in its target just failed: nothing else names them."""
    answers = [] if route["peers"] else proxy.failing
    blamed = (answer.get("upstream") for answer in answers if answer.get("route") == route["id"])
    return list(dict.fromkeys(address for address in blamed if address))


def answers_over(
    hop: Hop, answers: t.Sequence[tuple[Answer, Address | None]], known: t.Collection[Address]
) -> list[Answer]:
    """Answers of the routes that use this hop, less those that blame another hop or take another row of a table. known: the addresses of all hops."""
    routes = {route["id"]: route for route in hop.routes}
    peer = str(hop.address)
    return [
        answer
        for answer, blamed in answers
        if answer.get("route") in routes
        and (
            takes_row(routes[answer["route"]], peer, answer["url"]) if blamed not in known else blamed in hop.addresses
        )
    ]
