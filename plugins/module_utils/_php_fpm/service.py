# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, reload and restart PHP-FPM, and see whether it took: the master runs, no old worker is left, every pool listens as its settings say.

A reload is an exec of the master: with a config that FPM refuses it ends FPM. So php-fpm -t comes first, always.

Private to this collection: it may change in any release.
"""

import os
import signal
import time
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import listener_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import Tail
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmConfig, Pool, parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config_check import (
    Verdict,
    ask_fpm,
    serious_lines,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.drain import drained
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import error_log
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.instance import Fpm, Running, running
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.live_sockets import (
    BACKLOG,
    ON_THE_SOCKET,
    difference,
    set_on_sockets,
    shorter_queue,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners

PAUSE = 0.05
AT_BIND = ("listen.acl_users", "listen.acl_groups")
COMMANDS: Dict[str, Dict[str, List[str]]] = {
    "systemd": {"start": ["systemctl", "start", "{unit}"], "restart": ["systemctl", "restart", "{unit}"]},
    "sysvinit": {"start": ["service", "{unit}", "start"], "restart": ["service", "{unit}", "restart"]},
    "openrc": {"start": ["rc-service", "{unit}", "start"], "restart": ["rc-service", "{unit}", "restart"]},
    "launchd": {
        "start": ["launchctl", "kickstart", "system/{unit}"],
        "restart": ["launchctl", "kickstart", "-k", "system/{unit}"],
    },
}


class Outcome(NamedTuple):
    """how: none | started | reloaded | restarted | adjusted. error is None where it was seen to have taken; lines are FPM's own words."""

    how: str
    error: Optional[str]
    lines: List[str]
    verdict: Optional[Verdict] = None


def is_current(host: Host, fpm: Fpm, now: Running, settings: Sequence[str] = ()) -> bool:
    """Whether the settings are in force in the running FPM: its sockets show some, for others no file may be younger than its oldest worker."""
    config = parse(host, fpm.config, fpm.prefix)
    if now.master is None:
        return False
    if settings and all(name in ON_THE_SOCKET for name in settings):
        return _problem(host, config, now, "adjusted") is None
    return all(os.stat(host.path(path)).st_mtime <= now.started for path in config.files)


def command(fpm: Fpm, action: str) -> Optional[List[str]]:
    """What the service manager is told; None where there is no way."""
    words = COMMANDS.get(fpm.manager or "", {}).get(action)
    if not words or not fpm.unit:
        return None
    unit = fpm.unit if fpm.manager == "systemd" else fpm.unit.replace(".service", "")
    return [word.format(unit=unit) for word in words]


def start(host: Host, fpm: Fpm, timeout: float) -> Outcome:
    return _act(host, fpm, "started", timeout, lambda config: _order(host, fpm, "start", timeout))


def restart(host: Host, fpm: Fpm, timeout: float, drain: float) -> Outcome:
    """Requests that are being worked on end first; those that come while no socket is bound are lost."""
    before = running(host, fpm)

    def order(config: FpmConfig) -> Optional[str]:
        return drained(
            host,
            before.master or 0,
            _paths(config),
            drain if before.master else 0,
            lambda: _order(host, fpm, "restart", timeout),
        )

    return _act(host, fpm, "restarted", timeout, order, _Before(restarted=before.master))


def reload(host: Host, fpm: Fpm, timeout: float, drain: float) -> Outcome:
    """The signal is what the unit's reload sends; sent from here it reaches the master while it stands still."""
    before = running(host, fpm)
    if before.master is None:
        return Outcome("reloaded", "PHP-FPM is not running, so it cannot be reloaded", [])
    master = before.master

    def order(config: FpmConfig) -> Optional[str]:
        return drained(host, master, _paths(config), drain, lambda: _ask_to_reload(master))

    return _act(
        host, fpm, "reloaded", timeout, order, _Before(reloaded=master, workers=before.workers, image=before.image)
    )


def _ask_to_reload(master: int) -> Optional[str]:
    try:
        os.kill(master, signal.SIGUSR2)
    except OSError as error:
        return "master %d: %s" % (master, error.strerror)
    return None


def apply(host: Host, fpm: Fpm, settings: Sequence[str], timeout: float, drain: float) -> Outcome:
    """Bring changed settings into force with the least harm: on the sockets themselves, by a reload, or where nothing else helps by a restart."""
    if any(name in AT_BIND for name in settings):
        return restart(host, fpm, timeout, drain)
    on_socket = [name for name in settings if name in ON_THE_SOCKET]
    if on_socket:
        outcome = _act(host, fpm, "adjusted", timeout, lambda config: set_on_sockets(host, fpm, config, on_socket))
        if outcome.error and BACKLOG in settings and outcome.verdict is None:
            return restart(host, fpm, timeout, drain)
        if outcome.error or len(on_socket) == len(settings):
            return outcome
    return reload(host, fpm, timeout, drain)


class _Before(NamedTuple):
    """What ran before: a master that must stay, one that must go, workers and a program in memory that must go."""

    reloaded: Optional[int] = None
    restarted: Optional[int] = None
    workers: Sequence[int] = ()
    image: bytes = b""


NOTHING = _Before()


def _act(
    host: Host,
    fpm: Fpm,
    how: str,
    timeout: float,
    order: Callable[[FpmConfig], Optional[str]],
    before: _Before = NOTHING,
) -> Outcome:
    """Test, give the order, wait until it took."""
    config = parse(host, fpm.config, fpm.prefix)
    verdict = ask_fpm(host, fpm.binary, config)
    if verdict.sound is not True:
        return Outcome(how, verdict.error, [], verdict)
    path = error_log(config, fpm.binary)
    log = Tail(host, path) if path else None
    error = order(config)
    deadline = time.monotonic() + timeout
    while error is None:
        now = running(host, fpm)
        problem = _problem(host, config, now, how) or _left(now, before)
        if problem is None:
            return Outcome(how, None, _complaints(log))
        # Between exec and its new title a master is not known as one: whether it lives, its process tells.
        if time.monotonic() > deadline or (before.reloaded and not host.exists("/proc/%d" % before.reloaded)):
            error = problem
        time.sleep(PAUSE)
    return Outcome(how, error, _complaints(log) or _journal(host, fpm))


def _order(host: Host, fpm: Fpm, action: str, timeout: float) -> Optional[str]:
    argv = command(fpm, action)
    if argv is None:
        return "no unit is known that could %s PHP-FPM (%s)" % (action, fpm.config)
    if fpm.manager == "systemd":
        # A unit that failed too often in a row is not started again before its count is taken back.
        host.run(["systemctl", "reset-failed", argv[-1]], timeout)
    ran = host.run(argv, timeout)
    if ran.code == 0:
        return None
    return ran.error or "%s ended with %s: %s" % (" ".join(argv), ran.code, (ran.err or ran.out).strip()[-1000:])


def _left(now: Running, before: _Before) -> Optional[str]:
    if before.restarted is not None and now.master == before.restarted:
        return "the old master still runs"
    if set(before.workers) & set(now.workers):
        return "workers from before still run"
    # Workers that are new prove it too: until its exec a drained master has none.
    same = bool(before.image) and now.image == before.image and not now.workers
    return "the master has not read its files again" if same else None


def _problem(host: Host, config: FpmConfig, now: Running, how: str) -> Optional[str]:
    """Why FPM is not (yet) as its files say; None where all is well."""
    if now.master is None:
        return "no master process of %s runs" % config.path
    idle = [pool.name for pool in config.pools.values() if pool.get("pm") != "ondemand" and pool.name not in now.pools]
    if idle:
        return "pool %s has no worker" % idle[0]
    listeners = listener_facts(host, Processes(host))
    if listeners is None:
        return None
    for pool in config.pools.values():
        problem = _pool_problem(host, config, pool, listeners, how)
        if problem:
            return "pool %s: %s" % (pool.name, problem)
    return None


def _pool_problem(host: Host, config: FpmConfig, pool: Pool, listeners: "Listeners", how: str) -> Optional[str]:
    address = config.address(pool) or ""
    if address.startswith("tcp:"):
        port = address.rpartition(":")[2]
        return None if any(str(one["port"]) == port for one in listeners["tcp"]) else "nothing listens on %s" % address
    found = [one for one in listeners["unix"] if one["path"] == address[len("unix:") :] and one["file"]["same"]]
    if not found:
        return "nothing listens on %s" % address
    if how == "reloaded":
        return None
    return difference(pool, found[0]) or (shorter_queue(host, pool, found[0]) if how == "adjusted" else None)


def _paths(config: FpmConfig) -> List[str]:
    addresses = [config.address(pool) or "" for pool in config.pools.values()]
    return [address[len("unix:") :] for address in addresses if address.startswith("unix:")]


def _complaints(log: Optional[Tail]) -> List[str]:
    """The errors and alerts that FPM has written to its log meanwhile."""
    return serious_lines(log.added().decode("utf-8", "replace")) if log else []


def _journal(host: Host, fpm: Fpm) -> List[str]:
    """FPM's words where it had no log open, as systemd heard them."""
    if fpm.manager != "systemd" or not fpm.unit:
        return []
    ran = host.run(["journalctl", "--no-pager", "--quiet", "-o", "cat", "-n", "20", "-u", fpm.unit])
    return serious_lines(ran.out)[-5:]
