# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to PHP-FPM that end before the answer: what PHP-FPM's own log and the kernel's log say of the worker that had them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, RESET

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts, FpmPool

#: What nginx sees of a worker that is gone: a reset where the worker had not read the whole request, else an end of file.
_LOST = (RESET, CLOSED)
#: Seconds that the lines of one event may lie apart: PHP-FPM, the kernel and nginx each have a clock of their own.
_SLACK = 5.0
#: Requests that can be asked again and change nothing; whether others still fail is known from the log alone.
_SAFE = ("GET", "HEAD")


@dataclass(frozen=True)
class LossyHop:
    """A hop that loses connections, with the running PHP-FPM and its pool behind it."""

    hop: Hop
    host: Host
    at: PoolAt

    @property
    def fpm(self) -> FpmFacts:
        return self.at.fpm

    @property
    def name(self) -> str:
        return self.at.name

    @property
    def pool(self) -> FpmPool:
        return self.at.pool

    @property
    def past(self) -> list[LogRecord]:
        """nginx's records of lost connections, since the PHP-FPM that runs now started."""
        return self.hop.past(*_LOST)

    @property
    def is_present(self) -> bool:
        """Whether connections are still lost: a request fails now, or what failed could not be asked again."""
        return self.hop.has(*_LOST) or any(
            or_empty(record.get("request")).get("method") not in _SAFE for record in self.past
        )

    @property
    def log_paths(self) -> tuple[str, ...]:
        """Where this PHP-FPM logs: its file, or the journal of its unit; empty where neither is known."""
        return tuple(path for path in (self.fpm.get("error_log") or self.fpm.get("unit"),) if path)

    def hops_to_pool(self, fleet: Fleet) -> list[Hop]:
        """All hops of all proxies that lead to this pool: what is set in it must suit them all."""
        hops = [
            (hop, self.host.pool_at(hop.real_address)) for hop in fleet.hops_to(self.host) if hop.family == "fastcgi"
        ]
        return [hop for hop, found in hops if found and found.pool is self.pool]

    def own_lines(self, *signatures: str) -> list[LogRecord]:
        """Records of this PHP-FPM's log about this pool, since its master started; near a lost connection where nginx logged any."""
        started = or_empty(self.fpm.get("master")).get("started") or 0.0
        found = [
            record
            for record in self.host.records
            if record["source"] in self.log_paths
            and record["signature"] in signatures
            and record.get("pool") in (self.name, None)
            and record["last"] >= started
        ]
        return [record for record in found if not self.past or coincide(record, self.past)]

    def kernel_lines(self, signature: str, near: t.Sequence[LogRecord]) -> list[LogRecord]:
        """The kernel's records about a PHP-FPM worker at the time of these records of PHP-FPM's log.

        Without any, the kernel means a worker of another PHP-FPM (in a container its log has lines of all), unless PHP-FPM's log cannot be read.
        """
        if not near and self.why_unread(*self.log_paths) is None:
            return []
        found = [
            record for record in self.host.records if record["kind"] == "kernel" and record["signature"] == signature
        ]
        return [record for record in found if _is_fpm(record.get("process")) and coincide(record, near or self.past)]

    def why_unread(self, *paths: str) -> str | None:
        """Why none of these logs could be read; None where one was."""
        sources = [one for one in or_empty(self.host.facts.get("log")).get("sources") or [] if one["path"] in paths]
        if any(one["state"] in ("ok", "cut", "deleted") for one in sources):
            return None
        return str(sources[0].get("why") or sources[0]["state"]) if sources else "this run did not look for it"

    def evidence(self, *records: LogRecord) -> tuple[Evidence, ...]:
        """What is seen of lost connections now, and these records."""
        return (*self.hop.seen(*_LOST), *(log_evidence(record) for record in records))


def lossy_hops(fleet: Fleet) -> t.Iterator[LossyHop]:
    """Every hop to a pool of a running PHP-FPM that loses connections, now or in the log."""
    for hop in fleet.sick_hops("fastcgi"):
        found = hop.backend.pool_at(hop.real_address) if hop.backend else None
        if not hop.backend or not found or not found.fpm.get("master"):
            continue
        if hop.has(*_LOST) or hop.past(*_LOST):
            yield LossyHop(hop, hop.backend, found)


def execution_time(lossy: LossyHop) -> int:
    """Seconds of PHP's own max_execution_time in this pool; 0 is none, or not known."""
    for kind in ("php_admin_value", "php_value"):
        setting = lossy.pool["settings"].get("%s[max_execution_time]" % kind)
        if setting and setting["value"].isdecimal():
            return int(setting["value"])
    return int(or_empty(lossy.fpm.get("ini")).get("max_execution_time") or 0)


def paths_lost(lossy: LossyHop) -> str:
    """For which requests connections were lost, in words; empty where nginx logged none."""
    paths = sorted({or_empty(record.get("request")).get("path") or "" for record in lossy.past} - {""})
    return " on requests for %s" % ", ".join(paths[:3]) if paths else ""


def _is_fpm(process: str | None) -> bool:
    return "php" in (process or "") and "fpm" in (process or "")


def coincide(record: LogRecord, others: t.Iterable[LogRecord]) -> bool:
    """Whether this happened while one of the others did."""
    return any(
        record["first"] - _SLACK <= other["last"] and other["first"] - _SLACK <= record["last"] for other in others
    )
