# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When daemons ended and began to serve, by their own logs: all that remembers it where an init script starts them.

Private to this collection: it may change in any release.
"""

import re
import time
from typing import TYPE_CHECKING, Iterator, List, NamedTuple, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span, change
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.files import read_end

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

READ_LIMIT = 1024 * 1024


class _Log(NamedTuple):
    """The log of a daemon whose unit is called so: where it is, how its lines begin with their time, and what it says when it is ended and when it serves."""

    unit: "re.Pattern[str]"
    path: str  # with the unit's name for UNIT
    time: "re.Pattern[str]"
    form: str
    ended: "re.Pattern[str]"
    serves: "re.Pattern[str]"


def _fpm(path: str) -> _Log:
    """PHP-FPM is ended by SIGTERM (Terminating) or SIGQUIT (Finishing)."""
    return _Log(
        re.compile(r"php[\w.-]*fpm(\.service)?$"),
        path,
        re.compile(r"\[(\d\d-\w{3}-\d{4} \d\d:\d\d:\d\d)(?:\.\d+)?\] "),
        "%d-%b-%Y %H:%M:%S",
        re.compile(r"NOTICE: (?:Terminating|Finishing) \.\.\."),
        re.compile(r"NOTICE: ready to handle connections"),
    )


def _apache(unit: str, path: str) -> _Log:
    return _Log(
        re.compile(unit + r"(\.service)?$"),
        path,
        re.compile(r"\[\w{3} (\w{3} \d\d \d\d:\d\d:\d\d)(?:\.\d+)?( \d{4})\] "),
        "%b %d %H:%M:%S %Y",
        re.compile(r".*\bcaught SIG(?:TERM|WINCH), shutting down"),
        re.compile(r".*\bresuming normal operations"),
    )


LOGS = (
    _fpm("/var/log/UNIT.log"),
    _fpm("/var/log/php-fpm/error.log"),
    _apache("apache2", "/var/log/apache2/error.log"),
    _apache("httpd", "/var/log/httpd/error_log"),
)


def own_words(host: Host, span: Span, units: Sequence[str]) -> "List[Change]":
    """When these units ended or began to serve in a span, the oldest first; of one that nobody asked to end, as it was killed, no log tells."""
    found = [one for unit in units for log in LOGS if log.unit.match(unit) for one in _said(host, span, unit, log)]
    return sorted(found, key=lambda one: one["at"])


def _said(host: Host, span: Span, unit: str, log: _Log) -> "Iterator[Change]":
    for data in read_end(host, log.path.replace("UNIT", unit.replace(".service", "")), READ_LIMIT).data.splitlines():
        text = data.decode("utf-8", "replace")
        begins = log.time.match(text)
        words = text[begins.end() :] if begins else ""
        what = "stopping" if log.ended.match(words) else "started" if log.serves.match(words) else ""
        if begins and what:
            at = _local("".join(begins.groups()), log.form)
            if span.has(at):
                yield change(at, "unit", unit, what)


def _local(text: str, form: str) -> float:
    try:
        return time.mktime(time.strptime(text, form))
    except (OverflowError, ValueError):
        return 0.0
