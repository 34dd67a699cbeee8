# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the workers of a pool wait for something that more workers would not help with.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import Awaited
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmPool

#: Kernel functions (their beginnings) in which a worker waits for another service to answer, or for a lock.
_NETWORK = (
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
_LOCKS = (
    "locks_lock_inode_wait",
    "flock_lock_inode_wait",
    "posix_lock_inode_wait",
    "fcntl_setlk",
    "__do_sys_flock",
)
_WAITS = (
    (_NETWORK, "wait for an answer from the network (a database, an API, or idle connections that nginx keeps open)"),
    (_LOCKS, "wait for a file lock (PHP sessions, most often)"),
)
#: From this share of the workers on, more of them would only add to the load on what they wait for.
_SHARE = 0.8


def waits_elsewhere(pool: FpmPool) -> str | None:
    """Why more workers would not help: nearly all of them wait for the network or for a lock. None where they do not."""
    known = [worker["waits_in"] for worker in pool.get("workers") or []]
    functions = [function for function in known if function]
    for beginnings, what in _WAITS:
        waiting = [function for function in functions if function.startswith(beginnings)]
        if len(waiting) > 1 and len(waiting) >= _SHARE * len(functions):
            named = waits_for(pool.get("awaited") or [], len(pool["workers"]))
            words = named.text if named else "%d of %d workers %s" % (len(waiting), len(functions), what)
            return "%s; more workers would only wait there too" % words
    return None


class WaitsFor(t.NamedTuple):
    """How many workers wait and whom for, in words, and what to type next about it."""

    who: str
    whom: str
    advice: tuple[str, ...]

    @property
    def text(self) -> str:
        return "%s %s" % (self.who, self.whom)


def waits_for(awaited: t.Sequence[Awaited], workers: int) -> WaitsFor | None:
    """Whom most of the waiting ones of so many workers wait for; None where that is not seen, or is true of one of several only."""
    found = next(iter(awaited), None)
    if found is None or (found["processes"] or 0) < min(2, workers):
        return None
    who = "%d of %d workers wait for" % (found["processes"], workers) if workers > 1 else "its only worker waits for"
    holder = "%s, pid %s" % (found["process"], found["pid"]) if found["pid"] else "whose process is not seen"
    if found["address"] is None:
        file, holder = found["file"] or "a file", "%s (pid %s)" % (found["process"], found["pid"])
        look = ("ps -o pid,etime,stat,wchan:30,args -p %d" % found["pid"],) if found["pid"] else ("cat /proc/locks",)
        return WaitsFor(who, "the lock of %s, which %s has" % (file, holder if found["pid"] else "another"), look)
    kind, _colon, where = found["address"].partition(":")
    if found["state"] == "T":
        whom = "%s (%s), which is stopped by a signal" % (where, holder)
        return WaitsFor(who, whom, ("kill -CONT %d" % (found["pid"] or 0),))
    seconds = found["seconds"]
    silent = "has not answered for %d seconds" % seconds if seconds and seconds >= 1 else "does not answer"
    if kind == "unix":
        return WaitsFor(who, "%s (%s), which %s" % (where, holder, silent), ("ss -xlp src %s" % where,))
    if kind == "udp":
        return WaitsFor(who, "the name server %s" % where, ("time getent hosts example.org",))
    listens = " (%s)" % holder if found["pid"] else ""
    does = "takes no connection" if found["connecting"] else silent
    return WaitsFor(who, "%s%s, which %s" % (where, listens, does), ("ss -tnpo dst %s" % where,))
