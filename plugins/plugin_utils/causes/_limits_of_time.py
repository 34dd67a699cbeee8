# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends that end what takes them too long: after how many seconds, and how that is told from a fault.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.visited import READING
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import late_answers

#: So long has a request been worked on that a limit of time is what ends it rather than a fault: the limits that people set are whole numbers of seconds.
LONG = 4.5
#: Seconds that a host may take beyond a limit to end a request.
BEYOND = 0.25
LATE = "upstream_read_timeout"
A_LIMIT = (
    "# it ends what takes it too long: a limit of its own (WriteTimeout of Go's http.Server, `timeout` of gunicorn and unicorn, harakiri, a timeout in its"
    " settings): raise that, or let the page answer sooner; nginx's timeouts have no part in it"
)


def ends_late_requests(hop: Hop) -> bool:
    """Whether the backend ends what takes longer than is worth waiting for here: each time before, by nginx's log, or another late request just now."""
    late = any(one.get("timed_out") for one in hop.failing)
    is_nginx_late = bool(hop.past(LATE)) or any(one.get("signature") == LATE for one in hop.failing)
    return late and not is_nginx_late and (was_ended(hop) or is_ended_late(hop))


def was_ended(hop: Hop) -> bool:
    """Whether nginx's log has a request that was ended and that reads, as those do that are asked here: one that sends something has fates of its own."""
    return any(or_empty(record.get("request")).get("method") in READING for record in hop.past(CLOSED))


def is_ended_late(hop: Hop) -> bool:
    """Whether no request was ended just now but after so long that a limit of time did it."""
    ended = ended_after(hop)
    return bool(ended) and min(ended) >= LONG


def limit_of_time(hop: Hop) -> Explanation:
    """That the backend ends requests after so long that a limit of its own does it."""
    late = ends_late_requests(hop)
    if is_ended_late(hop):
        after = "%.0f s%s" % (min(ended_after(hop)), " or more" if late else "")
    elif late:
        after = "more than %.0f s" % max(one["seconds"] for one in hop.failing if one.get("timed_out"))
    else:
        return NOTHING
    return Explanation(
        (*late_answers(hop), *whole_seconds(hop)),
        "that is a limit of time of its own",
        (A_LIMIT,),
        "closes the connection after %s" % after,
    )


def ended_after(hop: Hop) -> list[float]:
    """After how many seconds each request was ended that nginx made just now."""
    return [one["seconds"] / (one.get("asked") or 1) for one in hop.failing if one.get("signature") == CLOSED]


def whole_seconds(hop: Hop) -> tuple[Evidence, ...]:
    """That requests were ended after a whole number of seconds, as the limits are that people set; empty where they were not."""
    whole = [seconds for seconds in ended_after(hop) if seconds >= LONG and seconds % 1 <= BEYOND]
    return tuple(Evidence("limit", "it ended after %.1f s, a whole number of seconds" % one, 0.5) for one in whole[:1])
