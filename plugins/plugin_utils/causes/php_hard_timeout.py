# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP ends its worker, as a script does not stop when max_execution_time is over: it is within one long call, or in code that the JIT made.

Signatures: php_hard_timeout, upstream_connection_reset, upstream_closed_prematurely.

Looked at: PHP-FPM's log, max_execution_time, a direct request.

Done: nothing is changed: the requests are named, and where the script's file and line are written.

A quick fix: nginx's timeouts are not to blame; a longer max_execution_time only lets the visitor wait longer where the call never ends.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import (
    LossyHop,
    execution_time,
    lossy_hops,
    paths_lost,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "php_hard_timeout"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for lossy in lossy_hops(fleet):
        lines = lossy.own_lines(SIGNATURE)
        if lines and lossy.is_present:
            yield overdue(lossy, lines)


def overdue(lossy: LossyHop, lines: list[LogRecord]) -> Finding:
    allowed = execution_time(lossy)
    limit = Evidence("limit", "max_execution_time = %d" % allowed) if allowed else None
    return on_hop(
        lossy.hop,
        SIGNATURE,
        (*lossy.evidence(*lines), *((limit,) if limit else ())),
        why="a script%s does not stop at max_execution_time, as it is within one long call, and PHP ends its whole worker hard_timeout seconds later (2)"
        % paths_lost(lossy),
        advice=(
            "# catch_workers_output = yes in pool %s, then reload: its log then has `Maximum execution time of ... exceeded (terminated) in FILE on line N`"
            % lossy.name,
            "# request_slowlog_timeout = %ds and slowlog = /var/log/php-slow.log there: the stack before it is ended"
            % max(1, allowed // 2),
            "# divide that call or hand it to a queue; where it may take so long: set_time_limit() in that script, fastcgi_read_timeout in its location",
            "# where it computes without such a call: php_admin_value[opcache.jit] = disable in pool %s rules the JIT out"
            % lossy.name,
        ),
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="PHP ends a worker whose script runs too long",
    says="PHP on {on} ends workers whose script does not stop in time",
    find=find,
    set_off_by=("backend",),
    outdoes=ENDED,
)
