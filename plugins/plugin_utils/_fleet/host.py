# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host's facts, with the questions that rules ask of them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from functools import cached_property

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, covers, is_any, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.version import HTTP_1_1_SINCE, numbers_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.masked import with_what_is_masked
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.served_by import with_its_route
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import (
        Listener,
        TcpListener,
        UnixListener,
    )
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.relays import Relay
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.system import System
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import NginxFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts, FpmPool

_Part = t.TypeVar("_Part")


def or_empty(part: _Part | None) -> _Part:
    """A part of the facts; an empty one where there is none or it could not be read, so that `get` finds nothing in it."""
    return part or t.cast("_Part", {})


class PoolAt(t.NamedTuple):
    """A pool of a PHP-FPM: the FPM that has it, its name there, and the address that it listens on; None where it sets none."""

    fpm: FpmFacts
    name: str
    pool: FpmPool
    address: Address | None

    def serves(self, asked: Address) -> bool:
        """Whether a connection to this address leads to the pool."""
        if self.address is None:
            return False
        if self.address.is_unix or asked.is_unix:
            return self.address.normal() == asked.normal()
        own = self.address.host
        return self.address.port == asked.port and (covers(own, asked.host) or own == asked.host)


#: Levels of an error log that leave out what nginx says of upstreams that fail.
MUTE_LEVELS = ("crit", "alert", "emerg")
UNREAD = ("unreadable", "not_a_file")


class Host:
    """One host's facts, with the questions that rules ask.

    What could not be read is None in the facts; here it is empty, so that a rule asks with `get` and finds nothing.
    within: the host that this one is a container of, None for all others. The name of a container has that of its host: NAME@HOST.
    """

    def __init__(self, name: str, facts: GatewayFacts, within: Host | None = None) -> None:
        self.name = name
        self.facts = facts
        self.within = within

    def containers(self) -> list[Host]:
        """Its containers with an nginx that was looked into, each as a host of its own."""
        return [
            Host("%s@%s" % (one["container"]["name"], self.name), one, self) for one in self.facts.get("inside") or []
        ]

    @property
    def nginx(self) -> NginxFacts:
        """The nginx of the host; empty where there is none."""
        return or_empty(self.facts.get("nginx"))

    @property
    def keeps_by_default(self) -> bool:
        """Whether its nginx speaks HTTP/1.1 to upstreams and keeps connections to them, unless it is set not to."""
        return numbers_of(self.nginx.get("version") or "") >= HTTP_1_1_SINCE

    @property
    def config(self) -> NginxConfig:
        """nginx's configuration; empty where there is no nginx."""
        return or_empty(self.nginx.get("config"))

    @property
    def config_read(self) -> float:
        """When nginx read its configuration last, which is when its newest workers began; 0 where none runs."""
        workers = (one for one in self.nginx.get("workers") or [] if not one.get("stopping"))
        return max((one["started"] for one in workers), default=0.0)

    @property
    def system(self) -> System:
        """What the host is; empty where that could not be read."""
        return or_empty(self.facts.get("system"))

    @property
    def now(self) -> float:
        """The time by the host's own clock as it was looked at; 0 where that is not known."""
        return or_empty(self.facts.get("clock")).get("now") or 0.0

    @property
    def last_change(self) -> float:
        """When the newest change was made that this collection kept here; 0 where there is none, or the clock was set back behind it since."""
        changed = or_empty(self.facts.get("clock")).get("last_change") or 0.0
        return 0.0 if 0.0 < self.now < changed else changed

    @property
    def records(self) -> list[LogRecord]:
        """Log records since the last change that this collection made here: older lines are history."""
        records = or_empty(self.facts.get("log")).get("records") or []
        last_change = self.last_change
        return [record for record in records if record["last"] > last_change]

    @cached_property
    def answers(self) -> list[Answer]:
        """What nginx answered, each with the route that it comes from, and whether error_page hides a failure behind it."""
        routes = self.config.get("routes") or []
        asked = self.facts.get("answers") or []
        led = [with_its_route(answer, routes) for answer in asked]
        reach = self.facts.get("reach") or []
        is_mute = self.is_mute
        return [with_what_is_masked(own, routes, reach, is_mute) if own is one else own for own, one in zip(led, asked)]

    @property
    def is_mute(self) -> bool:
        """Whether nginx has an error log that takes no line of a failed request, by its level, or that cannot be read."""
        sources = or_empty(self.facts.get("log")).get("sources") or []
        logs = [one for one in sources if one["kind"] == "nginx"]
        return any(one["level"] in MUTE_LEVELS or one["state"] in UNREAD for one in logs)

    @property
    def failing(self) -> list[Answer]:
        """The answers to this host's own questions that are a fault of an upstream."""
        return [answer for answer in self.answers if answer.get("from", "host") == "host" and answer_fails(answer)]

    def relays(self) -> list[Relay]:
        """What passes connections on as they are: nginx's own stream{}, and other programs."""
        return [*(self.config.get("relays") or []), *(self.facts.get("relays") or [])]

    def unit(self, name: str | None) -> Unit | None:
        """The unit of this name; None where there is none or units could not be read."""
        return or_empty(self.facts.get("units")).get(name) if name else None

    @property
    def units(self) -> dict[str, Unit]:
        """The units that could be read, by name."""
        return {name: unit for name, unit in or_empty(self.facts.get("units")).items() if unit}

    def sees(self, what: str) -> bool:
        """Whether this part of the facts could be read at all."""
        return self.facts.get(what) is not None

    @cached_property
    def _unix_listeners(self) -> dict[Address, list[UnixListener]]:
        """Who listens on unix sockets, by the one spelling of their paths."""
        by_address: dict[Address, list[UnixListener]] = {}
        for one in or_empty(self.facts.get("listeners")).get("unix") or []:
            by_address.setdefault(Address("", 0, one["path"]).normal(), []).append(one)
        return by_address

    def unix_listener(self, address: Address) -> UnixListener | None:
        """Who listens on this path: the one whose socket is there now, before any whose socket was removed or replaced."""
        found = self._unix_listeners.get(address.normal(), [])
        return min(found, key=lambda one: or_empty(one.get("file")).get("same") is False, default=None)

    def tcp_listeners(self, port: int) -> list[TcpListener]:
        """Who listens on this port, on whichever address."""
        return [one for one in or_empty(self.facts.get("listeners")).get("tcp") or [] if one["port"] == port]

    def tcp_listener(self, host: str, port: int) -> TcpListener | None:
        """The listener that takes connections to this address of the host: one on the very address before one on all."""
        found = [
            one
            for one in self.tcp_listeners(port)
            if covers(one["address"], host) and not (one.get("v6only") and ":" not in host)
        ]
        return min(found, key=lambda one: is_any(one["address"]), default=None)

    def listener(self, address: Address) -> Listener | None:
        """Who takes connections to this address of the host."""
        return self.unix_listener(address) if address.is_unix else self.tcp_listener(address.host, address.port)

    def pools(self) -> list[PoolAt]:
        """Every pool of every PHP-FPM of the host."""
        return self._pools

    @cached_property
    def _pools(self) -> list[PoolAt]:
        pools = []
        for fpm in self.facts.get("php_fpm") or []:
            for name, pool in fpm["pools"].items():
                listens = pool.get("address")
                pools.append(PoolAt(fpm, name, pool, read_address(listens) if listens else None))
        return pools

    def pools_at(self, address: Address) -> list[PoolAt]:
        """The pools that a connection to this address leads to once they run; those of a running FPM first."""
        return sorted(
            (one for one in self._pools if one.serves(address)), key=lambda one: one.fpm.get("master") is None
        )

    def pool_at(self, address: Address) -> PoolAt | None:
        """The first of pools_at(); None where there is none."""
        return next(iter(self.pools_at(address)), None)
