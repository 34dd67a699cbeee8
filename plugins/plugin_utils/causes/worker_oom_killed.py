# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel kills PHP workers because memory is used up.

Signatures: worker_oom_killed, worker_killed, upstream_connection_reset, upstream_closed_prematurely.

Looked at: the kernel's log, the memory of the host or its control group, what a child takes.

Done: pm.max_children is lowered to what the memory holds, where the pool is larger than that.

A quick fix: raising memory_limit or the children makes the kernel kill sooner.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import pool_size, remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import MIB
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_starts import more_memory
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_inside import LossInside, losses_inside
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import LossyHop, lossy_hops
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._memory_kills import memory_kills

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.memory import GroupMemory
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

#: The kernel logs two lines of each kill: a summary, and one of the process.
LINES_A_KILL = 2
_TAKEN = re.compile(r"\banon-rss:(\d{1,12})kB")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for lossy in lossy_hops(fleet):
        kills = memory_kills(lossy)
        if not kills.reasons:
            continue
        smaller = pool_size.smaller(lossy.host, lossy.at, killed_bytes(lossy.host, kills.reasons))
        evidence = (*lossy.evidence(*kills.workers, *kills.reasons), pool_evidence(lossy))
        if smaller.settings:
            yield too_many(lossy, evidence, smaller)
        elif lossy.is_present:
            yield too_large(lossy, evidence, smaller.why)
    for loss in losses_inside(fleet):
        said = loss.lines("worker_killed")
        memory = loss.container.get("memory")
        if said and memory and memory["limit"] and memory["oom_kills"]:
            yield in_its_container(loss, said, memory)


def killed_bytes(host: Host, kernel: t.Sequence[LogRecord]) -> int:
    """Bytes that a killed worker had, by the kernel's line. 0 where it does not say, or where it has more such lines than kills of this host's own."""
    own = or_empty(host.system.get("memory")).get("oom_kills")
    if own is not None and sum(record["count"] for record in kernel) > LINES_A_KILL * own:
        return 0
    found = [_TAKEN.search(record["message"]) for record in kernel]
    return max([int(match.group(1)) * 1024 for match in found if match], default=0)


def pool_evidence(lossy: LossyHop) -> Evidence:
    """How many children the pool may have, and how much memory the host has."""
    memory = or_empty(lossy.host.system.get("memory"))
    limit = memory.get("limit") or memory.get("total") or 0
    text = "pool %s may have %d children; %s has %d MiB of memory%s" % (
        lossy.name,
        pool_size.number(lossy.pool["settings"], "pm.max_children"),
        lossy.host.name,
        limit // MIB,
        " (the limit of its control group)" if memory.get("limit") else "",
    )
    return Evidence("pool", text)


def too_many(lossy: LossyHop, evidence: tuple[Evidence, ...], smaller: pool_size.PoolSize) -> Finding:
    """The pool has more children than there is memory for."""
    remedy = remedies.php_fpm(
        lossy.host, lossy.fpm, "reloaded", pool=lossy.name, settings=smaller.settings, note=smaller.sum
    )
    return on_hop(lossy.hop, CAUSE.name, evidence, remedy=remedy)


def too_large(lossy: LossyHop, evidence: tuple[Evidence, ...], why: str) -> Finding:
    """Fewer children would not help."""
    return on_hop(
        lossy.hop,
        CAUSE.name,
        evidence,
        why=why,
        advice=(
            "# set php_admin_value[memory_limit] = 128M in pool %s, then reload: a request that takes more ends with an error of PHP"
            % lossy.name,
            "# set pm.max_requests = 500, if workers grow with time",
            "free -m; ps -eo rss,args --sort=-rss | head   # what else takes memory? Add swap or memory to %s"
            % lossy.host.name,
        ),
    )


def in_its_container(loss: LossInside, lines: list[LogRecord], memory: GroupMemory) -> Finding:
    """The container's own limit was met."""
    limit = memory["limit"] // MIB
    return loss.found(
        CAUSE.name,
        lines,
        "%s may have %d MiB of memory, and the kernel has killed %d of its processes for that: a PHP worker was one%s"
        % (loss.called, limit, memory["oom_kills"] or 0, loss.paths),
        (
            *more_memory(loss.container, loss.on),
            "# or let such a request end with an error of PHP: memory_limit = 128M in a .ini of its conf.d, and fewer workers (pm.max_children) than fit into"
            " %d MiB together" % limit,
        ),
    )


CAUSE = Cause(
    name="worker_oom_killed",
    title="The kernel kills PHP workers because memory is used up",
    says="the kernel of {on} kills PHP workers because memory is used up",
    find=find,
    set_off_by=("backend",),
    outdoes=ENDED,
)
