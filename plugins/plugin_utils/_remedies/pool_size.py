# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many children a PHP-FPM pool may have: memory that is there, divided by what a worker was measured to take.

Measured means PSS (pages shared by workers are counted once), of every pool and PHP version of the host, not RSS and not memory_limit.
FPM refuses to start where its own rules on the pm.* numbers are broken, so whatever is returned keeps them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host

MIB = 1024 * 1024
#: Kept free for everything that is not PHP: the page cache, logins, a burst of another daemon.
RESERVE_SHARE = 0.1
RESERVE_LEAST = 64 * MIB
#: A worker that has served nothing yet is tiny: nothing is planned with less than this.
WORKER_LEAST = 16 * MIB
#: One change never multiplies a pool by more: the next look shows whether it helped.
STEP = 4
#: With just as many children as have work, one more visitor waits again.
SPARE_SHARE = 0.25
#: Kernel functions (their beginnings) in which a worker waits for another service to answer, or for a lock.
NETWORK_WAITS = (
    "tcp_recvmsg",
    "sk_wait_data",
    "wait_woken",
    "unix_stream_read",
    "unix_stream_data_wait",
    "poll_schedule_timeout",
    "do_sys_poll",
    "do_poll",
    "ep_poll",
)
LOCK_WAITS = (
    "locks_lock_inode_wait",
    "flock_lock_inode_wait",
    "posix_lock_inode_wait",
    "fcntl_setlk",
    "__do_sys_flock",
)
#: From this share of the workers on, more of them would only add to the load on what they wait for.
WAITING_SHARE = 0.8


class PoolSize(t.NamedTuple):
    """settings: what to set (empty where nothing should be), sum: how the number was found, why: the reason where nothing should be set."""

    settings: dict[str, str]
    sum: str
    why: str


class Budget(t.NamedTuple):
    """Bytes that workers may take, bytes that one takes, bytes that the host has; the first two as text."""

    usable: int
    worker: int
    ceiling: int
    text: str

    @property
    def workers(self) -> int:
        return max(0, self.usable // self.worker)


def size(host: Host, fpm: Facts, pool_name: str, shrink: bool = False, taken: int = 0) -> PoolSize:
    """Settings for a pool that is too small, or with shrink for one that is too big for its memory (workers were killed for it).

    taken: bytes that a killed worker had, where that is known.
    """
    pool = fpm["pools"][pool_name]
    now = number(pool["settings"], "pm.max_children")
    if now < 1:
        return _refused("pm.max_children of pool %s is not known" % pool_name)
    blocked = None if shrink else waits_elsewhere(pool)
    if blocked:
        return _refused("pool %s: %s" % (pool_name, blocked))
    budget = memory_budget(host, shrink, taken)
    if budget is None:
        return _refused("no worker's memory could be measured on this host, or its own memory is not known")
    if 2 * taken > budget.ceiling:
        return _refused(
            "pool %s: one worker had %s of the %s there are when it was killed: fewer children would not help it, limit what a request may take (memory_limit)"
            % (pool_name, _mib(taken), _mib(budget.ceiling))
        )
    others = _others(host, fpm, pool_name)
    fits = budget.workers - others
    text = "%s = %d workers%s" % (
        budget.text,
        budget.workers,
        " - %d of other pools = %d" % (others, fits) if others else "",
    )
    return _smaller(pool, pool_name, now, fits, text) if shrink else _bigger(host, fpm, pool_name, now, fits, text)


def _refused(why: str, text: str = "") -> PoolSize:
    return PoolSize({}, text, why)


def _bigger(host: Host, fpm: Facts, name: str, now: int, fits: int, text: str) -> PoolSize:
    pool = fpm["pools"][name]
    total = number(fpm.get("global") or {}, "process.max")
    if total > 0:
        spare = total - sum(_limit(other) for other_name, other in fpm["pools"].items() if other_name != name)
        if spare < fits:
            fits, text = spare, "%s; process.max = %d leaves %d" % (text, total, spare)
    waiting = _queue(host, pool.get("address"))
    wanted = max(2 * now, math.ceil((now + waiting) * (1 + SPARE_SHARE)))
    target = min(fits, wanted, STEP * now)
    if target <= now:
        return _refused(
            "pool %s: pm.max_children is %d and there is room for %d: more would end in an out-of-memory kill"
            % (name, now, max(fits, 0)),
            text,
        )
    least = "twice as many, or those and %d that wait and %d %% to spare: %d" % (waiting, 100 * SPARE_SHARE, wanted)
    text = "%s; %d now, %s, at most %d times as many in one step: %d" % (text, now, least, STEP, target)
    return PoolSize(constrained(pool, target), text, "")


def _smaller(pool: Facts, name: str, now: int, fits: int, text: str) -> PoolSize:
    if fits >= now:
        return _refused(
            "pool %s: its %d children fit into memory by what they take now; one request must have taken far more"
            % (name, now),
            text,
        )
    target = max(1, fits)
    if target == now:
        return _refused("pool %s: it has one child already" % name, text)
    return PoolSize(constrained(pool, target), "%s; %d now: %d" % (text, now, target), "")


def constrained(pool: Facts, children: int) -> dict[str, str]:
    """pm.max_children and whatever else must change with it, by the rules of FPM (spare servers count for dynamic pools only)."""
    settings, wanted = pool["settings"], {"pm.max_children": children}
    if settings.get("pm", {}).get("value") == "dynamic":
        highest = max(1, min(number(settings, "pm.max_spare_servers"), children))
        lowest = max(1, min(number(settings, "pm.min_spare_servers"), highest))
        wanted.update({"pm.max_spare_servers": highest, "pm.min_spare_servers": lowest})
        start = number(settings, "pm.start_servers")
        if start > 0:
            wanted["pm.start_servers"] = min(max(start, lowest), highest)
    return {key: str(value) for key, value in wanted.items() if value != number(settings, key)}


def memory_budget(host: Host, shrink: bool, taken: int) -> Budget | None:
    """What all PHP workers of the host may take together. With shrink the worker that took most counts, a killed one too."""
    memory = host.system.get("memory") or {}
    workers = [worker for one in host.pools() for worker in one.pool.get("workers") or []]
    measured = sorted(worker["pss"] for worker in workers if worker.get("pss"))
    if not (measured or shrink and taken) or memory.get("available") is None or not memory.get("total"):
        return None
    mean = sum(measured) // max(1, len(measured))
    used = sum(measured) + mean * (len(workers) - len(measured))
    limit = memory.get("limit") or memory["total"]
    ceiling = min(limit, memory["total"])
    reserve = max(int(ceiling * RESERVE_SHARE), RESERVE_LEAST)
    usable = min(memory["available"] + used, ceiling) - reserve
    typical = max([*measured, taken]) if shrink else percentile(measured, 95)
    worker = max(typical, WORKER_LEAST)
    kind = "largest" if shrink else "95th percentile"
    kind = "what the kernel says that a killed one had" if typical == taken else "%s of measured PSS" % kind
    note = "" if typical == worker else ", counted as %s" % _mib(worker)
    text = "memory for PHP %s (%s available + %s in use by %d workers%s, less %s kept free) / %s a worker (%s%s)" % (
        _mib(usable),
        _mib(memory["available"]),
        _mib(used),
        len(workers),
        _limited(memory),
        _mib(reserve),
        _mib(typical),
        kind,
        note,
    )
    return Budget(usable, worker, ceiling, text)


def _limited(memory: Facts) -> str:
    return ", at most the cgroup's %s" % _mib(memory["limit"]) if memory.get("limit") else ""


def percentile(ordered: t.Sequence[int], percent: int) -> int:
    """The smallest value that at least percent of all do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def waits_elsewhere(pool: Facts) -> str | None:
    """Why more workers would not help: nearly all of them wait for something that is not PHP."""
    seen = [worker["waits_in"] for worker in pool.get("workers") or [] if worker.get("waits_in")]
    for waits, what in (
        (
            NETWORK_WAITS,
            "wait for an answer from the network (a database, an API, or idle connections that nginx keeps open)",
        ),
        (LOCK_WAITS, "wait for a file lock (PHP sessions, most often)"),
    ):
        stuck = [place for place in seen if place.startswith(waits)]
        if len(stuck) > 1 and len(stuck) >= WAITING_SHARE * len(seen):
            return "%d of %d workers %s; more workers would only wait there too" % (len(stuck), len(seen), what)
    return None


def _others(host: Host, fpm: Facts, pool_name: str) -> int:
    """Workers that all other pools of the host may have at once, as many as their limits allow."""
    running = [one for one in host.pools() if one.fpm.get("master")]
    return sum(_limit(one.pool) for one in running if (one.fpm["config"], one.name) != (fpm["config"], pool_name))


def _limit(pool: Facts) -> int:
    return max(number(pool["settings"], "pm.max_children"), len(pool.get("workers") or []))


def _queue(host: Host, address: str | None) -> int:
    """Connections that wait at the pool's address now."""
    listener = host.listener(read_address(address)) if address else None
    return (listener or {}).get("queue") or 0


def number(settings: Facts, key: str) -> int:
    """A number that a pool or the global section sets; 0 where it sets none, or one below 0."""
    value = settings.get(key, {}).get("value")
    return int(value) if str(value).isdecimal() else 0


def _mib(size_in_bytes: int) -> str:
    return "%d MiB" % round(size_in_bytes / MIB)
