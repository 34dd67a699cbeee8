# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services of sysvinit, OpenRC and launchd as units: little is known of them, whether one runs and whether it starts at boot.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, Pattern

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import (
    launchd,
    service_config_check,
    service_manager,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.apache_listens import of_apache
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import plain_unit

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

_WANTED = {True: "enabled", False: "disabled", None: None}
#: The links by which an administrator has a script started at boot. Debian has both kinds on hosts with OpenRC, which follows its own alone.
_STARTED_AT_BOOT = {
    service_manager.SYSVINIT: "/etc/rc[2345S].d/S??%s",
    service_manager.OPENRC: "/etc/runlevels/*/%s",
}


def of_scripts(host: Host, manager: str, known: Pattern[str]) -> "Dict[str, Unit]":
    """The units of sysvinit and OpenRC, which know little: whether a service runs and whether it starts at boot."""
    units: "Dict[str, Unit]" = {}
    for name in host.listdir("/etc/init.d"):
        if known.match(name):
            at_boot = bool(host.glob(_STARTED_AT_BOOT[manager] % name))
            units[name] = _script(host, name, service_manager.state_of(host, manager, name), at_boot)
    return units


def _script(host: Host, name: str, active: str, at_boot: bool) -> "Unit":
    unit = plain_unit(active, "enabled" if at_boot else "disabled", "/etc/init.d/" + name)
    unit["test"] = service_config_check.config_check(host, name, unit)
    unit["declares"] = of_apache(host) if active != "active" and name in ("apache2", "httpd") else []
    return unit


def of_launchd(host: Host, known: Pattern[str]) -> "Dict[str, Unit]":
    """The units of launchd: its jobs, called as launchctl calls them."""
    units: "Dict[str, Unit]" = {}
    for job in launchd.jobs(host, known):
        active = "active" if job.pid else "failed" if job.exit_code else "inactive"
        unit = plain_unit(active, _WANTED[job.wanted], job.file)
        unit["sub"] = job.state or "not loaded"
        unit["exit_status"], unit["main_pid"], unit["exec"] = job.exit_code, job.pid, job.argv
        unit["can_reload"] = False
        units[job.target] = unit
    return units
