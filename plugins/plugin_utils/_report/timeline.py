# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When requests failed, beside when the run was: what the page draws as a timeline.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import datetime
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import LoggedFailures

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class TimelineLine(t.TypedDict):
    """Lines of nginx's log with one signature: how many from when to when. at: the same as parts of the timeline, 0 its begin, 1 its end."""

    signature: str
    first: str
    last: str
    count: int
    at: list[float]


class Timeline(t.TypedDict):
    """From the first failing request, or the begin of the run, to the end of both. run: when the run was, as parts of it."""

    begin: str
    end: str
    run: list[float]
    lines: list[TimelineLine]


def timeline_of(logged: t.Sequence[LoggedFailures], started: str, finished: str) -> Timeline | None:
    """The timeline of a host; None where its log has no failing request."""
    if not logged:
        return None
    run = [seconds_of(text) for text in (started, finished)]
    begin = min([run[0], *(one["first"] for one in logged)])
    end = max([run[1], *(one["last"] for one in logged)])
    length = max(end - begin, 1.0)

    def part(seconds: float) -> float:
        return round((seconds - begin) / length, 4)

    return {
        "begin": utc(begin),
        "end": utc(end),
        "run": [part(one) for one in run],
        "lines": [
            {
                "signature": one["signature"],
                "first": utc(one["first"]),
                "last": utc(one["last"]),
                "count": one["count"],
                "at": [part(one["first"]), part(one["last"])],
            }
            for one in sorted(logged, key=lambda one: one["first"])
        ],
    }


def utc(seconds: float) -> str:
    """A time as the report has it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(_FORMAT)


def seconds_of(text: str) -> float:
    """A time of the report in seconds since the epoch."""
    return datetime.datetime.strptime(text, _FORMAT).replace(tzinfo=datetime.timezone.utc).timestamp()
