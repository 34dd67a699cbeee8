# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host's facts, with the questions that rules ask of them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._net.canonical import (
    covers,
    is_any,
    is_unix,
    normal,
    split_tcp,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails

Facts = t.Mapping[str, t.Any]


class PoolAt(t.NamedTuple):
    """A pool of a PHP-FPM: the FPM that has it, and its name there."""

    fpm: Facts
    name: str
    pool: Facts


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
        found = [
            one
            for one in self.tcp_listeners(port)
            if covers(one["address"], host) and not (one.get("v6only") and ":" not in host)
        ]
        return min(found, key=lambda one: is_any(one["address"]), default=None)

    def listener(self, address: str) -> Facts | None:
        return self.unix_listener(address) if is_unix(address) else self.tcp_listener(*split_tcp(address))

    def pools(self) -> t.Iterator[PoolAt]:
        """Each PHP-FPM of the host with each of its pools."""
        for fpm in self.facts.get("php_fpm") or []:
            for name, pool in fpm["pools"].items():
                yield PoolAt(fpm, name, pool)

    def pools_at(self, address: str) -> list[PoolAt]:
        """Each pool whose listen is this address, with its FPM, running or not; running ones first."""
        found = [entry for entry in self.pools() if pool_serves(entry.pool, address)]
        found.sort(key=lambda entry: entry.fpm.get("master") is None)
        return found

    def pool_at(self, address: str) -> PoolAt | None:
        """The first of them."""
        return next(iter(self.pools_at(address)), None)


def pool_serves(pool: Facts, address: str) -> bool:
    listens = pool.get("address") or ""
    if is_unix(listens) or is_unix(address):
        return normal(listens) == normal(address)
    host, port = split_tcp(listens)
    asked, asked_port = split_tcp(address)
    return port == asked_port and (covers(host, asked) or host == asked)
