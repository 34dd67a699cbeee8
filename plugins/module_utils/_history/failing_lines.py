# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When requests failed: nginx's lines of a day or so, counted by the minute.

A look reads the last hour with all that a rule may ask; this reads further back, and keeps no more than what shows when it began and how it comes.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.facts import log_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import ErrorLine
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import Origin, Records
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class FailingLines(TypedDict):
        """nginx's lines with one signature about one upstream."""

        signature: str
        upstream: Optional[str]  # canonical; None: the line names none
        count: int
        first: float
        last: float
        minutes: List[List[int]]  # of each minute with lines: when the first was written, and how many there are


#: Bytes of each log that are read, kinds of lines that are kept, and minutes of each kind, the newest.
READ_LIMIT, MOST, MINUTES = 16 * 1024 * 1024, 40, 1500
ADDRESS_LENGTH = 300


class _Minutes(Records):
    """Lines of nginx added up by their signature and upstream, with the minutes in which they were written. All other lines are left out.

    until: lines that are newer were made by a look, as it asks for URLs.
    """

    def __init__(self, until: float) -> None:
        super().__init__()
        self.until = until
        self.kinds: "Dict[Tuple[str, Optional[str]], FailingLines]" = {}
        self.minutes: Dict[Tuple[str, Optional[str]], Dict[int, List[int]]] = {}

    def add_nginx(self, origin: Origin, signature: str, when: float, line: ErrorLine) -> None:
        upstream = printable(str(line.upstream.address), ADDRESS_LENGTH) if line.upstream else None
        key = (signature, upstream)
        if when > self.until or (key not in self.kinds and len(self.kinds) >= MOST):
            return
        blank: "FailingLines" = {
            "signature": signature,
            "upstream": upstream,
            "count": 0,
            "first": when,
            "last": when,
            "minutes": [],
        }
        kind = self.kinds.setdefault(key, blank)
        kind["count"] += 1
        kind["first"], kind["last"] = min(kind["first"], when), max(kind["last"], when)
        minute = self.minutes.setdefault(key, {}).setdefault(int(when) // 60, [int(when), 0])
        minute[0], minute[1] = min(minute[0], int(when)), minute[1] + 1

    def add_fpm(self, *_line: object) -> None:
        """Of no use here, as the next two."""

    def add_kernel(self, *_line: object) -> None:
        pass

    def add_other(self, *_line: object) -> None:
        pass


def failing_lines(host: Host, span: Span, logs: Sequence[str], master_pid: Optional[int]) -> "List[FailingLines]":
    """nginx's lines of a span. logs: paths of its error logs, or the unit whose journal it writes to; a look has said already which it cannot read.

    A log that is written to by two names is counted twice; first and last hold all the same.
    """
    counted = _Minutes(span.until)
    sources = [(path, "nginx") for path in logs]
    log_facts(host, sources, span.until - span.since, span.until, master_pid, READ_LIMIT, records=counted)
    for key, kind in counted.kinds.items():
        kind["minutes"] = sorted(counted.minutes[key].values())[-MINUTES:]
    return list(counted.kinds.values())
