# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, reload, restart or adjust PHP-FPM, and see whether it took.

Each is the same way: check the files, give the order, wait for what is awaited of it (awaited.py). A reload is an exec of the master: with files that
FPM refuses it ends FPM, so php-fpm -t always comes first.

Private to this collection: it may change in any release.
"""

import os
import signal
import time
from typing import Callable, List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import last_words
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import Tail
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm import awaited
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.awaited import Awaited
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmConfig, parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config_check import (
    Verdict,
    ask_fpm,
    serious_lines,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.drain import drained, stands_still
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import error_log
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.live_sockets import (
    BACKLOG,
    ON_THE_SOCKET,
    set_on_sockets,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.running import Fpm, Running, running

PAUSE = 0.05
WORDS = 5
AT_BIND = ("listen.acl_users", "listen.acl_groups")
#: What FPM takes for a reload.
RELOAD_SIGNAL = signal.SIGUSR2

#: Gives the order to the FPM of these files. Returns why it could not be given, or None.
Order = Callable[[FpmConfig], Optional[str]]


class Outcome(NamedTuple):
    """How an action ended. how: none | started | reloaded | restarted | adjusted. error is None where it was seen to have taken; lines are FPM's own words;
    verdict: FPM's on its files, where it refuses them."""

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
        return awaited.missing(host, config, now, awaited.ADJUST) is None
    return all(os.stat(host.path(path)).st_mtime <= now.started for path in config.files)


def command(fpm: Fpm, action: str) -> Optional[List[str]]:
    """The command by which the service manager does something to FPM; None where there is none."""
    if not fpm.unit:
        return None
    return service_manager.command(fpm.manager or service_manager.NONE, action, fpm.unit, RELOAD_SIGNAL.name)


def start(host: Host, fpm: Fpm, timeout: float) -> Outcome:
    """Have the service manager start it."""
    return _act(
        host, fpm, awaited.START, timeout, lambda config: _by_manager(host, fpm, service_manager.START, timeout)
    )


def restart(host: Host, fpm: Fpm, timeout: float, drain: float) -> Outcome:
    """Have the service manager restart it. Requests that are being worked on end first; those that come while no socket is bound are lost."""
    before = running(host, fpm)

    def by_manager() -> Optional[str]:
        return _by_manager(host, fpm, service_manager.RESTART, timeout)

    def order(config: FpmConfig) -> Optional[str]:
        return drained(host, before.master or 0, _paths(config), drain if before.master else 0, by_manager)

    return _act(host, fpm, awaited.restart_of(before), timeout, order)


def reload(host: Host, fpm: Fpm, timeout: float, drain: float) -> Outcome:
    """Have it read its files again, by the signal that the unit's reload sends; sent from here, it reaches the master while it stands still."""
    before = running(host, fpm)
    if before.master is None:
        return Outcome(awaited.RELOADED, "PHP-FPM is not running, so it cannot be reloaded", [])
    master = before.master
    halted = stands_still(host, master)
    if halted:
        return Outcome(awaited.RELOADED, "PHP-FPM's " + halted, [])

    def order(config: FpmConfig) -> Optional[str]:
        return drained(host, master, _paths(config), drain, lambda: _by_signal(master))

    return _act(host, fpm, awaited.reload_of(before), timeout, order)


def adjust(host: Host, fpm: Fpm, settings: Sequence[str], timeout: float) -> Outcome:
    """Set on the live sockets what FPM itself sets only when it binds them: nothing of FPM is stopped."""
    return _act(host, fpm, awaited.ADJUST, timeout, lambda config: set_on_sockets(host, fpm, config, settings))


def apply(host: Host, fpm: Fpm, settings: Sequence[str], timeout: float, drain: float) -> Outcome:
    """Bring changed settings into force with the least harm: on the sockets themselves, by a reload, or where nothing else helps by a restart."""
    if any(name in AT_BIND for name in settings):
        return restart(host, fpm, timeout, drain)
    on_socket = [name for name in settings if name in ON_THE_SOCKET]
    if on_socket:
        outcome = adjust(host, fpm, on_socket, timeout)
        if outcome.error and BACKLOG in settings and outcome.verdict is None:
            return restart(host, fpm, timeout, drain)
        if outcome.error or len(on_socket) == len(settings):
            return outcome
    return reload(host, fpm, timeout, drain)


def _act(host: Host, fpm: Fpm, wanted: Awaited, timeout: float, order: Order) -> Outcome:
    """Check the files, give the order, wait until it took."""
    config = parse(host, fpm.config, fpm.prefix)
    verdict = ask_fpm(host, fpm.binary, config)
    if verdict.sound is not True:
        return Outcome(wanted.how, verdict.error, [], verdict)
    path = error_log(config, fpm.binary)
    log = Tail(host, path) if path else None
    error = order(config) or _wait(host, fpm, config, wanted, timeout)
    lines = serious_lines(log.added().decode("utf-8", "replace")) if log else []
    return Outcome(wanted.how, error, lines or _last_words(host, fpm) if error else lines)


def _wait(host: Host, fpm: Fpm, config: FpmConfig, wanted: Awaited, timeout: float) -> Optional[str]:
    """Wait for what is awaited. Returns what is missing when the time is over or it cannot come any more; None where nothing is."""
    deadline = time.monotonic() + timeout
    while True:
        problem = awaited.missing(host, config, running(host, fpm), wanted)
        if problem is None or time.monotonic() > deadline or awaited.is_lost(host, wanted):
            return problem
        time.sleep(PAUSE)


def _by_manager(host: Host, fpm: Fpm, action: str, timeout: float) -> Optional[str]:
    argv = command(fpm, action)
    if argv is None:
        return "no unit is known that could %s PHP-FPM (%s)" % (action, fpm.config)
    forget = command(fpm, service_manager.RESET_FAILED)
    if forget:
        host.run(forget, timeout)
    ran = host.run(argv, timeout)
    if ran.code == 0:
        return None
    return ran.error or "%s ended with %s: %s" % (" ".join(argv), ran.code, (ran.err or ran.out).strip()[-1000:])


def _by_signal(master: int) -> Optional[str]:
    try:
        os.kill(master, RELOAD_SIGNAL)
    except OSError as error:
        return "master %d: %s" % (master, error.strerror)
    return None


def _paths(config: FpmConfig) -> List[str]:
    """The paths of the pools' unix sockets."""
    addresses = [config.address(pool) for pool in config.pools.values()]
    return [address.path for address in addresses if address and address.is_unix]


def _last_words(host: Host, fpm: Fpm) -> List[str]:
    """FPM's own words where it had no log open yet."""
    if fpm.manager != service_manager.SYSTEMD or not fpm.unit:
        return []
    return serious_lines("\n".join(last_words(host, [fpm.unit])))[-WORDS:]
