# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PHP worker was killed by a signal, and no log says that memory was used up.

Signatures: worker_killed, upstream_connection_reset, upstream_closed_prematurely.

Looked at: PHP-FPM's log, the kernel's log, memory.

Done: nothing is changed: the signal and who may have sent it.

A quick fix: more children make a lack of memory worse.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_inside import LossInside, losses_inside
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import LossyHop, lossy_hops
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._memory_kills import memory_kills

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord


_LIMIT = re.compile(r"exited on signal \d+ \((SIGXCPU|SIGXFSZ)\b")
LIMITS = {
    "SIGXCPU": ("LimitCPU", "it has computed for as long as its limit says, which each worker does in time"),
    "SIGXFSZ": ("LimitFSIZE", "a file that it writes (a log, an upload) has grown to its limit"),
}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for lossy in lossy_hops(fleet):
        lines = signalled(lossy)
        if lines and lossy.is_present and not memory_kills(lossy).reasons:
            yield by_own_limit(lossy, lines) or killed(lossy, lines)
    for loss in losses_inside(fleet):
        said = loss.lines("worker_killed")
        if said and not or_empty(loss.container.get("memory")).get("oom_kills"):
            yield killed_inside(loss, said)


def signalled(lossy: LossyHop) -> list[LogRecord]:
    """Lines of workers that ended by signal 9, or by 15 where PHP-FPM did not send it because a request took too long."""
    ended = lossy.own_lines("fpm_request_terminate_timeout")
    if any("execution timed out" in record["message"] for record in ended):
        ended = []
    return lossy.own_lines("worker_killed") + ended


def by_own_limit(lossy: LossyHop, lines: list[LogRecord]) -> Finding | None:
    """Of workers that a limit of their own unit ended; None where somebody else did."""
    found = next((one for one in (_LIMIT.search(line["message"]) for line in lines) if one), None)
    if found is None:
        return None
    setting, means = LIMITS[found.group(1)]
    unit = shlex.quote(lossy.fpm.get("unit") or "php-fpm")
    return on_hop(
        lossy.hop,
        CAUSE.name,
        lossy.evidence(*lines),
        says="a limit of their own unit ends PHP workers on %s" % lossy.hop.on,
        why="a worker was ended by %s: %s" % (found.group(1), means),
        advice=(
            "systemctl show -p %s %s   # on %s: also ulimit in a script that starts it, and /etc/security/limits.d"
            % (setting, unit, lossy.hop.on),
            "# take %s= out of its unit (systemctl edit %s), then restart it; pm.max_requests lets a worker end before it, between two requests"
            % (setting, unit),
        ),
    )


def killed(lossy: LossyHop, lines: list[LogRecord]) -> Finding:
    unread = lossy.why_unread("kernel")
    no_kill = Evidence("kernel", "the kernel's log has no out-of-memory kill of PHP-FPM at that time", 0.3)
    memory = "memory was not used up"
    if unread:
        memory = "the kernel's log cannot be read (%s), so that memory may have been used up" % unread
    return on_hop(
        lossy.hop,
        CAUSE.name,
        (*lossy.evidence(*lines), *(() if unread else (no_kill,))),
        why="somebody sent a worker a signal, and the log does not say who; %s" % memory,
        advice=(
            "journalctl -k --since -1h | grep -i 'killed process'   # as root, and in a container also on the machine that runs it",
            "auditctl -a always,exit -F arch=b64 -S kill -F a1=9 -k who_kills   # watch who sends it; auditctl -D ends the watch",
            "ausearch -k who_kills   # after the next kill",
            "systemctl status earlyoom systemd-oomd monit; crontab -l   # what kills processes by rule",
            "# if it happens at each reload: process_control_timeout = 10s in [global]; PHP-FPM then lets requests end",
        ),
    )


def killed_inside(loss: LossInside, lines: list[LogRecord]) -> Finding:
    """Of a PHP-FPM in a container, which has met no limit of memory of its own."""
    return loss.found(
        CAUSE.name,
        lines,
        "somebody sent a PHP worker in %s a signal%s, and its log does not say who; the container has met no limit of memory of its own"
        % (loss.called, loss.paths),
        (
            "journalctl -k --since -1h | grep -i 'killed process'   # on %s: was the memory of the host itself used up?"
            % loss.on,
        ),
    )


CAUSE = Cause(
    name="worker_killed",
    title="PHP workers are killed from outside",
    says="a PHP worker on {on} was killed",
    find=find,
    set_off_by=("backend",),
    yields_to=("worker_oom_killed",),
    outdoes=ENDED,
)
