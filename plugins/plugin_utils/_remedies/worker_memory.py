# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many PHP workers the memory of a host has room for.

Memory is measured as PSS, which counts pages that workers share once, over every pool and PHP version of the host. RSS counts them several
times, and memory_limit is only what a worker might take.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

MIB = 1024 * 1024
#: Kept free for everything that is not PHP: the page cache, logins, other daemons when they are busy.
RESERVE_SHARE = 0.1
RESERVE_LEAST = 64 * MIB
#: A worker that has served nothing yet is tiny: nothing is planned with less than this.
WORKER_LEAST = 16 * MIB


class Budget(t.NamedTuple):
    """Bytes that all PHP workers of a host may take, bytes that one takes, and bytes that the host has; text is the sum of the first two."""

    usable: int
    worker: int
    ceiling: int
    text: str

    @property
    def workers(self) -> int:
        return max(0, self.usable // self.worker)


class _Memory(t.NamedTuple):
    """Bytes of memory of a host. limit: of its control group; None where it has none."""

    available: int
    total: int
    limit: int | None

    @property
    def ceiling(self) -> int:
        return min(self.limit or self.total, self.total)

    @property
    def reserve(self) -> int:
        return max(int(self.ceiling * RESERVE_SHARE), RESERVE_LEAST)


class _Worker(t.NamedTuple):
    """Bytes to plan with for one worker, and where that number is from."""

    size: int
    source: str


def budget_to_grow(host: Host) -> Budget | None:
    """The budget for more workers, each as large as nearly all of those that run now; None where memory or workers could not be measured."""
    measured = _measured(host)
    return _budget(host, _Worker(percentile(measured, 95), "95th percentile of measured PSS")) if measured else None


def budget_to_shrink(host: Host, killed_bytes: int) -> Budget | None:
    """The budget after workers were killed for memory, each as large as the largest. killed_bytes: what a killed one had; 0: not known."""
    largest = max([*_measured(host), killed_bytes], default=0)
    if not largest:
        return None
    is_killed = largest == killed_bytes
    return _budget(
        host, _Worker(largest, "what a killed one had, by the kernel's log" if is_killed else "largest of measured PSS")
    )


def _budget(host: Host, worker: _Worker) -> Budget | None:
    memory = _memory(host)
    if memory is None:
        return None
    running = sum(len(one.pool.get("workers") or []) for one in host.pools())
    measured = _measured(host)
    mean = sum(measured) // max(1, len(measured))
    used = sum(measured) + mean * (running - len(measured))
    usable = min(memory.available + used, memory.ceiling) - memory.reserve
    size = max(worker.size, WORKER_LEAST)
    text = "memory for PHP %s (%s available + %s in use by %d workers%s, less %s kept free) / %s a worker (%s%s)" % (
        in_mib(usable),
        in_mib(memory.available),
        in_mib(used),
        running,
        ", at most the cgroup's %s" % in_mib(memory.limit) if memory.limit else "",
        in_mib(memory.reserve),
        in_mib(worker.size),
        worker.source,
        "" if size == worker.size else ", counted as %s" % in_mib(size),
    )
    return Budget(usable, size, memory.ceiling, text)


def _measured(host: Host) -> list[int]:
    """The PSS of each worker whose memory could be measured, the smallest first."""
    sizes = [worker.get("pss") for one in host.pools() for worker in one.pool.get("workers") or []]
    return sorted(size for size in sizes if size)


def _memory(host: Host) -> _Memory | None:
    memory = or_empty(host.system.get("memory"))
    available, total = memory.get("available"), memory.get("total")
    return None if available is None or not total else _Memory(available, total, memory.get("limit"))


def percentile(ordered: t.Sequence[int], percent: int) -> int:
    """The smallest value that at least this many percent of all do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def in_mib(size_in_bytes: int) -> str:
    return "%d MiB" % round(size_in_bytes / MIB)
