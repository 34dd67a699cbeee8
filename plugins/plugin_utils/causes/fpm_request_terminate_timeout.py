# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM ends the worker because its request takes longer than the pool's request_terminate_timeout."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.durations import fpm_seconds, nginx_seconds
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import place_text
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import BrokenHop, broken_hops

SETTING = "request_terminate_timeout"
#: nginx's fastcgi_read_timeout where nothing is set
READ_TIMEOUT = 60.0


def read_timeout(hops: t.Iterable[Hop]) -> int:
    """Seconds that nginx waits for this pool, on the route that waits least."""
    found = []
    for route in (route for hop in hops for route in hop.routes):
        args = (route["settings"].get("fastcgi_read_timeout") or {}).get("args") or []
        seconds = nginx_seconds("".join(args))
        found.append(READ_TIMEOUT if seconds is None else seconds)
    return int(min(found, default=READ_TIMEOUT))


def execution_time(broken: BrokenHop) -> int:
    """PHP's own max_execution_time in this pool; 0: none, or not known."""
    for kind in ("php_admin_value", "php_value"):
        setting = broken.pool["settings"].get("%s[max_execution_time]" % kind)
        if setting and setting["value"].isdecimal():
            return int(setting["value"])
    return int((broken.fpm.get("ini") or {}).get("max_execution_time") or 0)


def longest(waits: int) -> int:
    """The longest that a worker may take so that PHP-FPM ends it before nginx gives up; FPM looks at its clocks every few seconds."""
    return waits - max(1, waits // 12)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for broken in broken_hops(fleet):
        setting = broken.pool["settings"].get(SETTING)
        now = fpm_seconds(setting["value"]) if setting else 0
        lines = broken.told("fpm_request_terminate_timeout") if now else []
        if setting and any("execution timed out" in record["message"] for record in lines):
            yield too_short(broken, setting, now, lines, read_timeout(broken.hops_to_pool(fleet)))


def too_short(broken: BrokenHop, setting: Facts, now: int, lines: list[Facts], waits: int) -> Finding:
    limit = Evidence(
        "limit",
        "pool %s ends a request after %d s (%s = %s at %s)"
        % (broken.name, now, SETTING, setting["value"], place_text(setting["place"])),
    )
    allowed = execution_time(broken)
    seen = (*broken.seen(*lines), limit)
    most = longest(waits)
    if most <= now:
        return on_hop(
            broken.hop,
            CAUSE.name,
            seen,
            why="nginx waits %d s (fastcgi_read_timeout): a longer %s would only turn the 502 into a 504"
            % (waits, SETTING),
            advice=(
                "slowlog = /var/log/php-slow.log; request_slowlog_timeout = %ds   # in pool %s: what the script waits on"
                % (max(1, now // 2), broken.name),
                "fastcgi_read_timeout %ds;   # in that location, then %s = %ds: each such request holds a child that long"
                % (4 * now, SETTING, 3 * now),
            ),
        )
    target = allowed if now < allowed <= most else most
    reason = (
        "PHP's max_execution_time" if target == allowed else "the longest that PHP-FPM can wait before nginx gives up"
    )
    note = "requests were ended after %d s; max_execution_time %s <= %s < fastcgi_read_timeout %d s: %d s, %s" % (
        now,
        "%d s" % allowed if allowed else "none",
        SETTING,
        waits,
        target,
        reason,
    )
    remedy = remedies.php_fpm(
        broken.host, broken.fpm, "reloaded", pool=broken.name, settings={SETTING: "%ds" % target}, note=note
    )
    return on_hop(broken.hop, CAUSE.name, seen, remedy=remedy)


CAUSE = Cause(name="fpm_request_terminate_timeout", title="PHP-FPM ends requests before they are done", find=find)
