# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of systemd. One call of systemctl shows all of them.

Private to this collection: it may change in any release.
"""

import time
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Pattern, Sequence, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import (
    own_log,
    service_config_check,
    unit_addresses,
    unit_start,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.masked_unit import hidden_by_mask
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_choice import (
    is_of_interest,
    unit_files,
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
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_words import add_words

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

#: systemd shows every unit in a tenth of a second, and takes far longer on a host that is overloaded, as one that serves 502 may be.
SHOW_SECONDS = 30.0
PROPERTIES = (
    "Id,Names,LoadState,LoadError,ActiveState,SubState,UnitFileState,Result,ExecMainStatus,ExecMainCode,NRestarts,Type,RemainAfterExit,KillMode"
    ",StateChangeTimestampMonotonic,ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic,MainPID,PrivateTmp,ExecStart,ExecStartPre,CanReload"
    ",LimitNOFILE,MemoryMax,RuntimeMaxUSec,FragmentPath,DropInPaths,Listen,Triggers,WantedBy,RequiredBy,Environment,EnvironmentFiles,WorkingDirectory"
    ",RootDirectory,RootImage,User,Group,DynamicUser,RuntimeDirectory,StateDirectory,LogsDirectory,CacheDirectory,ReadWritePaths,ReadOnlyPaths,BindPaths"
    ",BindReadOnlyPaths,ProtectSystem,ProtectHome,InaccessiblePaths,TemporaryFileSystem,PrivateNetwork,Requires,Requisite,BindsTo,ConditionResult"
    ",ConditionTimestampMonotonic,ActiveEnterTimestampMonotonic,ActiveExitTimestampMonotonic,InactiveExitTimestampMonotonic"
)
#: siginfo's codes of a child that has ended.
_ENDED = {1: "exited", 2: "killed", 3: "dumped"}
#: Seconds in which the journals of units are searched in one look; a search may take unit_journal.SECONDS longer.
SEARCH_SECONDS = 10.0


def of_systemd(
    host: Host, listeners: Optional[Mapping[str, Any]], known: Pattern[str], addresses: Optional[Sequence[str]]
) -> "Optional[Dict[str, Unit]]":
    """The units of systemd, by name; None where it shows none. known: the names of those that are of interest whether or not they listen or failed."""
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
            add_words(host, properties, unit, listening, own)
        if is_of_interest(properties, unit, listening, known):
            units[properties["Id"]] = unit
    _without_guesses(units, guessed)
    return units


def _began(properties: Properties, origin: float) -> Optional[float]:
    """When the newest main process of a unit was started; None where none was."""
    began = seconds(properties.get("ExecMainStartTimestampMonotonic"))
    return origin + began if began else None


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
        "named_in": [],
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
    stem = properties["Id"][: -len(".service")]
    if unit["load"] == "masked":
        properties = hidden_by_mask(host, properties)
    if properties.get("Type") == "oneshot" or not (
        properties.get("ExecStart") or properties["Id"] in unit_addresses.APACHE
    ):
        return False
    unit["declares"], is_habit = unit_addresses.said_or_habit(host, properties, "" if around.listens else stem)
    unit["start_problems"] = unit_start.start_problems(host, properties, unit["declares"], around)
    unit["sandbox"] = sandbox(host, properties)
    if unit["active"] != "active":
        unit["test"] = service_config_check.config_check(host, stem, unit)
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
