# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to PHP-FPM that end before the answer: what became of the worker is told by FPM's own log, by the kernel and by the pool's settings.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, answer_evidence, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host, PoolAt
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, RESET, probed

#: What nginx sees of a worker that is gone: a reset where it had not read the whole request, an end of file otherwise.
BROKEN = (RESET, CLOSED)
#: Seconds between what FPM, the kernel and nginx write of one event, each with its own clock.
SLACK = 5.0
#: Requests that can be asked again without doing anything; of the others only the log can tell.
SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class BrokenHop:
    """A hop that loses connections, with the running FPM and the pool behind it."""

    hop: Hop
    host: Host
    at: PoolAt

    @property
    def fpm(self) -> Facts:
        return self.at.fpm

    @property
    def name(self) -> str:
        return self.at.name

    @property
    def pool(self) -> Facts:
        return self.at.pool

    @property
    def past(self) -> list[Facts]:
        return self.hop.past(*BROKEN)

    @property
    def present(self) -> bool:
        """Whether it happens still: a request fails now, or what failed could not be asked again."""
        return (
            self.hop.has(*BROKEN)
            or unsaid(self.hop)
            or any((record.get("request") or {}).get("method") not in SAFE for record in self.past)
        )

    def hops_to_pool(self, fleet: Fleet) -> list[Hop]:
        """All hops of all proxies that lead to this pool: what is set in it must suit them all."""
        hops = [
            (hop, self.host.pool_at(hop.real_address))
            for hop in fleet.all_hops
            if hop.backend is self.host and hop.family == "fastcgi"
        ]
        return [hop for hop, found in hops if found and found.pool is self.pool]

    def told(self, *signatures: str) -> list[Facts]:
        """Lines of this FPM on this pool, since its master started, at the time of what nginx saw."""
        started = self.fpm["master"].get("started") or 0.0
        found = [
            record
            for record in self.host.records
            if record["source"] in self.sources
            and record["signature"] in signatures
            and record.get("pool") in (self.name, None)
            and record["last"] >= started
        ]
        return [record for record in found if not self.past or coincide(record, self.past)]

    def kernel(self, signature: str, near: t.Sequence[Facts]) -> list[Facts]:
        """The kernel's lines of an FPM worker at the time of these records of FPM's log. Without such the kernel means another's worker (in a container the
        kernel tells of all), unless FPM's log cannot be read."""
        if not near and self.unseen(*self.sources) is None:
            return []
        found = [
            record for record in self.host.records if record["kind"] == "kernel" and record["signature"] == signature
        ]
        return [record for record in found if is_fpm(record.get("process")) and coincide(record, near or self.past)]

    @property
    def sources(self) -> tuple[str, ...]:
        """Where this FPM's own lines are: its file, or the journal of its unit."""
        return tuple(path for path in (self.fpm.get("error_log") or self.fpm.get("unit"),) if path)

    def unseen(self, *paths: str) -> str | None:
        """Why none of these logs could be read; None where one was."""
        sources = [one for one in (self.host.facts.get("log") or {}).get("sources") or [] if one["path"] in paths]
        if any(one["state"] in ("ok", "cut", "deleted") for one in sources):
            return None
        return str(sources[0].get("why") or sources[0]["state"]) if sources else "it was not looked at"

    def seen(self, *records: Facts) -> tuple[Evidence, ...]:
        live = self.hop.seen(*BROKEN) or (*(answer_evidence(answer) for answer in self.hop.failing), *probed(self.hop))
        return (*live, *(log_evidence(record) for record in records))


def unsaid(hop: Hop) -> bool:
    """Whether it is so without nginx's word for it, whose log is written from a higher level on: the failing request ends so when asked directly."""
    return bool(probed(hop)) and any(
        answer.get("status") == 502 and not answer.get("signature") for answer in hop.failing
    )


def is_fpm(process: str | None) -> bool:
    return "php" in (process or "") and "fpm" in (process or "")


def coincide(record: Facts, others: t.Iterable[Facts]) -> bool:
    """Whether this happened while one of the others did."""
    return any(
        record["first"] - SLACK <= other["last"] and other["first"] - SLACK <= record["last"] for other in others
    )


def broken_hops(fleet: Fleet) -> t.Iterator[BrokenHop]:
    for hop in fleet.sick_hops("fastcgi"):
        found = hop.backend.pool_at(hop.real_address) if hop.backend else None
        if hop.backend and found and found.fpm.get("master") and (hop.has(*BROKEN) or hop.past(*BROKEN) or unsaid(hop)):
            yield BrokenHop(hop, hop.backend, found)
