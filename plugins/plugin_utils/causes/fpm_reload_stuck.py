# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM was told to reload and waits for a worker that does not end: until then it starts no others, and requests wait.

Signatures: upstream_read_timeout, unix_backlog_full.

Looked at: PHP-FPM's processes and log, process_control_timeout.

Done: nothing is killed: the worker that is waited for is named.

A quick fix: another reload waits behind the first; kill -9 on the master leaves its children and its socket.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import late_answers, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_queue import WAITED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_reloads import (
    BEGUN,
    control_timeout,
    reloads,
    where_set,
    who_reloads,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._waits import waits

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts, FpmWorker

SHOWN = 3


class Held(t.NamedTuple):
    """A worker that holds up a reload, and its pool."""

    pool: str
    worker: FpmWorker


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        pool = hop.backend.pool_at(hop.real_address) if hop.backend else None
        begun = unfinished(hop, pool) if pool and hop.failing else None
        holding = left_over(pool.fpm, begun) if pool and begun else []
        if pool and begun and holding:
            yield stuck(hop, pool, begun, holding)


def unfinished(hop: Hop, pool: PoolAt) -> LogRecord | None:
    """The line of a reload that began and was not carried out since; None where there is none."""
    if not hop.backend or not pool.fpm.get("master"):
        return None
    records = reloads(hop.backend, pool.fpm)
    begun = max((one for one in records if one["message"].startswith(BEGUN)), key=lambda one: one["last"], default=None)
    done = max((one["last"] for one in records if not one["message"].startswith(BEGUN)), default=0.0)
    return begun if begun and begun["last"] > done else None


def left_over(fpm: FpmFacts, begun: LogRecord) -> list[Held]:
    """The workers that are still there; none where one is younger than the reload, as it was carried out then."""
    workers = [Held(name, worker) for name, pool in fpm["pools"].items() for worker in pool.get("workers") or []]
    return [] if any(one.worker["started"] > begun["last"] + 1 for one in workers) else workers


def stuck(hop: Hop, pool: PoolAt, begun: LogRecord, holding: list[Held]) -> Finding:
    fpm, seconds = pool.fpm, control_timeout(pool.fpm)
    pids = [one.worker["pid"] for one in holding]
    does = waits([(one.worker["state"], one.worker["waits_in"]) for one in holding]).text
    who = ", ".join("%d of pool %s" % (one.worker["pid"], one.pool) for one in holding[:SHOWN])
    what = "worker%s %s, which %s" % ("s" if len(holding) > 1 else "", who, does)
    queue = or_empty(hop.backend.listener(hop.real_address) if hop.backend else None).get("queue")
    kill = (
        "kill %s   # on %s: ends the request that each works on with a 502; PHP-FPM then reloads, and serves all others"
    )
    first = pids[0]
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(*WAITED),
            *late_answers(hop),
            log_evidence(begun),
            Evidence("process", "the reload waits for %s" % what),
            Evidence("limit", where_set(fpm), 0.3),
            *((Evidence("socket", "%s connections wait at %s" % (queue, hop.address)),) if queue else ()),
        ),
        why="PHP-FPM was told to reload and waits for %s, up to %d s; no other worker serves meanwhile"
        % (what, seconds),
        advice=(
            "cat /proc/%d/wchan /proc/%d/stack; ls -l /proc/%d/fd   # on %s: what it waits for, before it is gone"
            % (first, first, first, hop.on),
            kill % (" ".join(map(str, pids[:SHOWN])), hop.on),
            "# so that no request takes for ever: request_terminate_timeout = 60s in pool %s, and a %s that is no longer"
            % (holding[0].pool, "process_control_timeout"),
            *who_reloads(fpm, hop.on),
        ),
    )


CAUSE = Cause(
    name="fpm_reload_stuck",
    title="PHP-FPM's reload waits for a worker that does not end",
    says="PHP-FPM on {on} waits in its reload for a worker that does not end",
    find=find,
    set_off_by=("backend",),
    outdoes=(
        "slow_upstream",
        "fpm_max_children",
        "fpm_backlog_full",
        "fpm_reload_cuts_requests",
        "fpm_children_kept_idle",
    ),
)
