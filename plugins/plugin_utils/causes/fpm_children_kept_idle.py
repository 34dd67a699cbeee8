# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx keeps so many idle connections to a pool that each of its children waits on one: new connections find no child, though none of them works.

Signatures: upstream_read_timeout, fpm_max_children, unix_backlog_full.

Looked at: keepalive of the upstream block, nginx's workers, the pool's children and what they do.

Done: nothing is changed: the numbers that have to fit together are named.

A quick fix: more children are held by idle connections as soon as there are enough of those.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.pool_size import number
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    file_and_line,
    late_answers,
    on_hop,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_queue import WAITED, have_waited
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._waits import waits_for_network

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmPool

#: Of the children whose wait is known, so many wait for the network: a child that waits for nginx's next request looks like that.
SHARE = 0.8


class Kept(t.NamedTuple):
    """The connections that one proxy may keep to a pool by one upstream{}, and where both directives stand."""

    proxy: str
    upstream: str
    keepalive: int
    workers: int
    upstream_at: Place
    keep_conn_at: Place

    @property
    def connections(self) -> int:
        return self.keepalive * self.workers


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        host = hop.backend
        pool = host.pool_at(hop.real_address) if host else None
        if not host or not pool or not pool.fpm.get("master") or not have_waited(hop):
            continue
        kept = kept_to(fleet, host, pool)
        limit = number(pool.pool["settings"], "pm.max_children")
        if kept and sum(one.connections for one in kept) >= limit > 0 and are_taken(host, pool, limit):
            yield idle(hop, host, pool, kept, limit)


def kept_to(fleet: Fleet, host: Host, pool: PoolAt) -> list[Kept]:
    """What all proxies keep to this pool."""
    found: dict[tuple[str, str], Kept] = {}
    for hop in fleet.hops_to(host):
        at = host.pool_at(hop.real_address) if hop.family == "fastcgi" else None
        if not at or at.pool is not pool.pool:
            continue
        for route in hop.routes:
            name, given = route["pass"].get("upstream") or "", route["settings"].get("fastcgi_keep_conn")
            upstream = (hop.proxy.config.get("upstreams") or {}).get(name)
            if upstream and upstream.get("keepalive") and given and given["args"][:1] == ["on"]:
                workers = [one for one in hop.proxy.nginx.get("workers") or [] if not one.get("stopping")]
                key = (hop.proxy.name, name)
                found[key] = Kept(*key, upstream["keepalive"] or 0, len(workers), upstream["place"], given["place"])
    return list(found.values())


def are_taken(host: Host, pool: PoolAt, limit: int) -> bool:
    """Whether the pool has all its children, connections wait for one, and nearly all children wait for the network."""
    listener = host.listener(pool.address) if pool.address else None
    workers = pool.pool.get("workers") or []
    known = [worker for worker in workers if worker["waits_in"]]
    waiting = [worker for worker in known if waits_for_network(worker["waits_in"])]
    queue = or_empty(listener).get("queue") or 0
    return len(workers) >= limit and queue > 0 and bool(known) and len(waiting) >= SHARE * len(known)


def idle(hop: Hop, host: Host, pool: PoolAt, kept: list[Kept], limit: int) -> Finding:
    total = sum(one.connections for one in kept)
    text = "; ".join(
        "upstream %s of %s (%s): keepalive %d x %d workers = %d, with fastcgi_keep_conn on (%s)"
        % (
            one.upstream,
            one.proxy,
            file_and_line(one.upstream_at),
            one.keepalive,
            one.workers,
            one.connections,
            file_and_line(one.keep_conn_at),
        )
        for one in kept
    )
    queue = or_empty(host.listener(pool.address) if pool.address else None).get("queue") or 0
    first, fewer = kept[0], fitting(kept, limit)
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(*WAITED),
            *late_answers(hop),
            Evidence("config", text),
            Evidence("pool", pool_text(pool.name, pool.pool, limit, queue)),
        ),
        on=first.proxy,
        why="nginx keeps up to %d idle connections to pool %s, which has %d children: each child belongs to one connection, works or not"
        % (total, pool.name, limit),
        advice=(
            "# at %s: no `fastcgi_keep_conn on;`; to a PHP-FPM of the same host a new connection costs next to nothing"
            % file_and_line(first.keep_conn_at),
            *(
                (
                    "# or in upstream %s (%s): keepalive %d, so that all workers together keep less than half of the children"
                    % (first.upstream, file_and_line(first.upstream_at), fewer),
                )
                if fewer
                else ()
            ),
            "nginx -t && systemctl reload nginx   # on %s: closes the idle connections" % first.proxy,
        ),
    )


def fitting(kept: t.Sequence[Kept], limit: int) -> int:
    """The keepalive with which nginx's workers together keep less than half of the children; 0 where there is none."""
    return limit // 2 // max(1, sum(one.workers for one in kept))


def pool_text(name: str, pool: FpmPool, limit: int, queue: int) -> str:
    workers = len(pool.get("workers") or [])
    return "pool %s: %d of %d children, nearly all of which wait for the network; %d connections in the queue" % (
        name,
        workers,
        limit,
        queue,
    )


CAUSE = Cause(
    name="fpm_children_kept_idle",
    title="nginx's idle connections take up all PHP-FPM children",
    says="idle connections of {proxy}'s nginx hold all children of the pool at {subject}",
    find=find,
    set_off_by=("backend",),
    outdoes=("fpm_max_children", "fpm_backlog_full", "slow_upstream"),
)
