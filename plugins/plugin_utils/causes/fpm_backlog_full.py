# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool's queue is so short that a small burst of requests overflows it, while PHP-FPM does not complain of too few children.

Signatures: unix_backlog_full.

Looked at: the queue of the socket and its length, the pool's children.

Done: the pool's listen.backlog is set to PHP-FPM's default and its size measured anew, in a drop-in.

A quick fix: a longer queue alone lets visitors wait longer before they get the same error.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import pool_size, remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_queue import (
    DEFAULT_BACKLOG,
    is_short,
    lines_of_too_few_children,
)

SIGNATURE = "unix_backlog_full"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        host = hop.backend
        found = host.pool_at(hop.real_address) if host else None
        if not host or not found or not (hop.has(SIGNATURE) or hop.past(SIGNATURE)):
            continue
        if is_short(host, host.listener(hop.real_address)) and not lines_of_too_few_children(host, found):
            yield short_queue(hop, host, found)


def short_queue(hop: Hop, host: Host, pool: PoolAt) -> Finding:
    backlog = or_empty(host.listener(hop.real_address)).get("backlog")
    text = "the queue of %s holds %s connections; PHP-FPM's default is %d" % (hop.address, backlog, DEFAULT_BACKLOG)
    sized = pool_size.larger(host, pool)
    settings = {**sized.settings, "listen.backlog": str(DEFAULT_BACKLOG)}
    note = "listen.backlog = %d (PHP-FPM's default; net.core.somaxconn is %s); %s" % (
        DEFAULT_BACKLOG,
        host.system.get("somaxconn"),
        sized.sum or sized.why,
    )
    remedy = remedies.php_fpm(host, pool.fpm, "restarted", pool=pool.name, settings=settings, note=note)
    return on_hop(hop, CAUSE.name, (*hop.seen(SIGNATURE), Evidence("socket", text)), remedy=remedy)


CAUSE = Cause(
    name="fpm_backlog_full",
    title="The PHP-FPM pool's queue is too short",
    says="the queue of {on}'s PHP-FPM pool is too short",
    find=find,
    set_off_by=("backend",),
)
