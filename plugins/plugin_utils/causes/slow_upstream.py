# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend takes the request and does not answer in time.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import behind

SIGNATURE = "upstream_read_timeout"


def silent(hop: Hop) -> tuple[Evidence, ...]:
    """That the backend was asked directly, and kept silent."""
    error = ((hop.reach or {}).get("reply") or {}).get("error") or ""
    return (
        (Evidence("probe", "asked directly, %s takes the connection and gives %s" % (hop.address, error)),)
        if error.startswith("no answer in ")
        else ()
    )


def frozen(hop: Hop) -> tuple[str, str] | None:
    """The pool behind a hop where all of its workers stand still, in words, and what makes them go on."""
    found = hop.backend.pool_at(hop.real_address) if hop.backend else None
    if not found or not found.pool["workers"] or any(worker["state"] != "T" for worker in found.pool["workers"]):
        return None
    pids = [worker["pid"] for worker in found.pool["workers"]]
    master = (found.fpm.get("master") or {}).get("pid")
    words = "all %d workers of pool %s on %s stand still: somebody or something has sent them SIGSTOP" % (
        len(pids),
        found.name,
        hop.on,
    )
    return words, "kill -CONT %s   # on %s" % (" ".join(str(pid) for pid in [master, *pids] if pid), hop.on)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        late = any(answer.get("timed_out") for answer in hop.failing) and (hop.reach or {}).get("connected")
        if hop.has(SIGNATURE) or late and (silent(hop) or hop.past(SIGNATURE)):
            yield slow(hop)


def slow(hop: Hop) -> Finding:
    who, log = behind(hop)
    waits = [
        Evidence("answer", "%s has no answer after %.0f seconds" % (one["url"], one["seconds"]))
        for one in hop.failing
        if one.get("timed_out")
    ]
    name = "%s_read_timeout" % hop.family
    route = hop.routes[0]
    given = route["settings"].get(name)
    limit = Evidence("config", "%s is %s" % (name, " ".join(given["args"]) if given else "60s, nginx's default"), 0.2)
    stopped = frozen(hop)
    if stopped:
        return on_hop(
            hop,
            CAUSE.name,
            (*hop.seen(SIGNATURE), *waits, *silent(hop), Evidence("process", stopped[0])),
            why=stopped[0],
            advice=(stopped[1], log),
        )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), *waits, *silent(hop), limit),
        why="%s is slow: what it waits for (a database, another service) is the next hop to look at" % who,
        advice=(
            log,
            "%s 120s; in the location at %s:%d   # for requests that take so long by nature; each holds a worker of the backend meanwhile"
            % (name, route["location"]["place"]["file"], route["location"]["place"]["line"]),
            "what is in front of nginx gives up by itself (load balancers after 60 seconds, CDNs after 100)",
        ),
    )


CAUSE = Cause(
    name="slow_upstream",
    title="The backend does not answer in time",
    find=find,
    yields_to=(
        "upstream_protocol_mismatch",
        "fpm_max_children",
        "fpm_backlog_full",
        "fpm_request_terminate_timeout",
        "firewall_drop",
    ),
)
