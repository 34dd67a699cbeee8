# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All pools of a PHP-FPM together have as many children as process.max allows: a pool gets none, although its own pm.max_children leaves room.

Signatures: fpm_max_children, unix_backlog_full, upstream_read_timeout.

Looked at: process.max, the children of each pool, the memory that they take.

Done: nothing is changed: the limit that binds is named, with what the memory allows.

A quick fix: a larger pm.max_children of one pool takes the children of another.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.pool_size import number
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import budget_to_grow
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    file_and_line,
    late_answers,
    on_hop,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_queue import (
    WAITED,
    have_waited,
    lines_of_process_max,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

SETTING = "process.max"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        host = hop.backend
        pool = host.pool_at(hop.real_address) if host else None
        if host and pool and pool.fpm.get("master") and is_used_up(host, pool) and have_waited(hop):
            yield used_up(hop, host, pool)


def is_used_up(host: Host, pool: PoolAt) -> bool:
    """Whether process.max keeps this pool from children that its own limit allows, and connections wait for one or PHP-FPM's log says so."""
    most = number(pool.fpm.get("global") or {}, SETTING)
    own = len(pool.pool.get("workers") or [])
    if not most or sum(children(pool.fpm).values()) < most or own >= number(pool.pool["settings"], "pm.max_children"):
        return False
    listener = host.listener(pool.address) if pool.address else None
    return bool(or_empty(listener).get("queue") or lines_of_process_max(host, pool))


def children(fpm: FpmFacts) -> dict[str, int]:
    """How many children each pool has, the most first."""
    counts = {name: len(pool.get("workers") or []) for name, pool in fpm["pools"].items()}
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def used_up(hop: Hop, host: Host, pool: PoolAt) -> Finding:
    fpm = pool.fpm
    setting, counts = fpm["global"][SETTING], children(fpm)
    place, most = file_and_line(setting["place"]), int(setting["value"])
    limits = {name: number(one["settings"], "pm.max_children") for name, one in fpm["pools"].items()}
    who = ", ".join("%s %d" % item for item in list(counts.items())[:5])
    queue = or_empty(host.listener(pool.address) if pool.address else None).get("queue") or 0
    text = "process.max = %d (%s); children: %s; %d connections wait for pool %s, which may have %d" % (
        most,
        place,
        who,
        queue,
        pool.name,
        limits[pool.name],
    )
    budget = budget_to_grow(host)
    room = "memory has room for %d children" % budget.workers if budget else "look at free -m first"
    largest = next(iter(counts))
    reload = "systemctl reload %s   # on %s" % (shlex.quote(str(fpm["unit"])), hop.on) if fpm.get("unit") else ""
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(*WAITED),
            *late_answers(hop),
            Evidence("limit", text),
            Evidence("pool", "all pools together have %d children" % sum(counts.values())),
            *lines_of_process_max(host, pool),
            *((Evidence("pool", budget.text, 0.0),) if budget else ()),
        ),
        why="process.max = %d of %s is used up (%s): pool %s gets no child, and its own pm.max_children = %d does not count"
        % (most, place, who, pool.name, limits[pool.name]),
        advice=(
            "# at %s: process.max = %d, the sum of all pm.max_children; %s" % (place, sum(limits.values()), room),
            "# or lower pm.max_children of pool %s (%d), which has %d of the children"
            % (largest, limits[largest], counts[largest]),
            shlex.join([fpm["binary"], "-t", "--fpm-config", fpm["config"]]),
            *((reload,) if reload else ()),
        ),
    )


CAUSE = Cause(
    name="fpm_process_max",
    title="All children that PHP-FPM may have together are in use",
    says="all children that PHP-FPM on {on} may have (process.max) are in use",
    find=find,
    set_off_by=("backend",),
    outdoes=("fpm_max_children", "fpm_backlog_full", "slow_upstream"),
)
