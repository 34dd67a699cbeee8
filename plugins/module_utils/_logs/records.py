# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log lines added up to records: lines of one kind are one record, and of a flood of one kind only so many are kept that others have room.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.kernel_signature import KernelEvent
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import ErrorLine
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.php_fpm_signature import FpmLine
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable, without_secrets

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from typing_extensions import NotRequired

    class LoggedUpstream(TypedDict):
        """The peer that a line names."""

        scheme: str
        address: str  # canonical
        text: str  # as nginx prints it

    class LoggedRequest(TypedDict):
        """The request that a line names, without its query string."""

        method: str
        path: str
        query: NotRequired[bool]  # it had one

    class LogRecord(TypedDict):
        """The lines of one source with one signature, and the same upstream, server, request, pool and process. All texts are safe to show."""

        source: str
        kind: str
        signature: str
        count: int
        first: float
        last: float
        level: Optional[str]
        message: str  # of the last line, as all that follows
        action: Optional[str]
        errno: Optional[int]
        upstream: Optional[LoggedUpstream]
        server: Optional[str]
        host: Optional[str]
        request: Optional[LoggedRequest]
        pid: Optional[int]
        pool: Optional[str]  # of PHP-FPM's lines
        unit: Optional[str]
        process: Optional[str]  # of the kernel's lines: what was killed, crashed or denied


MESSAGE_LIMIT = 300
#: Records at most while lines are read, and what is left of them then: a visitor makes as many as there are paths.
MOST, KEPT = 5000, 1000
_NUMBER = re.compile(r"\d+")
_SEVERITY = {"ALERT": "alert", "ERROR": "error", "WARNING": "warn", "NOTICE": "notice", "DEBUG": "debug"}


class Origin(NamedTuple):
    """The source that a line was read from: its path, its kind, and the unit whose journal it is."""

    source: str
    kind: str
    unit: Optional[str] = None


class _Ranked(NamedTuple):
    """A record, and how many newer ones of its source, signature and upstream there are."""

    rank: int
    key: Tuple[Any, ...]
    record: "LogRecord"


class Records:
    """Log lines added up: those that say the same of the same upstream, request, pool or process are one record."""

    def __init__(self) -> None:
        self._records: "Dict[Tuple[Any, ...], LogRecord]" = {}

    def add_nginx(self, origin: Origin, signature: str, when: float, line: ErrorLine) -> None:
        """Add a line of nginx's error log."""
        record = _blank(origin, signature, line.level, line.message)
        record.update(
            {
                "action": line.action,
                "errno": line.errno,
                "server": _text(line.server),
                "host": _text(line.host),
                "pid": line.pid,
            }
        )
        if line.upstream:
            record["upstream"] = {
                "scheme": line.upstream.scheme,
                "address": printable(str(line.upstream.address), MESSAGE_LIMIT),
                "text": printable(without_secrets(line.upstream.text), MESSAGE_LIMIT),
            }
        if line.request:
            asked: "LoggedRequest" = {"method": line.request.method, "path": line.request.path}
            if line.request.query:
                asked["query"] = True
            record["request"] = asked
        # What stopped a start differs by its words alone: each keeps its file and line.
        words = _words(record["message"]) if line.level == "emerg" else None
        # A POST is no GET: nginx repeats only what does no harm twice.
        request = (line.request.method, line.request.path) if line.request else None
        self._add(record, when, (line.upstream and line.upstream.address, line.server, request, words))

    def add_fpm(self, origin: Origin, signature: str, when: float, line: FpmLine) -> None:
        """Add a line of PHP-FPM's log."""
        record = _blank(origin, signature, _SEVERITY[line.level], line.message)
        record.update({"pool": _text(line.pool), "pid": line.pid})
        self._add(record, when, (line.pool, _words(record["message"])))

    def add_kernel(self, origin: Origin, when: float, event: KernelEvent, message: str) -> None:
        """Add a line of the kernel, the audit system or systemd."""
        record = _blank(origin, event.signature, None, message)
        record.update({"process": _text(event.process), "pid": event.pid})
        self._add(record, when, (event.process, event.place))

    def add_other(self, origin: Origin, signature: str, when: float, message: str) -> None:
        """Add a line that has nothing but its signature and its words: a number in them may be all that it says."""
        self._add(_blank(origin, signature, None, message), when, (message,))

    def _add(self, record: "LogRecord", when: float, distinct: Tuple[Any, ...]) -> None:
        key = (record["source"], record["signature"]) + distinct
        known = self._records.get(key)
        latest = record if known is None or when >= known["last"] else known
        latest.update(
            {
                "first": min(when, known["first"]) if known else when,
                "last": max(when, known["last"]) if known else when,
                "count": known["count"] + 1 if known else 1,
            }
        )
        self._records[key] = latest
        if len(self._records) > MOST:
            self._records = dict(self._newest(KEPT))

    def newest(self, limit: int) -> "List[LogRecord]":
        """At most limit records, the last ones first; a flood of one kind never pushes out the only record of another."""
        return sorted((record for _key, record in self._newest(limit)), key=lambda record: -record["last"])

    def _newest(self, limit: int) -> "List[Tuple[Tuple[Any, ...], LogRecord]]":
        seen: Dict[Tuple[Any, ...], int] = {}
        ranked = []
        for key, record in sorted(self._records.items(), key=lambda item: -item[1]["last"]):
            upstream = record["upstream"]["address"] if record["upstream"] else None
            kind = (record["source"], record["signature"], upstream)
            ranked.append(_Ranked(seen.get(kind, 0), key, record))
            seen[kind] = seen.get(kind, 0) + 1
        return [(one.key, one.record) for one in sorted(ranked, key=lambda one: one.rank)[:limit]]


def _words(message: str) -> str:
    """A message without its numbers, so that lines are one that differ only in a process or a time."""
    return _NUMBER.sub("", message)


def _text(value: Optional[str]) -> Optional[str]:
    return None if value is None else printable(value, MESSAGE_LIMIT)


def _blank(origin: Origin, signature: str, level: Optional[str], message: str) -> "LogRecord":
    """A record to be filled. Query strings, which can hold secrets, are cut from its message."""
    return {
        "source": origin.source,
        "kind": origin.kind,
        "signature": signature,
        "count": 0,
        "first": 0.0,
        "last": 0.0,
        "level": level,
        "message": printable(without_secrets(message), MESSAGE_LIMIT),
        "action": None,
        "errno": None,
        "upstream": None,
        "server": None,
        "host": None,
        "request": None,
        "pid": None,
        "pool": None,
        "unit": origin.unit,
        "process": None,
    }
