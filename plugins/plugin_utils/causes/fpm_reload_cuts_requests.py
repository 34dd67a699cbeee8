# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests are cut off whenever PHP-FPM is reloaded: without process_control_timeout it ends its workers at once, whatever they work on.

Signatures: fpm_reload_cuts_requests, upstream_closed_prematurely, upstream_connection_reset.

Looked at: PHP-FPM's log, process_control_timeout, what fails at the time of a reload.

Done: nothing is changed: process_control_timeout is named, which lets running requests finish.

A quick fix: a restart in place of the reload cuts off the same requests.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_reloads import (
    SIGNATURE,
    control_timeout,
    where_set,
    who_reloads,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import LossyHop, lossy_hops

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

#: Seconds that requests are given to end. Longer ones still end, and a reload takes no longer than its longest request.
GRACE = 20
#: What is shorter cuts all but short requests off, within the time in which log lines count as one event.
SHORT = 5


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for lossy in lossy_hops(fleet):
        lines = lossy.own_lines(SIGNATURE) if lossy.past and control_timeout(lossy.fpm) < SHORT else []
        if lines and lossy.own_lines("fpm_request_terminate_timeout", "worker_segfault", "worker_killed") == terminated(
            lossy
        ):
            yield cut(lossy, lines)


def terminated(lossy: LossyHop) -> list[LogRecord]:
    """Lines of workers that ended by signal 15: a reload sends it. Any other end has another cause."""
    lines = lossy.own_lines("fpm_request_terminate_timeout")
    return [] if any("execution timed out" in record["message"] for record in lines) else lines


def cut(lossy: LossyHop, lines: list[LogRecord]) -> Finding:
    fpm, hop = lossy.fpm, lossy.hop
    lost = sum(record["count"] for record in lossy.past)
    times = sum(record["count"] for record in lines if record["message"].startswith("Reloading")) or lines[0]["count"]
    limit = Evidence("limit", "%s: a reload ends its workers without waiting for their requests" % where_set(fpm))
    return on_hop(
        hop,
        CAUSE.name,
        (*lossy.evidence(*lines, *terminated(lossy)), limit),
        why="%d requests were cut off as PHP-FPM was reloaded (%d times in the log); %s"
        % (lost, times, where_set(fpm)),
        advice=(*set_it(lossy), *who_reloads(fpm, hop.on)),
    )


def set_it(lossy: LossyHop) -> tuple[str, ...]:
    """Commands that let requests end in a reload. The running master's value counts in the first one, so that it takes a restart."""
    fpm, on = lossy.fpm, lossy.hop.on
    check = shlex.join([fpm["binary"], "-t", "--fpm-config", fpm["config"]])
    service = "systemctl restart %s   # on %s, at a quiet time: it cuts requests off once more, reloads after it do not"
    start = (check, service % (shlex.quote(str(fpm["unit"])), on)) if fpm.get("unit") else (check,)
    setting, folder = (fpm.get("global") or {}).get("process_control_timeout"), fpm.get("pool_dir")
    if setting or not folder:
        place = "%s:%d" % (setting["place"]["file"], setting["place"]["line"]) if setting else fpm["config"]
        return ("# at %s, in [global]: process_control_timeout = %ds" % (place, GRACE), *start)
    path = posixpath.join(folder, "zz-process_control_timeout.conf")
    return (
        "printf '[global]\\nprocess_control_timeout = %ds\\n' >%s   # on %s" % (GRACE, shlex.quote(path), on),
        *start,
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="Reloads of PHP-FPM cut requests off",
    says="PHP-FPM on {on} cuts requests off whenever it is reloaded",
    find=find,
    set_off_by=("backend",),
    outdoes=(*ENDED, "worker_killed"),
)
