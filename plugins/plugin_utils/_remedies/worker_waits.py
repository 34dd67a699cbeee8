# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the workers of a pool wait for something that more workers would not help with.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
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
            return "%d of %d workers %s; more workers would only wait there too" % (len(waiting), len(functions), what)
    return None
