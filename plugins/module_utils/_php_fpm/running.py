# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One PHP-FPM: how it is managed, and its processes at one moment.

Private to this collection: it may change in any release.
"""

from typing import List, NamedTuple, Optional, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.instances import config_of, masters

WORKER = "php-fpm: pool "


class Fpm(NamedTuple):
    """One PHP-FPM and how it is managed. unit and manager are None where nothing but signals reaches it."""

    binary: str
    config: str
    prefix: str
    unit: Optional[str]
    manager: Optional[str]


class Running(NamedTuple):
    """Its processes at one moment. started: when the oldest worker (or the master, where it has none) began; pools: those that have a worker; image: what
    an exec of the master changes."""

    master: Optional[int]
    workers: List[int]
    started: float
    pools: Set[str]
    image: bytes


def running(host: Host, fpm: Fpm) -> Running:
    """What runs of it now."""
    processes = Processes(host)
    for master in masters(processes):
        if config_of(master) == fpm.config:
            workers = processes.children_of(master.pid)
            began = min([worker.started for worker in workers] or [master.started])
            pools = {worker.title[len(WORKER) :] for worker in workers if worker.title.startswith(WORKER)}
            return Running(master.pid, [worker.pid for worker in workers], began, pools, image(host, master.pid))
    return Running(None, [], 0.0, set(), b"")


def image(host: Host, pid: int) -> bytes:
    """Addresses of a program in memory: the kernel chooses new ones at each exec."""
    try:
        return host.read_bytes("/proc/%d/auxv" % pid)
    except OSError:
        return b""
