# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool's queue is set so short that a small burst overflows it, while its children suffice as far as PHP-FPM says."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import pool_size, remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import DEFAULT_BACKLOG, is_short, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.fpm_max_children import complaints


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        found = hop.backend.pool_at(hop.real_address) if hop.backend else None
        if not found or not hop.backend or not (hop.has("unix_backlog_full") or hop.past("unix_backlog_full")):
            continue
        if is_short(hop.backend, hop.backend.listener(hop.real_address)) and not complaints(
            hop.backend, found.fpm, found.name
        ):
            yield longer_queue(hop, hop.backend, found)


def longer_queue(hop: Hop, host: Host, found: PoolAt) -> Finding:
    backlog = (host.listener(hop.real_address) or {}).get("backlog")
    short = Evidence(
        "socket",
        "the queue of %s holds %s connections; PHP-FPM's default is %d" % (hop.address, backlog, DEFAULT_BACKLOG),
    )
    sized = pool_size.larger(host, found)
    settings = {**sized.settings, "listen.backlog": str(DEFAULT_BACKLOG)}
    note = "listen.backlog = %d (PHP-FPM's default; net.core.somaxconn is %s); %s" % (
        DEFAULT_BACKLOG,
        host.system.get("somaxconn"),
        sized.sum or sized.why,
    )
    remedy = remedies.php_fpm(host, found.fpm, "restarted", pool=found.name, settings=settings, note=note)
    return on_hop(hop, CAUSE.name, (*hop.seen("unix_backlog_full"), short), remedy=remedy)


CAUSE = Cause(name="fpm_backlog_full", title="The PHP-FPM pool's queue is too short", find=find)
