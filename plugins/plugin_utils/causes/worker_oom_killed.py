# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel kills PHP workers because memory is used up."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import pool_size, remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import MIB
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import BrokenHop, broken_hops

#: The kernel's summary, and its line of the process.
LINES_A_KILL = 2
_TAKEN = re.compile(r"\banon-rss:(\d{1,12})kB")


def is_ours(host: Host, fpm: Facts, record: Facts) -> bool:
    """A container sees the kernel's lines of its neighbours too. A limit was met only where there is one, and where the kernel counts a kill for it."""
    if not record["message"].startswith("Memory cgroup"):
        return True
    memory = host.system.get("memory") or {}
    unit = host.unit(fpm.get("unit")) or {}
    return bool(memory.get("limit") and memory.get("oom_kills") != 0 or unit.get("memory_max"))


def killed_for_memory(broken: BrokenHop) -> tuple[list[Facts], list[Facts]]:
    """FPM's lines of workers that were killed, and the kernel's or systemd's that say for what."""
    lines = broken.told("worker_killed")
    told = [record for record in broken.told("worker_oom_killed") if record not in lines]
    kernel = [
        record for record in broken.kernel("worker_oom_killed", lines) if is_ours(broken.host, broken.fpm, record)
    ]
    return lines, kernel + told


def taken(host: Host, kernel: t.Sequence[Facts]) -> int:
    """Bytes that the killed worker had, by the kernel's line; 0 where it does not say, or where there are more such lines than kills of our own."""
    own = (host.system.get("memory") or {}).get("oom_kills")
    if own is not None and sum(record["count"] for record in kernel) > LINES_A_KILL * own:
        return 0
    found = [_TAKEN.search(record["message"]) for record in kernel]
    return max([int(match.group(1)) * 1024 for match in found if match], default=0)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for broken in broken_hops(fleet):
        lines, kernel = killed_for_memory(broken)
        if not kernel:
            continue
        smaller = pool_size.smaller(broken.host, broken.at, taken(broken.host, kernel))
        if smaller.settings or broken.present:
            yield killed(broken, lines, kernel, smaller)


def killed(broken: BrokenHop, lines: list[Facts], kernel: list[Facts], smaller: pool_size.PoolSize) -> Finding:
    memory = broken.host.system.get("memory") or {}
    limit = memory.get("limit") or memory.get("total") or 0
    children = pool_size.number(broken.pool["settings"], "pm.max_children")
    pool = Evidence(
        "pool",
        "pool %s may have %d children; %s has %d MiB of memory%s"
        % (
            broken.name,
            children,
            broken.host.name,
            limit // MIB,
            " (a limit of its control group)" if memory.get("limit") else "",
        ),
    )
    seen = (*broken.seen(*lines, *kernel), pool)
    if smaller.settings:
        remedy = remedies.php_fpm(
            broken.host, broken.fpm, "reloaded", pool=broken.name, settings=smaller.settings, note=smaller.sum
        )
        return on_hop(broken.hop, CAUSE.name, seen, remedy=remedy)
    return on_hop(
        broken.hop,
        CAUSE.name,
        seen,
        why=smaller.why,
        advice=(
            "php_admin_value[memory_limit] = 128M   # in pool %s, then reload: a request that wants more ends with an error of PHP"
            % broken.name,
            "pm.max_requests = 500   # where workers grow with time",
            "free -m; ps -eo rss,args --sort=-rss | head   # what else takes memory; swap or more memory for %s"
            % broken.host.name,
        ),
    )


CAUSE = Cause(name="worker_oom_killed", title="The kernel kills PHP workers for want of memory", find=find)
