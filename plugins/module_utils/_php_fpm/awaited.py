# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is awaited of PHP-FPM after each thing that is done to it, and what shows that it will not come.

    started     a master runs, each pool has a worker and listens, and its socket has the owner, group and mode of the files
    restarted   the same, and the master is another one
    reloaded    a master runs, each pool has a worker and listens; the workers and what the master had read are new; sockets stay as they are.
                A failure before the time is over: the master ends
    adjusted    as started, and each socket has the queue of the files

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Collection, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import listener_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmConfig, Pool
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.live_sockets import difference, shorter_queue
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.running import Running

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners

STARTED, RESTARTED, RELOADED, ADJUSTED = ("started", "restarted", "reloaded", "adjusted")


class Awaited(NamedTuple):
    """What has to be so when an action has taken, besides what always has to: a master, a worker in each pool, each pool listening.

    how: the action, as one of the names above. ended_master: the master that has to end. lasting_master: the one whose end is a failure.
    ended_workers, old_image: workers, and the program in the master's memory, that have to be replaced. access, queue: whether sockets have the owner,
    group and mode, and the queue, of the files.
    """

    how: str
    ended_master: Optional[int] = None
    lasting_master: Optional[int] = None
    ended_workers: Collection[int] = ()
    old_image: bytes = b""
    access: bool = True
    queue: bool = False


START = Awaited(STARTED)
ADJUST = Awaited(ADJUSTED, queue=True)


def restart_of(before: Running) -> Awaited:
    """What is awaited of a restart of what runs now."""
    return Awaited(RESTARTED, ended_master=before.master)


def reload_of(before: Running) -> Awaited:
    """What is awaited of a reload of what runs now."""
    return Awaited(
        RELOADED,
        lasting_master=before.master,
        ended_workers=before.workers,
        old_image=before.image,
        access=False,
    )


def is_lost(host: Host, awaited: Awaited) -> bool:
    """Whether what is awaited cannot come any more. Between exec and its new title a master is not known as one: whether it lives, its process shows."""
    master = awaited.lasting_master
    return master is not None and host.exists("/proc/stat") and not host.exists("/proc/%d" % master)


def missing(host: Host, config: FpmConfig, now: Running, awaited: Awaited) -> Optional[str]:
    """What is not (yet) as awaited; None where all is."""
    if now.master is None:
        return "no master process of %s runs" % config.path
    for pool in config.pools.values():
        if pool.get("pm") != "ondemand" and pool.name not in now.pools:
            return "pool %s has no worker" % pool.name
    return _missing_of_sockets(host, config, awaited) or _left_over(now, awaited)


def _missing_of_sockets(host: Host, config: FpmConfig, awaited: Awaited) -> Optional[str]:
    listeners = listener_facts(host, Processes(host))
    if listeners is None:
        return None
    for pool in config.pools.values():
        problem = _missing_of_socket(host, pool, config.address(pool), listeners, awaited)
        if problem:
            return "pool %s: %s" % (pool.name, problem)
    return None


def _missing_of_socket(
    host: Host, pool: Pool, address: Optional[Address], listeners: "Listeners", awaited: Awaited
) -> Optional[str]:
    if address is None or not address.is_unix:
        listens = address and any(one["port"] == address.port for one in listeners["tcp"])
        return None if listens else "nothing listens on %s" % str(address or "")
    found = [one for one in listeners["unix"] if one["path"] == address.path and one["file"]["same"] is not False]
    if not found:
        return "nothing listens on %s" % str(address)
    return (difference(pool, found[0]) if awaited.access else None) or (
        shorter_queue(host, pool, found[0]) if awaited.queue else None
    )


def _left_over(now: Running, awaited: Awaited) -> Optional[str]:
    """What of the FPM before is still there."""
    if now.master == awaited.ended_master:
        return "the old master still runs"
    if set(awaited.ended_workers) & set(now.workers):
        return "workers from before still run"
    # Workers that are new prove it too: until its exec a drained master has none.
    if awaited.old_image and awaited.old_image == now.image and not now.workers:
        return "the master has not read its files again"
    return None
