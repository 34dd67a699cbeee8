# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the workers of a pool wait for something that more workers would not help with.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.nginx_names import is_nginx

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
#: The name of a file in which PHP keeps a session, without its ID.
SESSION = "/sess_"
SESSIONS = (
    "# it is a PHP session: all requests of one visitor wait for the one that has it. session_write_close() as soon as a page has read it, or"
    " session_start(['read_and_close' => true])",
)
#: Where Xdebug finds its client: https://xdebug.org/docs/all_settings#client_port
DEBUGGERS_PORT = ":9003"
DEBUGGER = (
    "# a breakpoint holds its worker until the debugger's client goes on, and nginx does not wait that long. Where nobody debugs: xdebug.mode = off"
    " (or xdebug.start_with_request = trigger), then a reload of PHP-FPM",
)
ITSELF = (
    "# a page that asks a page of its own site (wp-cron, REST loopbacks, file_get_contents or curl with a URL of its own) takes two workers at once, and"
    " none is left where as many such pages come as there are workers: call the code in place of the URL, or give what is asked so a pool of its own",
)
#: Where systemd-resolved answers the programs of its own host, and what to type where it does not, or another name server does not.
STUB_ADDRESS = "127.0.0.53:53"
STUB = (
    "time getent hosts example.org; resolvectl status",
    "systemctl restart systemd-resolved",
)
NAME_SERVER = (
    "time getent hosts example.org; grep -v '^#' /etc/resolv.conf",
    "# a `nameserver` that answers in its place; until then `options timeout:1 attempts:1` there keeps the wait short where another one follows it",
)
#: From this share of the workers on, more of them would only add to the load on what they wait for.
_SHARE = 0.8


def waits_elsewhere(pool: FpmPool) -> str | None:
    """Why more workers would not help: nearly all of them wait for the network or for a lock. None where they do not."""
    known = [worker["waits_in"] for worker in pool.get("workers") or []]
    functions = [function for function in known if function]
    found = [(sum(one.startswith(beginnings) for one in functions), what) for beginnings, what in _WAITS]
    most, what = max(found)
    # Who has the lock that the others wait for waits himself for something else.
    if sum(number for number, _what in found) < max(2, _SHARE * len(functions)) or asks_itself(pool):
        return None
    named = waits_for(pool.get("awaited") or [], len(pool["workers"]))
    words = named.text if named else "%d of %d workers %s" % (most, len(functions), what)
    return "%s; more workers would only wait there too" % words


def asks_itself(pool: FpmPool) -> bool:
    """Whether most workers wait for the nginx of their own host: the site asks itself, so that each page takes two workers, and more do help."""
    found = next(iter(pool.get("awaited") or []), None)
    return found is not None and waits_for([found], len(pool["workers"])) is not None and _is_own_nginx(found)


def _is_own_nginx(awaited: Awaited) -> bool:
    return is_nginx(awaited["process"]) and awaited["state"] != "T"


class WaitsFor(t.NamedTuple):
    """How many workers wait and whom for, in words, and what to type next about it. slow: it has taken the request, and may only take its time."""

    who: str
    whom: str
    advice: tuple[str, ...]
    slow: bool = False

    @property
    def text(self) -> str:
        return "%s %s" % (self.who, self.whom)


def likeliest(awaited: t.Sequence[Awaited]) -> Awaited | None:
    """Whom workers wait for most likely: a debugger holds whom it has, and it is the first elsewhere. None where nobody is seen."""
    return next((one for one in awaited if _is_debugger(one)), next(iter(awaited), None))


def waits_for(awaited: t.Sequence[Awaited], workers: int) -> WaitsFor | None:
    """Whom most of the waiting ones of so many workers wait for; None where that is not seen, or is true of one of several only."""
    found = likeliest(awaited)
    if found is None or (found["processes"] or 0) < (1 if _is_debugger(found) else min(2, workers)):
        return None
    some = "%d of %d workers wait%s for" % (found["processes"], workers, "s" if found["processes"] == 1 else "")
    who = some if workers > 1 else "its only worker waits for"
    holder = "%s, pid %s" % (found["process"], found["pid"]) if found["pid"] else "whose process is not seen"
    if found["address"] is None:
        file, holder = found["file"] or "a file", "%s (pid %s)" % (found["process"], found["pid"])
        look = ("ps -o pid,etime,stat,wchan:30,args -p %d" % found["pid"],) if found["pid"] else ("cat /proc/locks",)
        whom = "the lock of %s, which %s has" % (file, holder if found["pid"] else "another")
        return WaitsFor(who, whom + _last_one(found, awaited, workers), look + (SESSIONS if SESSION in file else ()))
    kind, _colon, where = found["address"].partition(":")
    if found["state"] == "T":
        whom = "%s (%s), which is stopped by a signal" % (where, holder)
        return WaitsFor(who, whom, ("kill -CONT %d" % (found["pid"] or 0),))
    seconds = found["seconds"]
    silent = "has not answered for %d seconds" % seconds if seconds and seconds >= 1 else "does not answer"
    if kind == "unix":
        return WaitsFor(who, "%s (%s), which %s" % (where, holder, silent), ("ss -xlp src %s" % where,), slow=True)
    if kind == "udp":
        return WaitsFor(who, "the name server %s" % where, STUB if where == STUB_ADDRESS else NAME_SERVER)
    listens = " (%s)" % holder if found["pid"] else ""
    if _is_debugger(found):
        return WaitsFor(who, "%s%s, the port of a debugger of PHP (Xdebug)" % (where, listens), DEBUGGER)
    if _is_own_nginx(found):
        return WaitsFor(who, "%s%s: the site asks itself, or another site of this nginx" % (where, listens), ITSELF)
    does = "takes no connection" if found["connecting"] else silent
    look = ("ss -tnpo dst %s" % where,)
    return WaitsFor(who, "%s%s, which %s" % (where, listens, does), look, slow=not found["connecting"])


def _is_debugger(awaited: Awaited) -> bool:
    address = awaited["address"] or ""
    return address.startswith("tcp:") and address.endswith(DEBUGGERS_PORT)


def _last_one(lock: Awaited, awaited: t.Sequence[Awaited], workers: int) -> str:
    """Whom the one worker waits for that does not wait for the lock: it has it. Empty where that cannot be told."""
    others = [one for one in awaited if one["address"] is not None]
    if lock["processes"] != workers - 1 or len(others) != 1 or others[0]["processes"] != 1:
        return ""
    return ", and which waits for %s itself" % (others[0]["address"] or "").partition(":")[2]
