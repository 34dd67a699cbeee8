# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many children a PHP-FPM pool may have: as many as it needs, and no more than the host's memory has room for.

PHP-FPM refuses to start where the pm.* numbers break its own rules, so that whatever is returned keeps them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import math
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_memory import (
    RESERVE_SHARE,
    WORKER_LEAST,
    Budget,
    budget_to_grow,
    budget_to_shrink,
    in_mib,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.worker_waits import waits_elsewhere

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmSetting
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmPool

#: One change never multiplies a pool by more: the next look shows whether it helped.
STEP = 4
#: With just as many children as have work, one more visitor waits again.
SPARE_SHARE = 0.25

_ROUND = "; the room in a round number"
_NOT_KNOWN = "pm.max_children of pool %s is not known"
_NOT_MEASURED = "no worker's memory could be measured on this host, or its own memory is not known"


class PoolSize(t.NamedTuple):
    """settings: what to set; empty where nothing should be. sum: how the number was found. why: the reason where nothing should be set."""

    settings: dict[str, str]
    sum: str
    why: str


class _Room(t.NamedTuple):
    """How many children the pool may have, and the sum that says so."""

    children: int
    text: str


def larger(host: Host, pool: PoolAt) -> PoolSize:
    """Settings for a pool that has too few children."""
    now = number(pool.pool["settings"], "pm.max_children")
    if now < 1:
        return _refused(_NOT_KNOWN % pool.name)
    waiting = waits_elsewhere(pool.pool)
    if waiting:
        return _refused("pool %s: %s" % (pool.name, waiting))
    budget = budget_to_grow(host)
    if budget is None:
        return _refused(_NOT_MEASURED)
    room = _below_process_max(pool, _room(host, pool, budget))
    queue = _queue(host, pool)
    needed = max(2 * now, math.ceil((now + queue) * (1 + SPARE_SHARE)))
    wanted = math.ceil(needed / now) * now
    room_for = round_down(room.children)
    target = min(room_for if room_for > now else room.children, wanted, STEP * now)
    if target <= now:
        why = "pool %s: pm.max_children is %d and there is room for %d: more would end in an out-of-memory kill"
        return _refused(why % (pool.name, now, max(room.children, 0)), room.text)
    text = "%s; %d children now; twice as many, or these and the %d requests in the queue and %d %% to spare: %d" % (
        room.text,
        now,
        queue,
        100 * SPARE_SHARE,
        needed,
    )
    text += "; in whole multiples, at most %d times as many in one step" % STEP
    text += "%s: %d" % (_ROUND if target == room_for < room.children else "", target)
    return PoolSize(constrained(pool.pool, target), text, "")


def smaller(host: Host, pool: PoolAt, killed_bytes: int = 0) -> PoolSize:
    """Settings for a pool whose workers were killed for memory. killed_bytes: what a killed one had; 0: not known."""
    now = number(pool.pool["settings"], "pm.max_children")
    if now < 1:
        return _refused(_NOT_KNOWN % pool.name)
    budget = budget_to_shrink(host, killed_bytes)
    if budget is None:
        return _refused(_NOT_MEASURED)
    if 2 * killed_bytes > budget.ceiling:
        why = "pool %s: one worker had %s of the %s there are when it was killed: fewer children would not help, limit what a request may take (memory_limit)"
        return _refused(why % (pool.name, in_mib(killed_bytes), in_mib(budget.ceiling)))
    room = _room(host, pool, budget)
    if room.children >= now:
        why = "pool %s: its %d children fit into memory by what they take now; one request must have taken far more"
        return _refused(why % (pool.name, now), room.text)
    target = max(1, round_down(room.children))
    if target == now:
        return _refused("pool %s: it has one child already" % pool.name, room.text)
    text = "%s; %d children now%s: %d" % (room.text, now, _ROUND if target < room.children else "", target)
    return PoolSize(constrained(pool.pool, target), text, "")


def round_down(children: int) -> int:
    """A round number, at most a fifth below: two looks a moment apart measure memory a little differently, and are to come to the same."""
    if children < 10:
        return children
    digit = int(10 ** (len(str(children)) - 1))
    return children - children % (digit // (5 if children < 2 * digit else 2))


def _refused(why: str, text: str = "") -> PoolSize:
    return PoolSize({}, text, why)


def _room(host: Host, pool: PoolAt, budget: Budget) -> _Room:
    """What memory has room for, less what the other pools of the host may take."""
    others = _others(host, pool)
    room = budget.workers - others
    text = "%s = %d workers" % (budget.text, budget.workers)
    return _in_group(pool, budget, _Room(room, text + (" - %d of other pools = %d" % (others, room) if others else "")))


def _in_group(pool: PoolAt, budget: Budget, room: _Room) -> _Room:
    """The same, where the control group of this PHP-FPM leaves as much to the pool; else what that leaves."""
    limits = or_empty(pool.fpm.get("limits"))
    running = sum(len(one.get("workers") or []) for one in pool.fpm["pools"].values())
    siblings = sum(_limit(other) for name, other in pool.fpm["pools"].items() if name != pool.name)
    bounds = []
    memory, free = limits.get("memory"), limits.get("memory_free")
    if memory is not None and free is not None:
        more = (free - max(int(memory * RESERVE_SHARE), WORKER_LEAST)) // budget.worker
        bounds.append(_Room(running + more - siblings, "the memory limit of its unit, %s," % in_mib(memory)))
    tasks = limits.get("tasks_free")
    if tasks is not None:
        bounds.append(_Room(running + tasks - siblings, "the limit of tasks of its unit"))
    tightest = min(bounds, key=lambda bound: bound.children, default=room)
    if tightest.children >= room.children:
        return room
    left = max(0, tightest.children)
    return _Room(left, "%s; %s leaves %d" % (room.text, tightest.text, left))


def _below_process_max(pool: PoolAt, room: _Room) -> _Room:
    """The same, where process.max of this PHP-FPM leaves as much to the pool; else what that leaves."""
    total = number(pool.fpm.get("global") or {}, "process.max")
    rest = total - sum(_limit(other) for name, other in pool.fpm["pools"].items() if name != pool.name)
    if total < 1 or rest >= room.children:
        return room
    return _Room(rest, "%s; process.max = %d leaves %d" % (room.text, total, rest))


def constrained(pool: FpmPool, children: int) -> dict[str, str]:
    """pm.max_children and whatever else has to change with it by PHP-FPM's rules. Spare servers count for dynamic pools only."""
    settings, wanted = pool["settings"], {"pm.max_children": children}
    if or_empty(settings.get("pm")).get("value") == "dynamic":
        highest = max(1, min(number(settings, "pm.max_spare_servers"), children))
        lowest = max(1, min(number(settings, "pm.min_spare_servers"), highest))
        wanted.update({"pm.max_spare_servers": highest, "pm.min_spare_servers": lowest})
        start = number(settings, "pm.start_servers")
        if start > 0:
            wanted["pm.start_servers"] = min(max(start, lowest), highest)
    return {key: str(value) for key, value in wanted.items() if value != number(settings, key)}


def _others(host: Host, pool: PoolAt) -> int:
    """Workers that all other pools of the host may have at once, as many as their limits allow."""
    running = [one for one in host.pools() if one.fpm.get("master")]
    own = (pool.fpm["config"], pool.name)
    return sum(_limit(one.pool) for one in running if (one.fpm["config"], one.name) != own)


def _limit(pool: FpmPool) -> int:
    return max(number(pool["settings"], "pm.max_children"), len(pool.get("workers") or []))


def _queue(host: Host, pool: PoolAt) -> int:
    """Connections that wait at the pool's address now."""
    listener = host.listener(pool.address) if pool.address else None
    return or_empty(listener).get("queue") or 0


def number(settings: t.Mapping[str, FpmSetting], key: str) -> int:
    """A number that a pool or the global section sets; 0 where it sets none, or one below 0."""
    value = or_empty(settings.get(key)).get("value")
    return int(value) if str(value).isdecimal() else 0
