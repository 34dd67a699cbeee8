# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PHP worker was killed by a signal, and nobody says that it was for want of memory."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import BrokenHop, broken_hops
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.worker_oom_killed import killed_for_memory


def signalled(broken: BrokenHop) -> list[Facts]:
    """Workers that ended by signal 9; or by 15, where it was not PHP-FPM that sent it because of its own clock."""
    ended = broken.told("fpm_request_terminate_timeout")
    if any("execution timed out" in record["message"] for record in ended):
        ended = []
    return broken.told("worker_killed") + ended


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for broken in broken_hops(fleet):
        lines = signalled(broken)
        if lines and broken.present and not killed_for_memory(broken)[1]:
            yield killed(broken, lines)


def killed(broken: BrokenHop, lines: list[Facts]) -> Finding:
    unseen = broken.unseen("kernel")
    kernel = (
        ()
        if unseen
        else (Evidence("kernel", "the kernel's log has no out-of-memory kill of PHP-FPM at that time", 0.3),)
    )
    doubt = (
        "the kernel's log cannot be read (%s), so that want of memory is not ruled out" % unseen
        if unseen
        else "it was not for want of memory"
    )
    return on_hop(
        broken.hop,
        CAUSE.name,
        (*broken.seen(*lines), *kernel),
        why="somebody sent a worker a signal, and the log does not say who; %s" % doubt,
        advice=(
            "journalctl -k --since -1h | grep -i 'killed process'   # once more, as root, on the machine that runs the container if it is one",
            "auditctl -a always,exit -F arch=b64 -S kill -F a1=9 -k who_kills; ausearch -k who_kills   # who sends it; auditctl -D ends the watch",
            "systemctl status earlyoom systemd-oomd monit; crontab -l   # what kills processes by rule",
            "process_control_timeout = 10s   # in [global], where it happens with each reload: PHP-FPM then lets requests end",
        ),
    )


CAUSE = Cause(
    name="worker_killed", title="PHP workers are killed from outside", find=find, yields_to=("worker_oom_killed",)
)
