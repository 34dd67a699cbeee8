# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units: services that serve the web, that listen or that failed. One call of systemctl shows all of them.

Private to this collection: it may change in any release.
"""

import os
import re
import time
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Pattern, Sequence, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import (
    declared_addresses,
    service_config_check,
    service_manager,
    unit_addresses,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.service_config_check import ServiceCheck

    class Unit(TypedDict):
        """One of the facts `units`: a service or a socket, as its service manager has it."""

        load: Optional[str]
        active: Optional[str]
        sub: Optional[str]
        enabled: Optional[str]
        result: Optional[str]
        exit_status: Optional[int]
        since: Optional[float]
        main_pid: int
        private_tmp: bool
        exec: List[str]
        can_reload: bool
        limit_nofile: Optional[int]
        memory_max: Optional[int]
        fragment: Optional[str]
        declares: List[DeclaredAddress]
        test: Optional[ServiceCheck]


ADMINS_FOLDER = "/etc/systemd/system"
UNIT_FOLDERS = (
    ADMINS_FOLDER,
    "/run/systemd/system",
    "/run/systemd/generator.late",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
# Of each of these the state is worth knowing even where it neither runs nor failed.
WELL_KNOWN = (
    r"(nginx|openresty|angie|apache2?|httpd|lighttpd|caddy|haproxy|varnish|tomcat\d*|jetty\d*|gunicorn|uwsgi|uvicorn|puma|unicorn|passenger|pm2|node"
    r"|supervisord?|systemd-resolved|unbound|dnsmasq|nscd|named|bind9)([.@_-].*)?$"
    r"|.*php.*fpm.*$"
)
#: systemd shows every unit in a tenth of a second, and takes far longer on a host that is overloaded, as one that serves 502 may be.
SHOW_SECONDS = 30.0
PROPERTIES = (
    "Id,Names,LoadState,ActiveState,SubState,UnitFileState,Result,ExecMainStatus,StateChangeTimestampMonotonic,MainPID,PrivateTmp,ExecStart,CanReload,"
    "LimitNOFILE,MemoryMax,FragmentPath,Listen,Environment,EnvironmentFiles,WorkingDirectory"
)
UNLIMITED = 2**64 - 1
#: What they would listen on stands in files of their own: a mask, which hides their command, does not hide that.
APACHE = ("apache2.service", "httpd.service")
_ARGV = re.compile(r"argv\[\]=(.*?) ; (?:ignore_errors|flags|start_time)=")


def unit_facts(
    host: Host, manager: str, listeners: Optional[Mapping[str, Any]] = None, services: Sequence[str] = ()
) -> "Optional[Dict[str, Unit]]":
    """The facts `units`, by name; None where no service manager can be asked. services: more of those that are well known."""
    known = re.compile("|".join([WELL_KNOWN] + [name + "$" for name in services]))
    if manager == service_manager.SYSTEMD:
        return _systemd(host, listeners, known)
    if manager in (service_manager.SYSVINIT, service_manager.OPENRC):
        return _scripts(host, manager, known)
    return None if manager == service_manager.NONE else {}


def own_sockets(listeners: Optional[Mapping[str, Any]], units: "Optional[Dict[str, Unit]]") -> None:
    """Give listeners that systemd itself holds to the .socket unit that asked for them."""
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


def _systemd(host: Host, listeners: Optional[Mapping[str, Any]], known: Pattern[str]) -> "Optional[Dict[str, Unit]]":
    listening = {
        entry["unit"] for kind in ("tcp", "unix") for entry in (listeners or {}).get(kind, []) if entry["unit"]
    }
    names = sorted({name for name in listening if name.endswith((".service", ".socket"))} | _unit_files(host, known))
    # The states filter only what the patterns match; units that are named are shown in any case.
    ran = host.run(
        ["systemctl", "show", "--property=" + PROPERTIES, "--state=failed,listening", *names, "*.service", "*.socket"],
        timeout=SHOW_SECONDS,
    )
    if ran.code != 0 and not ran.out:
        host.unseen("units", ran.error or ran.err.strip())
        return None
    origin = time.time() - time.monotonic()
    units: "Dict[str, Unit]" = {}
    for properties in parse_show(ran.out):
        unit = _unit(host, properties, origin)
        if unit["load"] != "not-found" and _is_of_interest(properties, unit, listening, known):
            units[properties["Id"]] = unit
    return units


def _unit_files(host: Host, known: Pattern[str]) -> Set[str]:
    """Well-known units, and all that an admin made or masked; those are few. Templates cannot be shown."""
    names: Set[str] = set()
    for folder in UNIT_FOLDERS:
        for name in host.listdir(folder):
            stem, suffix = os.path.splitext(name)
            if suffix != ".service" or stem.endswith("@"):
                continue
            if known.match(stem) or (folder == ADMINS_FOLDER and _made_here(host, name)):
                names.add(name)
    return names


def _made_here(host: Host, name: str) -> bool:
    """A unit file of this host's own, or a mask; not an alias, nor a mask of a part of the system that serves nothing."""
    target = host.readlink(os.path.join(ADMINS_FOLDER, name))
    return target is None or (
        target == "/dev/null" and not name.startswith(("systemd-", "getty", "console-", "serial-"))
    )


def _is_of_interest(properties: Dict[str, str], unit: "Unit", listening: Set[str], known: Pattern[str]) -> bool:
    name = properties["Id"]
    if name.endswith(".socket"):
        return unit["active"] == "failed" or bool(unit["declares"])
    expected = name in listening or known.match(name[: -len(".service")])
    return bool(expected or unit["active"] == "failed" or unit["declares"] or unit["load"] == "masked")


def parse_show(text: str) -> List[Dict[str, str]]:
    """The units of `systemctl show`, each once. A property that stands several times has a line for each."""
    units: Dict[str, Dict[str, str]] = {}
    for block in text.split("\n\n"):
        properties: Dict[str, str] = {}
        for line in block.splitlines():
            key, equals, value = line.partition("=")
            if equals:
                properties[key] = properties[key] + "\n" + value if key in properties else value
        if properties.get("Id"):
            units[properties["Id"]] = properties
    return list(units.values())


def _unit(host: Host, properties: Dict[str, str], origin: float) -> "Unit":
    changed = _number(properties.get("StateChangeTimestampMonotonic"))
    commands = _ARGV.findall(properties.get("ExecStart", ""))
    unit: "Unit" = {
        "load": properties.get("LoadState"),
        "active": properties.get("ActiveState"),
        "sub": properties.get("SubState"),
        "enabled": properties.get("UnitFileState") or None,
        "result": properties.get("Result"),
        "exit_status": _number(properties.get("ExecMainStatus")),
        "since": round(origin + changed / 1e6, 3) if changed else None,
        "main_pid": _number(properties.get("MainPID")) or 0,
        "private_tmp": properties.get("PrivateTmp", "no") not in ("no", ""),
        "exec": commands[-1].split() if commands else [],
        "can_reload": properties.get("CanReload") == "yes",
        "limit_nofile": _limit(properties.get("LimitNOFILE")),
        "memory_max": _limit(properties.get("MemoryMax")),
        "fragment": properties.get("FragmentPath") or None,
        "declares": [],
        "test": None,
    }
    if properties["Id"].endswith(".socket"):
        unit["declares"] = unit_addresses.of_socket(properties)
    elif unit["active"] != "active" and (unit["exec"] or properties["Id"] in APACHE):
        unit["declares"] = unit_addresses.of_service(host, properties, unit["exec"])
        unit["test"] = service_config_check.config_check(host, properties["Id"][: -len(".service")], unit)
    return unit


def _number(text: Optional[str]) -> Optional[int]:
    return int(text) if text and text.isdecimal() else None


def _limit(text: Optional[str]) -> Optional[int]:
    number = _number(text)
    return None if number == UNLIMITED else number


def _scripts(host: Host, manager: str, known: Pattern[str]) -> "Dict[str, Unit]":
    """The units of sysvinit and OpenRC, which know little: whether a service runs and whether it starts at boot."""
    units: "Dict[str, Unit]" = {}
    for name in host.listdir("/etc/init.d"):
        if known.match(name):
            units[name] = _script(host, name, service_manager.state_of(host, manager, name))
    return units


def _script(host: Host, name: str, active: str) -> "Unit":
    at_boot = bool(host.glob("/etc/rc[2345].d/S??%s" % name) or host.glob("/etc/runlevels/*/%s" % name))
    unit: "Unit" = {
        "load": "loaded",
        "active": active,
        "sub": None,
        "enabled": "enabled" if at_boot else "disabled",
        "result": None,
        "exit_status": None,
        "since": None,
        "main_pid": 0,
        "private_tmp": False,
        "exec": [],
        "can_reload": True,
        "limit_nofile": None,
        "memory_max": None,
        "fragment": "/etc/init.d/" + name,
        "declares": [],
        "test": None,
    }
    unit["test"] = service_config_check.config_check(host, name, unit)
    unit["declares"] = declared_addresses.of_apache(host) if active != "active" and name in ("apache2", "httpd") else []
    return unit
