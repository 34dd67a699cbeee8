# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's workers may not open another file or socket: their limit of open files is too low."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._nginx_limits import (
    MOST_FILES,
    connections,
    files,
    finding,
    raised,
    recent,
    serving,
)

NAME = "nginx_open_files"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        lines = recent(proxy, NAME)
        may_open = files(proxy)
        if may_open and (lines or any(answer.get("signature") == NAME for answer in proxy.failing)):
            yield used_up(fleet, proxy, may_open, lines)


def set_by(proxy: Host) -> str:
    directive = proxy.config.get("worker_rlimit_nofile")
    if directive:
        return "worker_rlimit_nofile at %s:%d" % (directive["place"]["file"], directive["place"]["line"])
    unit = proxy.unit(proxy.nginx.get("unit"))
    return "LimitNOFILE of %s" % proxy.nginx["unit"] if unit else "what nginx was started with"


def used_up(fleet: Fleet, proxy: Host, now: int, lines: list[Facts]) -> Finding:
    most_open = max([worker.get("open_files") or 0 for worker in serving(proxy)], default=0)
    limit = Evidence(
        "limit", "a worker may open %d files (%s); the busiest has %d open" % (now, set_by(proxy), most_open)
    )
    serves = connections(proxy)
    target = min(max(2 * now, 2 * serves), MOST_FILES)
    if target <= now:
        return finding(
            fleet,
            proxy,
            NAME,
            "open files",
            limit,
            lines,
            why="a worker may open as many files as the kernel allows: something keeps them open",
            advice=("ls -l /proc/$(pgrep -f 'nginx: worker' | head -1)/fd | sort -k11 | less   # what is kept open",),
        )
    note = "%d open files were used up: twice as many, and two for each of the %d worker_connections: %d" % (
        now,
        serves,
        target,
    )
    remedy, why = raised(proxy, 0, target, note)
    return finding(
        fleet,
        proxy,
        NAME,
        "open files",
        limit,
        lines,
        remedy=remedy,
        why=why,
        advice=() if remedy else ("worker_rlimit_nofile %d;" % target,),
    )


CAUSE = Cause(name=NAME, title="nginx may not open more files", find=find, yields_to=("nginx_worker_connections",))
