# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All children of a pool are busy: requests wait in the queue until nginx gives up, or find it full."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host, PoolAt
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import pool_size, remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import DEFAULT_BACKLOG, is_short, on_hop

#: What a waiting client sees when the children are all busy.
WAITED = ("unix_backlog_full", "upstream_read_timeout", "connect_timeout")


def complaints(host: Host, fpm: Facts, name: str) -> list[Evidence]:
    """What this FPM's log says of a pool that ran out of children since its master started. It says so once an episode, and never of a static pool."""
    since = (fpm.get("master") or {}).get("started") or 0.0
    return [
        log_evidence(record)
        for record in host.records
        if record["signature"] == "fpm_max_children" and record.get("pool") in (name, None) and record["last"] >= since
    ]


def saturated(host: Host, found: PoolAt) -> list[Evidence]:
    """Evidence that this pool ran out of children and still has no more: its log, or a full pool with a queue that is as long as it should be."""
    name, lines = found.name, complaints(host, found.fpm, found.name)
    workers = len(found.pool.get("workers") or [])
    limit = pool_size.number(found.pool["settings"], "pm.max_children")
    listener = (host.listener(found.address) if found.address else None) or {}
    queue = listener.get("queue") or 0
    if limit and workers >= limit and queue > 0 and (lines or not is_short(host, listener)):
        return [
            *lines,
            Evidence("pool", "pool %s: %d of %d children, %d connections in the queue" % (name, workers, limit, queue)),
        ]
    return [*lines, Evidence("pool", "pool %s still has pm.max_children = %d" % (name, limit), 0.4)] if lines else []


def waits(hop: Hop) -> bool:
    """Whether requests fail for having waited, or nginx does not say why: a full pool by itself is one that is well used, and PHP-FPM complains
    of an ondemand one as soon as all its children are there, at work or not."""
    return any(answer.get("signature") in (None, *WAITED) for answer in hop.failing) or bool(hop.past(*WAITED))


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        found = hop.backend.pool_at(hop.real_address) if hop.backend else None
        if not found or not found.fpm.get("master") or not hop.backend:
            continue
        evidence = saturated(hop.backend, found)
        if evidence and waits(hop):
            yield more_children(hop, hop.backend, found, (*hop.seen(*WAITED), *evidence))


def more_children(hop: Hop, host: Host, found: PoolAt, evidence: tuple[Evidence, ...]) -> Finding:
    sized = pool_size.larger(host, found)
    if not sized.settings:
        advice = ("request_slowlog_timeout = 5s and slowlog = FILE in the pool tell what the children wait on",)
        return on_hop(hop, CAUSE.name, evidence, why=sized.why, advice=advice)
    if hop.past("unix_backlog_full") and is_short(host, host.listener(hop.real_address)):
        settings = {**sized.settings, "listen.backlog": str(DEFAULT_BACKLOG)}
        remedy = remedies.php_fpm(host, found.fpm, "restarted", pool=found.name, settings=settings, note=sized.sum)
    else:
        remedy = remedies.php_fpm(host, found.fpm, "reloaded", pool=found.name, settings=sized.settings, note=sized.sum)
    return on_hop(hop, CAUSE.name, evidence, remedy=remedy)


#: Where the kernel kills workers for want of memory, more of them are the last thing to have.
CAUSE = Cause(
    name="fpm_max_children", title="The PHP-FPM pool has too few children", find=find, yields_to=("worker_oom_killed",)
)
