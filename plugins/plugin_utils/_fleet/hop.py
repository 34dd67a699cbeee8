# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One upstream address as one proxy's configuration names it, with all that was seen of it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.connect_error import connect_signature
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.durations import nginx_seconds
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.probe_symptoms import (
    Sign,
    handshake_sign,
    reply_sign,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.refused_besides import (
    LATE,
    REFUSED,
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
#: Failures of one request that are no single event, such as a restart.
OFTEN = 3
NO_LIVE, CONNECTING, FORBIDDEN = "no_live_upstreams", "connecting to upstream", "selinux_network_connect"
LEFT_BEHIND = "stale_unix_socket"


@dataclass
class Hop:
    """One upstream address as one proxy's config names it, with all that was seen of it.

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
        """The address and where it was tried, each in its one spelling: a log that names one of them means this hop."""
        return frozenset(one.normal() for one in (self.address, *self.tried_addresses))

    @cached_property
    def real_address(self) -> Address:
        """Where the address leads: links in a path are followed, a name is the number that its backend has."""
        real = or_empty(self.reach).get("real")
        return read_address(real) if real else self.number

    @property
    def failing(self) -> list[Answer]:
        """The answers over this hop that are a fault of the upstream."""
        return [answer for answer in self.answers if answer_fails(answer)]

    def asked_again(self, record: LogRecord) -> list[Answer]:
        """What the request of a log record was answered now; where it was not asked again, all that was asked over this hop, of the same site first."""
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
        """A request over this hop fails now, or the log has lines that blame it."""
        return bool(self.failing or self.records)

    @property
    def on(self) -> str:
        """Where the daemon behind this hop is: a host of the inventory, or the address."""
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
        """When the daemon behind this hop was started last, by the proxy's clock; lines that are older blame one that is gone.

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
    def refused_besides(self) -> list[Address]:
        """The addresses of its name that refuse, while requests wait in vain at another one."""
        return refused_besides(list(zip(self.tried, self.tried_addresses)), self.failing, self.records, self.started)

    @cached_property
    def symptoms(self) -> dict[str, list[Evidence]]:
        """What is wrong over this hop now, by signature: from connecting to it and from asking nginx."""
        seen: dict[str, list[Evidence]] = {}
        for signature, item in (*self._refusals, *self._faults):
            seen.setdefault(signature, []).append(item)
        for record in self.records if NO_LIVE in seen else ():
            still = not self.is_well_asked_directly or self._sets_aside_again(record)
            blames = record["signature"] != NO_LIVE and record.get("action") != CONNECTING
            if still and blames and self._is_remembered(record):
                seen.setdefault(record["signature"], []).append(log_evidence(record))
        sign = self.probe_sign
        if sign:
            text = "asked directly, %s %s" % (self.address, sign.seen)
            unsaid = [answer_evidence(answer) for answer in self.unsaid]
            seen.setdefault(sign.signature, []).extend([Evidence(sign.look, text), *unsaid])
        return seen

    @property
    def _refusals(self) -> t.Iterator[tuple[str, Evidence]]:
        """The attempts to connect that failed, with their signatures."""
        for attempt, address in zip(self.tried, self.tried_addresses):
            well = attempt.get("connected") or address in self.refused_besides
            signature = None if well else connect_signature(address, attempt.get("errno"))
            if signature == FORBIDDEN:
                # Who tried is not confined as nginx is: over IPv6 that is what a firewall's admin-prohibited ends with.
                signature = "firewall_reject"
            if attempt.get("nobody_listens"):
                signature = LEFT_BEHIND
            if signature:
                text = "connect to %s from %s: %s (errno %s)%s" % (
                    address,
                    self.proxy.name,
                    attempt.get("error"),
                    attempt.get("errno"),
                    "; root is refused, too: nobody listens there" if attempt.get("nobody_listens") else "",
                )
                yield signature, Evidence("probe", text)

    @property
    def _faults(self) -> t.Iterator[tuple[str, Evidence]]:
        """The answers that fail, with the signatures of the lines that they made; one that waited in vain and was then refused has waited."""
        for answer in self.failing:
            signature = answer.get("signature")
            if signature:
                waited = self.refused_besides and signature in REFUSED
                yield LATE if waited else signature, answer_evidence(answer)

    @property
    def connection_header(self) -> str:
        """What nginx's requests over this hop say of the connection, where a proxy_set_header says it; in small letters."""
        params = (item for route in self.routes for item in route["params"].items())
        return next((value or "" for name, value in params if name.lower() == "connection"), "").lower()

    @property
    def is_well_asked_directly(self) -> bool:
        """Whether a direct request, which says nothing of the connection that nginx does not say, was answered to its end."""
        reply = or_empty(or_empty(self.reach).get("reply"))
        return (reply.get("status") or 500) < 500 and not reply.get("error") and not self.connection_header

    @property
    def unsaid(self) -> list[Answer]:
        """The failing answers without a line of nginx that says why: it writes none, or not where it could be read."""
        return [answer for answer in self.failing if not answer.get("signature")]

    @property
    def probe_sign(self) -> Sign | None:
        """What a direct request to the backend failed with; None where it did not, or where nginx itself has said why its own failed."""
        reach = or_empty(self.reach)
        tls, reply = reach.get("tls"), reach.get("reply")
        if not self.unsaid:
            return None
        return (handshake_sign(tls) if tls else None) or (reply_sign(self.family, reply) if reply else None)

    def _sets_aside_again(self, record: LogRecord) -> bool:
        """Whether one request sets servers aside again and again, for longer than nginx keeps them so: that another one is well shows nothing then."""
        lasting = record["last"] - record["first"] > max(self.set_aside_for, default=0.0)
        return bool(record.get("request")) and record["count"] >= OFTEN and lasting

    def _is_remembered(self, record: LogRecord) -> bool:
        """Whether nginx may ask nobody over this hop because of that failure. How connecting fails shows by itself."""
        now = or_empty(self.proxy.facts.get("clock")).get("now") or 0.0
        return record["last"] >= now - max(self.set_aside_for, default=0.0)

    @cached_property
    def set_aside_for(self) -> list[float]:
        """For how many seconds nginx sets a server aside that failed, of each route. A name without an upstream{} may be several addresses."""
        return [
            set_aside_for(self.proxy, route) if route["pass"]["upstream"] else nginx_seconds(FAIL_TIMEOUT) or 0.0
            for route in self.routes
        ]

    def has(self, *signatures: str) -> bool:
        """Whether one of these is wrong over this hop now."""
        return any(signature in self.symptoms for signature in signatures)

    def past(self, *signatures: str) -> list[LogRecord]:
        """Log records with these signatures that blame the daemon as it runs now."""
        return [
            record for record in self.records if record["signature"] in signatures and record["last"] >= self.started
        ]

    def seen(self, *signatures: str) -> tuple[Evidence, ...]:
        """All evidence of these signatures on this hop: live first, then the log."""
        live = [item for signature in signatures for item in self.symptoms.get(signature, [])]
        return tuple(live + [log_evidence(record) for record in self.records if record["signature"] in signatures])


def answer_evidence(answer: Answer) -> Evidence:
    """What nginx answered, as evidence."""
    status = answer.get("status")
    return Evidence("answer", "%s %s" % (asked(answer), "answers %s" % status if status else "gives no answer in time"))


def asked(answer: Answer) -> str:
    """What was asked, in words: the URL, with the method where that is not GET."""
    return "HEAD %s" % answer["url"] if answer.get("method") == "HEAD" else answer["url"]


def log_evidence(record: LogRecord) -> Evidence:
    """What a log says, as evidence of the kind that fits its source."""
    times = "" if record["count"] == 1 else " (%d times)" % record["count"]
    where = record.get("source") or ""
    upstream = or_empty(record.get("upstream")).get("text")
    look = {"nginx": "log", "kernel": "kernel"}.get(record["kind"], "backend_log")
    return Evidence(
        look, "%s: %s%s%s" % (where, record["message"], ", upstream %s" % upstream if upstream else "", times)
    )
