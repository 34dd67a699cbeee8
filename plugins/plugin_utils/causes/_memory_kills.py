# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers of PHP-FPM that were killed for want of memory: by the kernel, or by systemd.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._lost_fpm_requests import LossyHop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord


class MemoryKills(t.NamedTuple):
    """workers: PHP-FPM's records of workers that were killed. reasons: the kernel's or systemd's, which say that it was for memory."""

    workers: list[LogRecord]
    reasons: list[LogRecord]


def memory_kills(lossy: LossyHop) -> MemoryKills:
    """What the logs say of killed workers; without reasons, they were not killed for memory as far as is known."""
    workers = lossy.own_lines("worker_killed")
    kernel = [record for record in lossy.kernel_lines("worker_oom_killed", workers) if _is_ours(lossy, record)]
    own = [record for record in lossy.own_lines("worker_oom_killed") if record not in workers]
    return MemoryKills(workers, kernel + own)


def _is_ours(lossy: LossyHop, record: LogRecord) -> bool:
    """Whether a line of the kernel may be about this host. A container sees lines of its neighbours too: a limit of memory was met only where there is
    one, and where the kernel counts a kill for it."""
    if not record["message"].startswith("Memory cgroup"):
        return True
    memory = or_empty(lossy.host.system.get("memory"))
    unit = or_empty(lossy.host.unit(lossy.fpm.get("unit")))
    return bool(memory.get("limit") and memory.get("oom_kills") != 0 or unit.get("memory_max"))
