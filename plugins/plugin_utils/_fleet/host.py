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
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails

Facts = t.Mapping[str, t.Any]


class PoolAt(t.NamedTuple):
    """A pool of a PHP-FPM: the FPM that has it, its name there, and the address that it listens on; None where it sets none."""

    fpm: Facts
    name: str
    pool: Facts
    address: Address | None

    def serves(self, asked: Address) -> bool:
        """Whether a connection to this address leads to the pool."""
        if self.address is None:
            return False
        if self.address.is_unix or asked.is_unix:
            return self.address.normal() == asked.normal()
        own = self.address.host
        return self.address.port == asked.port and (covers(own, asked.host) or own == asked.host)


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

    @cached_property
    def _unix_listeners(self) -> dict[Address, list[Facts]]:
        """Who listens on unix sockets, by the one spelling of their paths."""
        by_address: dict[Address, list[Facts]] = {}
        for one in (self.facts.get("listeners") or {}).get("unix") or []:
            by_address.setdefault(Address("", 0, one["path"]).normal(), []).append(one)
        return by_address

    def unix_listener(self, address: Address) -> Facts | None:
        """Who listens on this path: the one whose socket is there now, before any whose socket was removed or replaced."""
        found = self._unix_listeners.get(address.normal(), [])
        return min(found, key=lambda one: (one.get("file") or {}).get("same") is False, default=None)

    def tcp_listeners(self, port: int) -> list[Facts]:
        """Who listens on this port, on whichever address."""
        return [one for one in (self.facts.get("listeners") or {}).get("tcp") or [] if one["port"] == port]

    def tcp_listener(self, host: str, port: int) -> Facts | None:
        """The listener that takes connections to this address of the host: one on the very address before one on all."""
        found = [
            one
            for one in self.tcp_listeners(port)
            if covers(one["address"], host) and not (one.get("v6only") and ":" not in host)
        ]
        return min(found, key=lambda one: is_any(one["address"]), default=None)

    def listener(self, address: Address) -> Facts | None:
        """Who takes connections to this address of the host."""
        return self.unix_listener(address) if address.is_unix else self.tcp_listener(address.host, address.port)

    def pools(self) -> list[PoolAt]:
        """Every pool of every PHP-FPM of the host."""
        return self._pools

    @cached_property
    def _pools(self) -> list[PoolAt]:
        return [
            PoolAt(fpm, name, pool, read_address(pool["address"]) if pool.get("address") else None)
            for fpm in self.facts.get("php_fpm") or []
            for name, pool in fpm["pools"].items()
        ]

    def pools_at(self, address: Address) -> list[PoolAt]:
        """The pools that a connection to this address leads to once they run; those of a running FPM first."""
        return sorted(
            (one for one in self._pools if one.serves(address)), key=lambda one: one.fpm.get("master") is None
        )

    def pool_at(self, address: Address) -> PoolAt | None:
        """The first of pools_at(); None where there is none."""
        return next(iter(self.pools_at(address)), None)
