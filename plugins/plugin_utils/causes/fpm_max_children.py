# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All children of a pool are busy: requests wait in the queue until nginx gives up, or find it full.

Signatures: fpm_max_children, unix_backlog_full, upstream_read_timeout, connect_timeout.

Looked at: PHP-FPM's log, children and queue of the pool, the memory that a child takes and the host has.

Done: pm.max_children is raised as far as the measured memory allows, in a drop-in.

A quick fix: a number from a blog post without the memory behind it ends with the kernel killing PHP.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import pool_size, remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_waits import asks_itself
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._awaited import awaited_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_queue import (
    DEFAULT_BACKLOG,
    WAITED,
    have_waited,
    is_short,
    lines_of_too_few_children,
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        host = hop.backend
        found = host.pool_at(hop.real_address) if host else None
        if not host or not found or not found.fpm.get("master"):
            continue
        evidence = out_of_children(host, found)
        if evidence and have_waited(hop):
            yield too_few(fleet, hop, host, found, (*hop.seen(*WAITED), *evidence))


def out_of_children(host: Host, pool: PoolAt) -> list[Evidence]:
    """Evidence that this pool ran out of children and still has no more: PHP-FPM's log, or a full pool with a queue as long as it should be."""
    lines = lines_of_too_few_children(host, pool)
    workers = len(pool.pool.get("workers") or [])
    limit = pool_size.number(pool.pool["settings"], "pm.max_children")
    listener = host.listener(pool.address) if pool.address else None
    queue = or_empty(listener).get("queue") or 0
    if limit and workers >= limit and queue > 0 and (lines or not is_short(host, listener)):
        text = "pool %s: %d of %d children, %d connections in the queue" % (pool.name, workers, limit, queue)
        return [*lines, Evidence("pool", text)]
    return (
        [*lines, Evidence("pool", "pool %s still has pm.max_children = %d" % (pool.name, limit), 0.4)] if lines else []
    )


def too_few(fleet: Fleet, hop: Hop, host: Host, pool: PoolAt, evidence: tuple[Evidence, ...]) -> Finding:
    sized = pool_size.larger(host, pool)
    if not sized.settings:
        advice = (
            "# set request_slowlog_timeout = 5s and slowlog = FILE in pool %s: the log shows what the children wait for"
        )
        says = "all children of %s's PHP-FPM pool %s are busy: requests wait until nginx gives up" % (hop.on, pool.name)
        named = awaited_behind(fleet, hop)
        if named and named.on:
            return on_hop(
                hop,
                CAUSE.name,
                (*evidence, named.evidence),
                on=named.on,
                says=says,
                why=named.text,
                advice=named.advice,
                behind=named.behind,
            )
        look, behind = (named.advice, named.behind) if named else ((), None)
        advised = (*look, advice % pool.name)
        why = "%s; %s" % (named.text, sized.why) if named and asks_itself(pool.pool) else sized.why
        return on_hop(hop, CAUSE.name, evidence, says=says, why=why, advice=advised, behind=behind)
    if hop.past("unix_backlog_full") and is_short(host, host.listener(hop.real_address)):
        settings = {**sized.settings, "listen.backlog": str(DEFAULT_BACKLOG)}
        remedy = remedies.php_fpm(host, pool.fpm, "restarted", pool=pool.name, settings=settings, note=sized.sum)
    else:
        remedy = remedies.php_fpm(host, pool.fpm, "reloaded", pool=pool.name, settings=sized.settings, note=sized.sum)
    named = awaited_behind(fleet, hop) if asks_itself(pool.pool) else None
    own = (named.evidence,) if named else ()
    return on_hop(hop, CAUSE.name, (*evidence, *own), remedy=remedy, advice=named.advice if named else ())


#: Where the kernel kills workers because memory is used up, more of them would make it worse.
CAUSE = Cause(
    name="fpm_max_children",
    title="The PHP-FPM pool has too few children",
    says="{on}'s PHP-FPM pool has too few children: requests wait until nginx gives up",
    find=find,
    set_off_by=("backend",),
    yields_to=("worker_oom_killed",),
)
