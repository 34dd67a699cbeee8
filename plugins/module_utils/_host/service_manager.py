# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service managers: which one is in charge of a host, the commands that each one takes, and what their answers mean.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import Callable, Dict, List, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

SYSTEMD, SYSVINIT, OPENRC, LAUNCHD, NONE = MANAGERS = ("systemd", "sysvinit", "openrc", "launchd", "none")
#: Those that start services by the scripts of /etc/init.d, and write nothing down of it.
SCRIPTED = (SYSVINIT, OPENRC)
#: What a manager can be asked to do to a unit.
START, STOP, RESTART, RELOAD, STATUS = ACTIONS = ("start", "stop", "restart", "reload", "status")
#: systemd alone counts failures, and does not start a unit again that has failed too often in a row.
RESET_FAILED = "reset-failed"
DAEMON_RELOAD = ["systemctl", "daemon-reload"]

_UNIT = "UNIT"
_COMMANDS: Dict[str, Dict[str, Tuple[str, ...]]] = {
    SYSTEMD: {
        START: ("systemctl", "start", _UNIT),
        STOP: ("systemctl", "stop", _UNIT),
        RESTART: ("systemctl", "restart", _UNIT),
        RELOAD: ("systemctl", "reload", _UNIT),
        STATUS: ("systemctl", "is-active", "--quiet", _UNIT),
        RESET_FAILED: ("systemctl", "reset-failed", _UNIT),
    },
    SYSVINIT: {action: ("service", _UNIT, action) for action in ACTIONS},
    OPENRC: {action: ("rc-service", _UNIT, action) for action in ACTIONS},
    LAUNCHD: {
        START: ("launchctl", "kickstart", _UNIT),
        STOP: ("launchctl", "kill", "SIGTERM", _UNIT),
        RESTART: ("launchctl", "kickstart", "-k", _UNIT),
        STATUS: ("launchctl", "print", _UNIT),
    },
}
#: What the exit code of a status command means. LSB: 1 and 2 are dead with a pid or lock file left, 3 is stopped. OpenRC: 32 is crashed.
_STATES = {
    SYSVINIT: {0: "active", 1: "failed", 2: "failed", 3: "inactive"},
    OPENRC: {0: "active", 3: "inactive", 32: "failed"},
}
_LAUNCHD_RUNS = "state = running"
#: Services that belong to Homebrew, in the domain of its owner: it makes the files that launchd reads, and wants to be asked by that user.
_BREW = re.compile(r"(gui|user)/(\d+)/(?:homebrew\.mxcl|sh\.brew)\.(.+)$")
_BREW_PATH = "PATH=/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

#: Runs a command and returns its exit code (None where it could not be run) and what it printed.
Runner = Callable[[Sequence[str]], Tuple[Optional[int], str]]


def in_charge(host: Host) -> str:
    """The name of the manager that starts services on this host; systemd only where it runs, not where it is merely installed."""
    if host.is_dir("/run/systemd/system"):
        return SYSTEMD
    if host.exists("/run/openrc/softlevel"):
        return OPENRC
    if host.is_darwin:
        return LAUNCHD
    return SYSVINIT if host.listdir("/etc/init.d") and host.which("service") else NONE


def name_of(manager: str, unit: str) -> str:
    """A unit's name as its manager wants it in a command: only systemd's names end with .service."""
    if manager == SYSTEMD:
        return unit
    name = unit[: -len(".service")] if unit.endswith(".service") else unit
    return "system/" + name if manager == LAUNCHD and "/" not in name else name


def command(manager: str, action: str, unit: str, signal: str = "SIGHUP") -> Optional[List[str]]:
    """The command that does something to a unit; None where this manager has none. signal: what the daemon takes for a reload, for launchd alone."""
    words = _COMMANDS.get(manager, {}).get(action)
    if manager == LAUNCHD:
        brew = _BREW.match(unit)
        if brew and action in (START, STOP, RESTART):
            return _brew_services(action, *brew.groups())
        if action == RELOAD:
            # A job of launchd has none: a daemon is sent the signal that it takes for one.
            words = ("launchctl", "kill", signal, _UNIT)
    return [name_of(manager, unit) if word == _UNIT else word for word in words] if words else None


def _brew_services(action: str, domain: str, uid: str, formula: str) -> List[str]:
    """Homebrew's command, as its owner. It takes whom sudo has called for one without a desktop, and would look into the other domain."""
    desktop = ["-u", "SUDO_USER"] if domain == "gui" else []
    return ["sudo", "-H", "-u", "#" + uid, "env", *desktop, _BREW_PATH, "brew", "services", action, formula]


def is_active(manager: str, unit: str, run: Runner) -> Optional[bool]:
    """Whether a unit runs; None where there is no manager that could be asked."""
    argv = command(manager, STATUS, unit)
    if argv is None:
        return None
    code, output = run(argv)
    return code == 0 and (manager != LAUNCHD or _LAUNCHD_RUNS in output)


def state_of(host: Host, manager: str, unit: str) -> str:
    """What sysvinit or OpenRC says of a unit: active | inactive | failed | unknown."""
    argv = command(manager, STATUS, unit)
    code = host.run(argv).code if argv else None
    return _STATES[manager].get(-1 if code is None else code, "unknown")


def unit_in(argv: Sequence[str]) -> Optional[str]:
    """The unit that a command of systemctl, service or rc-service names; None for any other command."""
    tool = os.path.basename(argv[0])
    if tool == "systemctl" and len(argv) > 2:
        return argv[-1]
    return argv[1] if tool in ("service", "rc-service") and len(argv) > 2 else None
