# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue of a PHP-FPM pool, in which connections wait for a child: how long it is, and what PHP-FPM's log says of children that run out.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listener
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

#: What a request ends with that waits for a child.
WAITED = ("unix_backlog_full", "upstream_read_timeout", "connect_timeout")
#: How PHP-FPM's log says that process.max, which all pools share, is used up.
_PROCESS_MAX = "The maximum number of processes has been reached"
#: listen.backlog of PHP-FPM where its configuration sets none (fpm_sockets.h).
DEFAULT_BACKLOG = 511


def is_short(host: Host, listener: Listener | None) -> bool:
    """Whether the queue in force (listen.backlog, capped by net.core.somaxconn) is shorter than PHP-FPM's own default would be here."""
    backlog = or_empty(listener).get("backlog")
    return backlog is not None and backlog < min(DEFAULT_BACKLOG, host.system.get("somaxconn") or DEFAULT_BACKLOG)


def have_waited(hop: Hop) -> bool:
    """Whether requests fail because they waited, or nginx does not say why. A full pool alone may only be well used, and of an ondemand pool PHP-FPM
    complains as soon as all its children exist, whether they work or not."""
    return any(answer.get("signature") in (None, *WAITED) for answer in hop.failing) or bool(hop.past(*WAITED))


def lines_of_too_few_children(host: Host, pool: PoolAt) -> list[Evidence]:
    """Lines since the master started that say the pool ran out of children. PHP-FPM logs one an episode, and none for a static pool."""
    return [log_evidence(record) for record in _lines(host, pool) if not record["message"].startswith(_PROCESS_MAX)]


def lines_of_process_max(host: Host, pool: PoolAt) -> list[Evidence]:
    """Lines since the master started that say all pools together ran out of children."""
    return [log_evidence(record) for record in _lines(host, pool) if record["message"].startswith(_PROCESS_MAX)]


def _lines(host: Host, pool: PoolAt) -> list[LogRecord]:
    since = or_empty(pool.fpm.get("master")).get("started") or 0.0
    return [
        record
        for record in host.records
        if record["signature"] == "fpm_max_children"
        and record.get("pool") in (pool.name, None)
        and record["last"] >= since
    ]
