# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that say, at the time when a request was lost, that they have ended a worker or that one was killed.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "backend_worker_ended"
#: Seconds that a lost request in nginx's log and the server's line of it may lie apart.
SLACK = 5.0
#: That a worker had no time left. One that does not end by itself is killed a second later, of which gunicorn says: "Perhaps out of memory?"
_FOR_TIME = re.compile(r"WORKER TIMEOUT|HARAKIRI|Terminating timed out worker|\btimeout \(")


def ended_worker(hop: Hop, *signatures: str) -> Explanation:
    """The newest line of the server behind a hop about a worker that ended, while requests were lost with these signatures."""
    unit = listener_behind(hop).get("unit")
    lost = [record for record in hop.records if record["signature"] in signatures]
    said = [
        one
        for one in (hop.backend.records if hop.backend and unit else ())
        if one["signature"] == SIGNATURE
        and one.get("unit") == unit
        and any(
            record["first"] - SLACK <= hop.by_proxys_clock(one["last"]) <= record["last"] + SLACK for record in lost
        )
    ]
    if not said:
        return NOTHING
    newest = _why_first(max(said, key=lambda one: one["last"]), said)
    return Explanation(
        (log_evidence(newest),),
        "%s says then: %s" % (unit, newest["message"]),
        what_to_do(newest["message"], hop.on),
    )


def _why_first(newest: LogRecord, said: t.Iterable[LogRecord]) -> LogRecord:
    """The line that says that the worker took too long, where the newest is of its end by that."""
    by_time = [one for one in said if _FOR_TIME.search(one["message"]) and 0.0 <= newest["last"] - one["last"] <= SLACK]
    return max(by_time, key=lambda one: one["last"], default=newest)
