# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every PHP-FPM of a host, running or not: its pools with the values in force, its workers with their memory, its unit.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Collection, Dict, List, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.group_limits import group_limits
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.mount_points import unmounted_at
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.root_only import RootOnly
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.saved_since import saved_since
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_config_check import is_wanted
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.by_units import of_units
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import (
    SHOWN,
    FpmConfig,
    Pool,
    listen_address,
    parse,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config_check import ask_fpm
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.instances import Instance, Units, instances
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.layouts import (
    Installed,
    left_over,
    prefix_of,
    state_dir_of,
    version_of,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.missing_folders import missing_folders
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.reloaders import reloaders

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import Awaited
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.group_limits import GroupLimits
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FilePlace, FpmSetting
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config_check import FpmCheck
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.missing_folders import FpmMissingFolder

    class FpmMaster(TypedDict):
        """The running master process."""

        pid: int
        started: float

    class FpmWorker(TypedDict):
        """One worker process of a pool; pss and rss in bytes."""

        pid: int
        user: Optional[str]
        pss: Optional[int]
        rss: Optional[int]
        started: float
        state: str
        waits_in: Optional[str]

    class FpmPool(TypedDict):
        """One pool as its files say it, and its workers as they are."""

        address: Optional[str]
        overridden: List[FpmSetting]  # of its listen: what a later file or line overrides
        folder: Optional[bool]
        folder_others: Optional[str]
        folder_unmounted: Optional[str]
        settings: Dict[str, FpmSetting]
        file: str
        workers: List[FpmWorker]
        awaited: List[Awaited]  # whom its workers most likely wait for, where half of them wait

    class FpmSetAside(TypedDict):
        """A pool in a file that no FPM reads."""

        file: str
        pool: Optional[str]
        address: str

    class FpmGone(TypedDict):
        """One of the facts `php_fpm_gone`: a PHP-FPM that was removed and left its configuration."""

        version: Optional[str]
        config: str
        binary: Optional[str]  # where a unit names it
        pools: List[FpmSetAside]

    # One of the facts `php_fpm`: a PHP-FPM, running or not. `global` is a word of Python's, so that it cannot stand in a class.
    FpmFacts = TypedDict(
        "FpmFacts",
        {
            "binary": str,
            "version": Optional[str],
            "config": str,
            "pool_dir": Optional[str],
            "unit": Optional[str],
            "master": Optional[FpmMaster],
            "limits": Optional[GroupLimits],
            "test": Optional[FpmCheck],
            "error_log": Optional[str],
            "ini": Optional[Dict[str, int]],
            "missing_folders": List[FpmMissingFolder],
            "reloaders": List[FilePlace],
            "set_aside": List[FpmSetAside],
            "pending": List[str],
            "global": Dict[str, FpmSetting],
            "pools": Dict[str, FpmPool],
        },
    )


MEASURED_PER_POOL = 64
SET_ASIDE = 200
POOL_FOLDERS = ("pool.d", "php-fpm.d")
MOST_OF_A_POOL = 65536
NOT_A_LOG = ("", "syslog", "/dev/stderr", "/dev/stdout", "/proc/self/fd/1", "/proc/self/fd/2")

_LISTENS = re.compile(r"^[ \t]*(?:\[([^\]\n]+)\]|listen[ \t]*=[ \t]*[\"']?([^\s\"';]+))", re.MULTILINE)
_INI = re.compile(r"^(max_execution_time) => (\d+) => ", re.MULTILINE)


def php_fpm_facts(host: Host, processes: Processes, units: Units) -> "List[FpmFacts]":
    """The facts `php_fpm`: what runs first, then what is installed and does not run."""
    accounts = Accounts(host)
    return [_facts(host, processes, units, accounts, instance) for instance in instances(host, processes, units)]


def _facts(host: Host, processes: Processes, units: Units, accounts: Accounts, instance: Instance) -> "FpmFacts":
    config = parse(host, instance.config, instance.prefix)
    if host.read(instance.config, 1) is None:
        host.unseen("php_fpm %s" % instance.config, "the file cannot be read")
    include = config.dropin_include()
    master = instance.master
    return {
        "binary": instance.binary,
        "version": instance.version,
        "config": instance.config,
        "pool_dir": os.path.dirname(include.pattern) if include else None,
        "unit": instance.unit,
        "master": {"pid": master.pid, "started": master.started} if master else None,
        "limits": group_limits(host, master) if master else None,
        "test": _test(host, units, instance, config),
        "pending": _pending(host, config) if master else [],
        "error_log": error_log(config, instance.binary),
        "ini": _ini(host, instance, config),
        "global": {name: value.as_fact() for name, value in config.globals.items() if SHOWN.match(name)},
        "missing_folders": missing_folders(host, config),
        "reloaders": reloaders(host, instance.version) if master else [],
        "set_aside": set_aside(host, config.files, os.path.dirname(include.pattern), config.prefix) if include else [],
        "pools": {
            pool.name: _pool(host, config, pool, _workers(host, processes, accounts, master, pool.name))
            for pool in config.pools.values()
        },
    }


def gone(host: Host, units: Units, here: "Sequence[FpmFacts]") -> "List[FpmGone]":
    """The facts `php_fpm_gone`: configurations whose program is not there any more, with their pools. here: those that are installed."""
    taken = {fpm["config"] for fpm in here}
    found: "List[FpmGone]" = []
    for place in [*of_units(host, units), *left_over(host, taken)]:
        here_still = place.config in taken or (place.binary and host.exists(place.binary))
        pools = [] if here_still else _pools_left(host, place)
        taken.add(place.config)
        if pools:
            version = place.version or (version_of(host, place.binary) if place.binary else None)
            found.append({"version": version, "config": place.config, "binary": place.binary or None, "pools": pools})
    return found


def _pools_left(host: Host, place: Installed) -> "List[FpmSetAside]":
    """The pools of a main file; where that is gone, those in the folder beside it."""
    prefix = prefix_of(place.binary) if place.binary else "/usr"
    if not host.exists(place.config):
        folders = [os.path.join(os.path.dirname(place.config), name) for name in POOL_FOLDERS]
        return [one for folder in folders for one in set_aside(host, (), folder, prefix)]
    config = parse(host, place.config, prefix)
    pools = [(pool, config.address(pool)) for pool in config.pools.values()]
    return [{"file": pool.file, "pool": pool.name, "address": str(address)} for pool, address in pools if address]


def set_aside(host: Host, read: Collection[str], folder: str, prefix: str) -> "List[FpmSetAside]":
    """Pools in files beside those that FPM reads (www.conf.disabled, shop.bak), which somebody has renamed to have no such pool."""
    found: "List[FpmSetAside]" = []
    for name in host.listdir(folder)[:SET_ASIDE]:
        path, pool = os.path.join(folder, name), None
        for section, listen in _LISTENS.findall("" if path in read else host.read(path, MOST_OF_A_POOL) or ""):
            pool = section or pool
            if listen:
                found.append({"file": path, "pool": pool, "address": str(listen_address(listen, "", prefix))})
    return found


def _pending(host: Host, config: FpmConfig) -> List[str]:
    """What was saved since FPM wrote its pid file, as it does at each start and reload; nothing where it writes none."""
    pid = config.globals.get("pid")
    try:
        since = os.stat(host.path(pid.value)).st_mtime if pid else None
    except OSError:
        since = None
    return [] if since is None else saved_since(host, config.files, [one.pattern for one in config.includes], since)


def _test(host: Host, units: Units, instance: Instance, config: FpmConfig) -> "Optional[FpmCheck]":
    """What FPM says of its files; None where its master runs, which has proven them, or where its unit is disabled or masked, so that nobody wants it."""
    unit = (units or {}).get(instance.unit or "")
    if instance.master or (unit and not is_wanted(unit)):
        return None
    if host.root == "/" and os.geteuid() != 0:
        host.unseen("php_fpm test of %s" % config.path, "php-fpm -t opens its logs, which takes root")
        return None
    return ask_fpm(host, instance.binary, config).as_fact()


def _ini(host: Host, instance: Instance, config: FpmConfig) -> Optional[Dict[str, int]]:
    """PHP's own limits. They cost a start of PHP, so only an FPM with a request_terminate_timeout is asked for them; None for any other."""
    clocks = [pool.get("request_terminate_timeout") or "0" for pool in config.pools.values()]
    if not instance.master or all(clock.strip("smhd0") == "" for clock in clocks):
        return None
    ran = host.run([instance.binary, "-i"])
    return {name: int(value) for name, value in _INI.findall(ran.out)} or None


def error_log(config: FpmConfig, binary: str) -> Optional[str]:
    """The file that FPM logs to, None where that is syslog or stderr."""
    path = config.globals["error_log"].value if "error_log" in config.globals else "log/php-fpm.log"
    if path in NOT_A_LOG:
        return None
    return path if path.startswith("/") else os.path.join(state_dir_of(binary), path)


def _pool(host: Host, config: FpmConfig, pool: Pool, workers: "List[FpmWorker]") -> "FpmPool":
    address = config.address(pool)
    folder = os.path.dirname(address.path) if address and address.is_unix else None
    folder_is_there = host.is_dir(folder) if folder else None
    return {
        "address": str(address) if address else None,
        "overridden": [one.as_fact() for one in pool.overridden],
        "folder": folder_is_there,
        "folder_others": RootOnly(host).why_not(folder) if folder and not folder_is_there else None,
        "folder_unmounted": unmounted_at(host, folder) if folder and not folder_is_there else None,
        "settings": {name: value.as_fact() for name, value in pool.settings.items() if SHOWN.match(name)},
        "file": pool.file,
        "workers": workers,
        "awaited": [],
    }


def _workers(
    host: Host, processes: Processes, accounts: Accounts, master: Optional[Process], pool: str
) -> "List[FpmWorker]":
    """The pool's workers. Where one has gone since the processes were listed, workers come and go quickly, and they are listed anew."""
    workers = _measured(host, processes, accounts, master, pool)
    if any(worker["rss"] is None for worker in workers):
        return _measured(host, Processes(host), accounts, master, pool)
    return workers


def _measured(
    host: Host, processes: Processes, accounts: Accounts, master: Optional[Process], pool: str
) -> "List[FpmWorker]":
    title = "php-fpm: pool %s" % pool
    found = [child for child in processes.children_of(master.pid) if child.title == title] if master else []
    measured = _spread(len(found), MEASURED_PER_POOL)
    return [_worker(accounts, child, index in measured) for index, child in enumerate(found)]


def _spread(count: int, limit: int) -> Tuple[int, ...]:
    """Which of count workers are measured: all, or limit of them evenly from oldest to youngest."""
    return tuple(range(count)) if count <= limit else tuple(index * count // limit for index in range(limit))


def _worker(accounts: Accounts, child: Process, measured: bool) -> "FpmWorker":
    return {
        "pid": child.pid,
        "user": accounts.user(child.uid),
        "pss": child.pss() if measured else None,
        "rss": child.rss(),
        "started": child.started,
        "state": child.state,
        "waits_in": child.waits_in(),
    }
