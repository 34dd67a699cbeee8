# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which PHP-FPMs there are on a host: what runs, and what is installed and does not run; each with the unit that starts it.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, List, Mapping, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import (
    Process,
    Processes,
    foreign_program,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.by_units import SCRIPTS, of_units, option
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.layouts import (
    Installed,
    installed,
    prefix_of,
    version_of,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

_MASTER = re.compile(r"php-fpm: master process \((?P<config>.*)\)")
_FPM_UNIT = re.compile(r"php.*fpm|fpm.*php")

Units = Optional[Mapping[str, "Unit"]]


class Instance(NamedTuple):
    """One PHP-FPM: what is run with which main file, by which unit; master is None where it is not running."""

    binary: str
    version: Optional[str]
    config: str
    unit: Optional[str]
    prefix: str
    master: Optional[Process]


def instances(host: Host, processes: Processes, units: Units) -> List[Instance]:
    """What runs first, then what is installed and does not run."""
    places = _places(host, units)
    running = [_running(host, process, places, units) for process in masters(processes)]
    taken = {instance.config for instance in running}
    stopped = [_stopped(host, place, units) for place in places if place.config not in taken]
    return running + [one._replace(master=_untitled(processes, one, units)) for one in stopped]


def _untitled(processes: Processes, instance: Instance, units: Units) -> Optional[Process]:
    """The master that a unit runs and that has no title: on a Mac where PHP-FPM is from before 8.1; elsewhere while it executes itself anew, for a reload."""
    unit = (units or {}).get(instance.unit or "")
    process = processes.by_pid.get(unit["main_pid"] or 0) if unit else None
    if not unit or not process or processes.host.is_darwin:
        return process
    is_itself = process.uid == 0 and process.exe == processes.host.realpath(instance.binary)
    return process if is_itself and unit.get("active") in ("active", "reloading") else None


def _places(host: Host, units: Units) -> List[Installed]:
    """All that are installed where some layout puts them, or are started by some unit; each main file once."""
    places = {place.config: place for place in installed(host)}
    for started in of_units(host, units):
        known = places.get(started.config)
        if known is None and host.exists(started.binary):
            why = foreign_program(host, started.binary)
            if why:
                host.unseen("php_fpm %s" % started.config, why)
            else:
                places[started.config] = started
        elif known and known.unit is None:
            places[started.config] = known._replace(unit=started.unit)
    return list(places.values())


def masters(processes: Processes) -> List[Process]:
    """The master processes. Anybody can give a process of theirs that title, so only root's and our own count."""
    return processes.daemons(_MASTER.pattern, "fpm")


def config_of(master: Process) -> str:
    """The main file that a master says it has read."""
    found = _MASTER.match(master.title)
    return os.path.normpath(os.path.join(master.cwd or "/", found.group("config") if found else ""))


def _running(host: Host, master: Process, places: List[Installed], units: Units) -> Instance:
    config = config_of(master)
    same = [place for place in places if place.config == config]
    binary = master.exe or ""
    if not binary or foreign_program(host, binary):
        # It was replaced on the disk; what is to be run is what root would start now.
        binary = same[0].binary if same else ""
    place = Installed(binary, version_of(host, binary), config, same[0].units if same else ())
    unit = _unit_of_master(master, units) or (same[0].unit if same else None) or _unit_by_name(host, place, units)
    return Instance(binary, place.version, config, unit, _prefix(binary, unit, units), master)


def _stopped(host: Host, place: Installed, units: Units) -> Instance:
    unit = place.unit or _unit_by_exec(host, place, units) or _unit_by_name(host, place, units)
    return Instance(
        place.binary,
        place.version or version_of(host, place.binary),
        place.config,
        unit,
        _prefix(place.binary, unit, units),
        None,
    )


def _unit_of_master(master: Process, units: Units) -> Optional[str]:
    """The unit that started this master. A login session or a supervisor's unit is not FPM's own."""
    for name, unit in sorted((units or {}).items()):
        if unit.get("main_pid") == master.pid:
            return name
    unit_name = master.unit or ""
    return unit_name if unit_name.endswith(".service") and _FPM_UNIT.search(unit_name) else None


def _unit_by_exec(host: Host, place: Installed, units: Units) -> Optional[str]:
    for name, unit in sorted((units or {}).items()):
        argv = unit.get("exec") or []
        if (
            argv
            and place.binary in (os.path.normpath(argv[0]), host.realpath(argv[0]))
            and option(argv, "-y", "--fpm-config") in (None, place.config)
        ):
            return name
    return None


def _unit_by_name(host: Host, place: Installed, units: Units) -> Optional[str]:
    """A masked unit shows no command: its name must do. Without systemd, scripts have the same names."""
    for name in place.units:
        if units and "%s.service" % name in units:
            return "%s.service" % name
    for name in place.units:
        if not units and any(host.exists(folder + name) for folder in SCRIPTS):
            return name
    return None


def _prefix(binary: str, unit: Optional[str], units: Units) -> str:
    known = (units or {}).get(unit or "")
    argv = known.get("exec") or [] if known else []
    return option(argv, "-p", "--prefix") or prefix_of(binary)
