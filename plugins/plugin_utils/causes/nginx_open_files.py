# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's workers cannot open another file or socket: their limit of open files is too low.

Signatures: nginx_open_files.

Looked at: open files of the workers, their limit, the unit's limit, nginx's log.

Done: worker_rlimit_nofile is raised, and the unit's limit where that binds.

A quick fix: ulimit in a shell has no influence on a service; the limit comes back with the next start.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_proxy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._nginx_limits import (
    MOST_FILES,
    are_denied,
    connections,
    files,
    raised,
    recent,
    serving,
    to_allow,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

NAME = "nginx_open_files"
SUBJECT = "open files"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        lines = recent(proxy, NAME)
        may_open = files(proxy)
        if may_open and (lines or any(answer.get("signature") == NAME for answer in proxy.failing)):
            yield used_up(fleet, proxy, may_open, lines)


def set_by(proxy: Host) -> str:
    """What sets the limit that is in force, in words."""
    directive, unit = proxy.config.get("worker_rlimit_nofile"), proxy.nginx.get("unit")
    if directive and not are_denied(proxy):
        return "worker_rlimit_nofile at %s" % file_and_line(directive["place"])
    started_with = "LimitNOFILE of %s" % unit if proxy.unit(unit) else "what nginx was started with"
    if directive:
        refused = "%s; SELinux refuses worker_rlimit_nofile %s at %s"
        return refused % (started_with, directive["value"], file_and_line(directive["place"]))
    return started_with


def used_up(fleet: Fleet, proxy: Host, now: int, lines: list[LogRecord]) -> Finding:
    most_open = max([worker.get("open_files") or 0 for worker in serving(proxy)], default=0)
    text = "a worker may open %d files (%s); the busiest has %d open" % (now, set_by(proxy), most_open)
    limit = Evidence("limit", text)
    serves = connections(proxy)
    target = min(max(2 * now, 2 * serves), MOST_FILES)
    if target <= now:
        why = "a worker may open as many files as the kernel allows: something keeps them open"
        show = "ls -l /proc/$(pgrep -f 'nginx: worker' | head -1)/fd | sort -k11 | less   # what a worker keeps open"
        return on_proxy(fleet, proxy, NAME, SUBJECT, limit, lines, why=why, advice=(show,))
    note = (
        "all %d open files were in use: twice as many, and no less than two for each of the %d worker_connections: %d"
        % (
            now,
            serves,
            target,
        )
    )
    remedy, why = raised(proxy, 0, target, note)
    by_hand = ("# set worker_rlimit_nofile %d; at the main level of nginx.conf" % target, *to_allow(proxy))
    advice = () if remedy else by_hand
    return on_proxy(fleet, proxy, NAME, SUBJECT, limit, lines, remedy=remedy, why=why, advice=advice)


CAUSE = Cause(
    name=NAME,
    title="nginx's workers have reached their limit of open files",
    says="nginx's workers on {on} have reached their limit of open files",
    find=find,
    set_off_by=("nginx", "limits"),
    yields_to=("nginx_worker_connections",),
)
