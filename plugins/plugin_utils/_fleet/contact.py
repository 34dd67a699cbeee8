# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One proxy's contact with one upstream address: what its configuration says of it, and what was tried, asked and logged.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.durations import nginx_seconds
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.refused_besides import (
    Besides,
    refused_besides,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.set_aside import FAIL_TIMEOUT, set_aside_for
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails, is_barred

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Attempt, Reached
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.follower import Branch
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route


#: Seconds that the clocks of two hosts may seem to differ because one was looked at later than the other.
APART = 600.0


@dataclass
class Contact:
    """One proxy's contact with one upstream address, as its configuration names it.

    number is the address without a name: where the name leads on the backend, or the address itself.
    named_in is where the address stands if that is no line of nginx's http{}: what passes connections on has its own files.
    """

    proxy: Host
    address: Address
    family: str
    scheme: str
    routes: list[Route]
    reach: Reached | None
    backend: Host | None
    number: Address
    answers: list[Answer] = field(default_factory=list)
    records: list[LogRecord] = field(default_factory=list)
    named_in: Place | None = None

    @property
    def is_unix(self) -> bool:
        return self.address.is_unix

    @property
    def route_ids(self) -> frozenset[int]:
        return frozenset(route["id"] for route in self.routes)

    @cached_property
    def branches(self) -> list[Branch]:
        """The rows of tables (split_clients, map) that lead here: other requests of the same routes go elsewhere."""
        found = ((route.get("branches") or {}).get(str(self.address)) for route in self.routes)
        return [branch for branch in found if branch]

    @cached_property
    def tried(self) -> list[Attempt]:
        """The attempts to connect: one for each number of a name."""
        return list(or_empty(self.reach).get("tried") or [])

    @cached_property
    def tried_addresses(self) -> list[Address]:
        """Where each of them went, in order."""
        return [read_address(attempt["address"]) for attempt in self.tried]

    @property
    def destination(self) -> Address:
        """Where the first of them went; the address itself where nothing was tried."""
        return next(iter(self.tried_addresses), self.address)

    @cached_property
    def addresses(self) -> frozenset[Address]:
        """The address and where it was tried, each in its one spelling: a log that names one of them means it."""
        return frozenset(one.normal() for one in (self.address, *self.tried_addresses))

    @cached_property
    def real_address(self) -> Address:
        """Where the address leads: links in a path are followed, a name is the number that its backend has."""
        real = or_empty(self.reach).get("real")
        return read_address(real) if real else self.number

    @property
    def failing(self) -> list[Answer]:
        """The answers over it that are a fault of the upstream."""
        return [answer for answer in self.answers if answer_fails(answer)]

    def asked_again(self, record: LogRecord) -> list[Answer]:
        """What the request of a log record was answered now; where it was not asked again, all that was asked over it, of the same site first."""
        path, site = or_empty(record.get("request")).get("path"), record.get("host")
        asked = [(urllib.parse.urlsplit(answer["url"]), answer) for answer in self.answers]
        return (
            [answer for url, answer in asked if path and url.path == path]
            or [answer for url, answer in asked if site and url.netloc == site]
            or self.answers
        )

    def is_barred(self, record: LogRecord) -> bool:
        """Whether asking again did not get as far as the backend, so that nothing shows whether it still fails."""
        again = self.asked_again(record)
        return bool(again) and all(is_barred(answer) for answer in again)

    @property
    def sick(self) -> bool:
        """A request over it fails now, or the log has lines that blame it."""
        return bool(self.failing or self.records)

    @property
    def on(self) -> str:
        """Where the daemon behind it is: a host of the inventory, or the address."""
        return self.backend.name if self.backend else self.address.host

    @property
    def source(self) -> str | None:
        """The proxy's own address towards the backend, before any translation on the way; None where it is not known."""
        return next((attempt["source"] for attempt in self.tried if attempt.get("source")), None)

    def by_proxys_clock(self, when: float) -> float:
        """A time of the backend's clock as the proxy's clock, and so its log, has it, where one of the two is wrong; 0 stays 0."""
        there, here = self.backend.now if self.backend else 0.0, self.proxy.now
        ahead = there - here if there and here else 0.0
        return when - ahead if when and abs(ahead) > APART else when

    @property
    def started(self) -> float:
        """When the daemon behind it was started last, by the proxy's clock; lines that are older blame one that is gone.

        systemd's own restarts mend nothing: then it is not known, and 0.
        """
        return self.by_proxys_clock(self._started)

    @property
    def _started(self) -> float:
        if not self.backend:
            return 0.0
        found, listener = self.backend.pool_at(self.real_address), self.backend.listener(self.real_address)
        unit = or_empty(self.backend.unit(found.fpm.get("unit") if found else or_empty(listener).get("unit")))
        if unit.get("restarts"):
            return 0.0
        return (or_empty(found.fpm.get("master")).get("started") if found else unit.get("since")) or 0.0

    @cached_property
    def besides(self) -> Besides:
        """The addresses of its name that refuse, while requests fail at another one by something else."""
        return refused_besides(list(zip(self.tried, self.tried_addresses)), self.failing, self.records, self.started)

    @property
    def connection_header(self) -> str:
        """What nginx's requests over it say of the connection, where a proxy_set_header says it; in small letters."""
        params = (item for route in self.routes for item in route["params"].items())
        return next((value or "" for name, value in params if name.lower() == "connection"), "").lower()

    @cached_property
    def set_aside_for(self) -> list[float]:
        """For how many seconds nginx sets a server aside that failed, of each route. A name without an upstream{} may be several addresses."""
        return [
            set_aside_for(self.proxy, route) if route["pass"]["upstream"] else nginx_seconds(FAIL_TIMEOUT) or 0.0
            for route in self.routes
        ]
