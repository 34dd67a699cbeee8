# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units: services that serve the web, that listen or that failed. One call of systemctl shows all of them.

Private to this collection: it may change in any release.
"""

import re
import time
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Pattern, Sequence, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import (
    launchd,
    needed_services,
    own_log,
    service_config_check,
    service_manager,
    unit_addresses,
    unit_journal,
    unit_start,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.apache_listens import of_apache
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_choice import (
    is_of_interest,
    is_searched,
    unit_files,
    well_known,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import (
    Properties,
    argv_of,
    is_set,
    limit,
    number,
    parse_show,
    seconds,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_sandbox import sandbox

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.needed_services import Needed
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_config_check import ServiceCheck
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import StartProblem
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_sandbox import SandboxSetting

    class Unit(TypedDict):
        """One of the facts `units`: a service or a socket, as its service manager has it."""

        load: Optional[str]
        active: Optional[str]
        sub: Optional[str]
        enabled: Optional[str]
        result: Optional[str]
        exit_status: Optional[int]
        ended: Optional[str]  # exited | killed | dumped: how its main process ended last
        ready: Optional[
            bool
        ]  # whether its newest start came as far as systemd holds it for started; None: it was not started
        lasted: Optional[float]  # seconds that the main process ran which ended last
        stopped: bool  # of one that failed, or ended at once: whether it ended because systemd was asked to stop it
        restarts: Optional[int]  # by systemd itself, since it was started
        since: Optional[float]
        main_pid: int
        private_tmp: bool
        exec: List[str]
        can_reload: bool
        limit_nofile: Optional[int]
        memory_max: Optional[int]
        runtime_max: Optional[str]  # after which systemd ends it, as systemd writes times; None: never
        fragment: Optional[str]
        triggers: List[str]  # of a socket: the services that it starts
        wanted_by: List[str]  # units that start it with themselves, whether it is enabled or not
        declares: List[DeclaredAddress]
        listened: List[str]  # where it said in the journal that it listens, the newest first
        start_problems: List[StartProblem]
        last_words: List[str]
        needs: List[Needed]  # where last_words speak of a connection: what its environment says it connects to
        sandbox: List[SandboxSetting]
        test: Optional[ServiceCheck]


#: systemd shows every unit in a tenth of a second, and takes far longer on a host that is overloaded, as one that serves 502 may be.
SHOW_SECONDS = 30.0
PROPERTIES = (
    "Id,Names,LoadState,LoadError,ActiveState,SubState,UnitFileState,Result,ExecMainStatus,ExecMainCode,NRestarts,Type,RemainAfterExit,KillMode"
    ",StateChangeTimestampMonotonic,ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic,MainPID,PrivateTmp,ExecStart,ExecStartPre,CanReload"
    ",LimitNOFILE,MemoryMax,RuntimeMaxUSec,FragmentPath,DropInPaths,Listen,Triggers,WantedBy,RequiredBy,Environment,EnvironmentFiles,WorkingDirectory"
    ",RootDirectory,RootImage,User,Group,DynamicUser,RuntimeDirectory,StateDirectory,LogsDirectory,CacheDirectory,ReadWritePaths,ReadOnlyPaths,BindPaths"
    ",BindReadOnlyPaths,ProtectSystem,ProtectHome,InaccessiblePaths,TemporaryFileSystem,Requires,Requisite,BindsTo,ConditionResult"
    ",ConditionTimestampMonotonic,ActiveEnterTimestampMonotonic,ActiveExitTimestampMonotonic,InactiveExitTimestampMonotonic"
)
_WANTED = {True: "enabled", False: "disabled", None: None}
#: siginfo's codes of a child that has ended.
_ENDED = {1: "exited", 2: "killed", 3: "dumped"}
#: The links by which an administrator has a script started at boot. Debian has both kinds on hosts with OpenRC, which follows its own alone.
_STARTED_AT_BOOT = {
    service_manager.SYSVINIT: "/etc/rc[2345S].d/S??%s",
    service_manager.OPENRC: "/etc/runlevels/*/%s",
}
#: Words of a service that lacks what it connects to.
_CONNECTS = re.compile(r"refused|connect|resol|such host|getaddrinfo|\[2002\]|ENOTFOUND|EAI_AGAIN|reach", re.IGNORECASE)
#: Seconds within which a process has ended that has put something in the background.
AT_ONCE = 5.0
#: Seconds in which the journals of units are searched in one look; a search may take unit_journal.SECONDS longer.
SEARCH_SECONDS = 10.0


def unit_facts(
    host: Host,
    manager: str,
    listeners: Optional[Mapping[str, Any]] = None,
    services: Sequence[str] = (),
    addresses: Optional[Sequence[str]] = None,
) -> "Optional[Dict[str, Unit]]":
    """The facts `units`, by name; None where no service manager can be asked.

    services: more of those that are well known. addresses: of all interfaces of the host; None where they are not known.
    """
    known = well_known(services)
    if manager == service_manager.SYSTEMD:
        return _systemd(host, listeners, known, addresses)
    if manager in service_manager.SCRIPTED:
        return _scripts(host, manager, known)
    return _jobs(host, known) if manager == service_manager.LAUNCHD else None


def own_sockets(listeners: Optional[Mapping[str, Any]], units: "Optional[Dict[str, Unit]]") -> None:
    """Give listeners that systemd itself holds to the .socket unit that asked for them, and others to the unit whose main process has them."""
    sockets = {
        declared["address"]: name
        for name, unit in (units or {}).items()
        if name.endswith(".socket")
        for declared in unit["declares"]
    }
    for listener in (listeners or {}).get("tcp", []):
        if listener["pid"] == 1:
            address = tcp_address(listener["address"], listener["port"])
            listener["unit"] = sockets.get(address, listener["unit"])
    for listener in (listeners or {}).get("unix", []):
        if listener["pid"] == 1:
            listener["unit"] = sockets.get("unix:" + listener["path"], listener["unit"])
    owners = {unit["main_pid"]: name for name, unit in (units or {}).items() if unit["main_pid"]}
    for listener in [one for kind in ("tcp", "unix") for one in (listeners or {}).get(kind, [])]:
        listener["unit"] = listener["unit"] or owners.get(listener["pid"])


def _systemd(
    host: Host, listeners: Optional[Mapping[str, Any]], known: Pattern[str], addresses: Optional[Sequence[str]]
) -> "Optional[Dict[str, Unit]]":
    listening = {
        entry["unit"] for kind in ("tcp", "unix") for entry in (listeners or {}).get(kind, []) if entry["unit"]
    }
    names = sorted({name for name in listening if name.endswith((".service", ".socket"))} | unit_files(host, known))
    # The states filter only what the patterns match; units that are named are shown in any case.
    states = "--state=failed,listening,activating"
    ran = host.run(
        ["systemctl", "show", "--property=" + PROPERTIES, states, *names, "*.service", "*.socket"],
        timeout=SHOW_SECONDS,
    )
    if ran.code != 0 and not ran.out:
        host.unseen("units", ran.error or ran.err.strip())
        return None
    origin = time.time() - time.monotonic()
    accounts = Accounts(host)
    units: "Dict[str, Unit]" = {}
    guessed: Set[str] = set()
    ends = time.monotonic() + SEARCH_SECONDS
    shown = parse_show(ran.out)
    failed = [properties["Id"] for properties in shown if properties.get("ActiveState") == "failed"]
    for properties in shown:
        unit = _unit(properties, origin)
        if unit["load"] == "not-found":
            continue
        around = unit_start.Surroundings(addresses, accounts, properties["Id"] in listening, failed)
        if _add_start(host, properties, unit, around):
            guessed.add(properties["Id"])
        if time.monotonic() < ends:
            own = own_log.OwnLogs(host, accounts, listeners, _began(properties, origin))
            _add_words(host, properties, unit, listening, own)
        if is_of_interest(properties, unit, listening, known):
            units[properties["Id"]] = unit
    _without_guesses(units, guessed)
    return units


def _began(properties: Properties, origin: float) -> Optional[float]:
    """When the newest main process of a unit was started; None where none was."""
    began = seconds(properties.get("ExecMainStartTimestampMonotonic"))
    return origin + began if began else None


def _add_words(host: Host, properties: Properties, unit: "Unit", listening: Set[str], own: own_log.OwnLogs) -> None:
    """Add what the journal says of a service that may be the one that fails; what its own log says, where the journal has none or less."""
    if unit_addresses.is_supervisor(properties["Id"]):
        unit["last_words"] = own.of_supervised()
    elif is_searched(properties, unit, listening):
        _add_journal(host, properties["Id"], unit)
        if _may_have_words(unit):
            unit["last_words"] = own.instead_of(unit["last_words"], properties, unit["declares"])
        if _CONNECTS.search(" ".join(unit["last_words"])):
            unit["needs"] = needed_services.needed_services(host, properties)
    elif properties["Id"] in listening and unit["restarts"]:
        unit["last_words"] = unit_journal.why_it_ended(host, properties["Id"], own.since)


def _may_have_words(unit: "Unit") -> bool:
    return unit["active"] in ("failed", "activating") or (unit["active"] == "active" and bool(unit["declares"]))


def _add_journal(host: Host, name: str, unit: "Unit") -> None:
    """Add what the journal has to say: the last words of a service that fails or listens nowhere, and where one listened that does not say so itself."""
    if _may_have_words(unit):
        unit["last_words"] = unit_journal.why_it_ended(host, name)
    by_itself = unit["ended"] == "exited" and not unit["stopped"]
    if by_itself and unit["active"] == "failed":
        unit["stopped"] = unit_journal.was_stopped(host, name)
    elif by_itself and unit["active"] == "inactive" and (unit["lasted"] or 0.0) < AT_ONCE:
        unit["stopped"] = not unit_journal.was_started(host, name)
    if not unit["declares"]:
        unit["listened"] = unit_journal.said_to_listen(host, name)


def _unit(properties: Properties, origin: float) -> "Unit":
    """A unit by its properties alone."""
    changed = seconds(properties.get("StateChangeTimestampMonotonic"))
    began = seconds(properties.get("ExecMainStartTimestampMonotonic"))
    ended = seconds(properties.get("ExecMainExitTimestampMonotonic"))
    left = seconds(properties.get("ActiveExitTimestampMonotonic"))
    tried = seconds(properties.get("InactiveExitTimestampMonotonic"))
    return {
        "load": properties.get("LoadState"),
        "active": properties.get("ActiveState"),
        "sub": properties.get("SubState"),
        "enabled": properties.get("UnitFileState") or None,
        "result": properties.get("Result"),
        "exit_status": number(properties.get("ExecMainStatus")),
        "ended": _ENDED.get(number(properties.get("ExecMainCode")) or 0),
        "ready": (seconds(properties.get("ActiveEnterTimestampMonotonic")) or 0.0) >= tried if tried else None,
        "lasted": round(ended - began, 3) if began and ended and ended >= began else None,
        # Who is asked to stop leaves the active state first, and one that ends by itself last. The journal may be late.
        "stopped": bool(began and left and ended and began <= left < ended),
        "restarts": number(properties.get("NRestarts")),
        "since": round(origin + changed, 3) if changed else None,
        "main_pid": number(properties.get("MainPID")) or 0,
        "private_tmp": is_set(properties, "PrivateTmp"),
        "exec": argv_of(properties),
        "can_reload": properties.get("CanReload") == "yes",
        "limit_nofile": limit(properties.get("LimitNOFILE")),
        "memory_max": limit(properties.get("MemoryMax")),
        "runtime_max": {"infinity": None, "": None}.get(
            properties.get("RuntimeMaxUSec", ""), properties.get("RuntimeMaxUSec")
        ),
        "fragment": properties.get("FragmentPath") or None,
        "triggers": properties.get("Triggers", "").split(),
        "wanted_by": (properties.get("WantedBy", "") + " " + properties.get("RequiredBy", "")).split(),
        "declares": [],
        "listened": [],
        "start_problems": [],
        "last_words": [],
        "needs": [],
        "sandbox": [],
        "test": None,
    }


def _add_start(host: Host, properties: Properties, unit: "Unit", around: unit_start.Surroundings) -> bool:
    """Add where a unit listens by its own words, and what is known of its next start. Returns whether only its program's habit says where it listens."""
    if properties["Id"].endswith(".socket"):
        unit["declares"] = unit_addresses.of_socket(properties)
        return False
    if properties.get("Type") == "oneshot" or not (unit["exec"] or properties["Id"] in unit_addresses.APACHE):
        return False
    unit["declares"], is_habit = unit_addresses.said_or_habit(host, properties)
    unit["start_problems"] = unit_start.start_problems(host, properties, unit["declares"], around)
    unit["sandbox"] = sandbox(host, properties)
    if unit["active"] != "active":
        unit["test"] = service_config_check.config_check(host, properties["Id"][: -len(".service")], unit)
    return is_habit


def _without_guesses(units: "Dict[str, Unit]", guessed: Set[str]) -> None:
    """Take a port from units of which only their program's habit says that they have it, where another unit says so itself."""
    said = {
        one["address"].rpartition(":")[2] for name in units if name not in guessed for one in units[name]["declares"]
    }
    for name in guessed.intersection(units):
        units[name]["declares"] = [
            one for one in units[name]["declares"] if one["address"].rpartition(":")[2] not in said
        ]


def _scripts(host: Host, manager: str, known: Pattern[str]) -> "Dict[str, Unit]":
    """The units of sysvinit and OpenRC, which know little: whether a service runs and whether it starts at boot."""
    units: "Dict[str, Unit]" = {}
    for name in host.listdir("/etc/init.d"):
        if known.match(name):
            at_boot = bool(host.glob(_STARTED_AT_BOOT[manager] % name))
            units[name] = _script(host, name, service_manager.state_of(host, manager, name), at_boot)
    return units


def _script(host: Host, name: str, active: str, at_boot: bool) -> "Unit":
    unit = _plain(active, "enabled" if at_boot else "disabled", "/etc/init.d/" + name)
    unit["test"] = service_config_check.config_check(host, name, unit)
    unit["declares"] = of_apache(host) if active != "active" and name in ("apache2", "httpd") else []
    return unit


def _jobs(host: Host, known: Pattern[str]) -> "Dict[str, Unit]":
    """The units of launchd: its jobs, called as launchctl calls them."""
    units: "Dict[str, Unit]" = {}
    for job in launchd.jobs(host, known):
        active = "active" if job.pid else "failed" if job.exit_code else "inactive"
        unit = _plain(active, _WANTED[job.wanted], job.file)
        unit["sub"] = job.state or "not loaded"
        unit["exit_status"], unit["main_pid"], unit["exec"] = job.exit_code, job.pid, job.argv
        unit["can_reload"] = False
        units[job.target] = unit
    return units


def _plain(active: str, enabled: Optional[str], file: str) -> "Unit":
    """A unit of a service manager that knows little of it."""
    return {
        "load": "loaded",
        "active": active,
        "sub": None,
        "enabled": enabled,
        "result": None,
        "exit_status": None,
        "ended": None,
        "ready": None,
        "lasted": None,
        "stopped": False,
        "restarts": None,
        "since": None,
        "main_pid": 0,
        "private_tmp": False,
        "exec": [],
        "can_reload": True,
        "limit_nofile": None,
        "memory_max": None,
        "runtime_max": None,
        "fragment": file,
        "triggers": [],
        "wanted_by": [],
        "declares": [],
        "listened": [],
        "start_problems": [],
        "last_words": [],
        "needs": [],
        "sandbox": [],
        "test": None,
    }
