# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM ends the worker because its request takes longer than the pool's request_terminate_timeout.

Signatures: fpm_request_terminate_timeout, upstream_connection_reset, upstream_closed_prematurely.

Looked at: request_terminate_timeout, PHP's max_execution_time, nginx's read timeout, PHP-FPM's log.

Done: the pool's timeout is brought between PHP's and nginx's, in a drop-in.

A quick fix: 0, no limit, lets requests that never end fill the pool.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.durations import fpm_seconds, nginx_seconds
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import (
    LossyHop,
    execution_time,
    lossy_hops,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmSetting

SETTING = "request_terminate_timeout"
#: Seconds of nginx's fastcgi_read_timeout where nothing is set.
READ_TIMEOUT = 60.0


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for lossy in lossy_hops(fleet):
        setting = lossy.pool["settings"].get(SETTING)
        now = fpm_seconds(setting["value"]) if setting else 0
        lines = lossy.own_lines("fpm_request_terminate_timeout") if now else []
        if not setting or not any("execution timed out" in record["message"] for record in lines):
            continue
        waits = read_timeout(lossy.hops_to_pool(fleet))
        evidence = (*lossy.evidence(*lines), limit_evidence(lossy, setting, now))
        longest = longest_before(waits)
        yield longer(lossy, evidence, now, waits) if longest > now else nginx_gives_up(lossy, evidence, now, waits)


def limit_evidence(lossy: LossyHop, setting: FpmSetting, now: int) -> Evidence:
    place = file_and_line(setting["place"])
    text = "pool %s ends a request after %d s (%s = %s at %s)" % (lossy.name, now, SETTING, setting["value"], place)
    return Evidence("limit", text)


def read_timeout(hops: t.Iterable[Hop]) -> int:
    """Seconds that nginx waits for this pool, on the route that waits least."""
    found = []
    for route in (route for hop in hops for route in hop.routes):
        args = or_empty(route["settings"].get("fastcgi_read_timeout")).get("args") or []
        seconds = nginx_seconds("".join(args))
        found.append(READ_TIMEOUT if seconds is None else seconds)
    return int(min(found, default=READ_TIMEOUT))


def longest_before(waits: int) -> int:
    """The most seconds that a request may take so that PHP-FPM ends it before nginx gives up. PHP-FPM looks at its clocks every few seconds only."""
    return waits - max(1, waits // 12)


def nginx_gives_up(lossy: LossyHop, evidence: tuple[Evidence, ...], now: int, waits: int) -> Finding:
    """A longer time would not help, as nginx does not wait for it."""
    return on_hop(
        lossy.hop,
        CAUSE.name,
        evidence,
        why="nginx waits %d s (fastcgi_read_timeout): a longer %s would only turn the 502 into a 504"
        % (waits, SETTING),
        advice=(
            "# slowlog = /var/log/php-slow.log and request_slowlog_timeout = %ds in pool %s: the log shows what the script waits for"
            % (max(1, now // 2), lossy.name),
            "# fastcgi_read_timeout %ds; in that location, then %s = %ds in the pool: each such request takes up a child that long"
            % (4 * now, SETTING, 3 * now),
        ),
    )


def longer(lossy: LossyHop, evidence: tuple[Evidence, ...], now: int, waits: int) -> Finding:
    """The time is set to PHP's own limit where that is possible, else to the longest that nginx waits for."""
    longest, allowed = longest_before(waits), execution_time(lossy)
    target = allowed if now < allowed <= longest else longest
    reason = "the longest that PHP-FPM can wait before nginx gives up"
    if target == allowed:
        reason = "PHP's max_execution_time"
    note = "requests were ended after %d s; max_execution_time %s <= %s < fastcgi_read_timeout %d s: %d s, %s" % (
        now,
        "%d s" % allowed if allowed else "none",
        SETTING,
        waits,
        target,
        reason,
    )
    remedy = remedies.php_fpm(
        lossy.host, lossy.fpm, "reloaded", pool=lossy.name, settings={SETTING: "%ds" % target}, note=note
    )
    return on_hop(lossy.hop, CAUSE.name, evidence, remedy=remedy)


CAUSE = Cause(
    name="fpm_request_terminate_timeout",
    title="PHP-FPM ends requests before they are done",
    says="PHP-FPM on {on} ends requests before they are done",
    find=find,
    set_off_by=("backend",),
    outdoes=ENDED,
)
