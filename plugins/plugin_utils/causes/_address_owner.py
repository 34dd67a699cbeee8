# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unit should listen on an address: what the user, its configuration, its journal or pm2 says.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from types import MappingProxyType

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _user_programs as user_programs
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._by_habit import is_habit
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import is_same_place, port_or_path
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._suspected_units import at_its_own, named_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import kept_down

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

#: Where an administrator's own units lie, and those that systemd makes of his container files.
ADMINS_FOLDERS = ("/etc/systemd/system/", "/run/systemd/generator/")
#: And where what no package of the system brought along lies: guides put the units of these below /lib as well.
OWN_PROGRAMS = ("/home/", "/opt/", "/root/", "/srv/", "/usr/local/", "/var/www/")
#: Units whose files name the ports of others: they measure or pass on what is there.
CLIENTS = re.compile(r"exporter|promtail|telegraf|collect|agent|beat|vector|fluent|backup|monit")
BY_ITSELF = "it listens there unless its settings say otherwise"
KINDS_OF_UNIT = (".service", ".socket")


class Owner(t.NamedTuple):
    """The unit that should listen on an address, and how that is known. unit is None where there is no one unit; reason then says why.

    is_named: whether fix_502_backend_services names it. candidates: the units that could be meant, where there are several.
    suspected: of those that a file names it for, FILE:LINE; empty of those whose program has it by itself.
    """

    unit: str | None
    reason: str
    is_named: bool = False
    candidates: tuple[str, ...] = ()
    suspected: t.Mapping[str, str] = MappingProxyType({})


def nobody_listens(hop: Hop, host: Host) -> bool:
    """Whether no process has this socket, or this port on any address, and no PHP-FPM should have it."""
    address = hop.real_address
    if not host.sees("listeners") or host.pool_at(address):
        return False
    return not (host.unix_listener(address) if hop.is_unix else host.tcp_listeners(address.port))


def asked_address(hop: Hop) -> Address:
    """The address that a unit would have to listen on for a hop."""
    return hop.address if hop.address.host == "localhost" else hop.real_address


def owner_of(fleet: Fleet, host: Host, address: Address) -> Owner:
    """The unit that should listen on an address: the one that the user names, else the only one whose configuration says so."""
    named = _named_by_user(fleet, host, address)
    if named:
        return Owner(named, "fix_502_backend_services names it", is_named=True)
    place = port_or_path(address)
    declaring = [name for name in units_declaring(host, address) if not _serves_elsewhere(fleet, host, name, address)]
    units = _wanted(host, declaring)
    if len(units) == 1:
        return Owner(units[0], "its configuration says that it listens on %s" % place)
    remembered = [] if units else _wanted(host, _units_that_listened(host, address))
    if len(remembered) == 1:
        return Owner(remembered[0], "it said that it listened on %s" % place)
    of_pm2 = "" if units or remembered else user_programs.unit_of_pm2(host, address)
    if of_pm2:
        return Owner(of_pm2, "it starts the pm2 that has a program saved for %s" % place)
    spoken = [] if units or remembered else _units_that_name(host, address)
    if len(spoken) == 1:
        return Owner(spoken[0], "its last words are of %s" % place)
    units = units or remembered or spoken
    if units:
        return Owner(None, "more than one unit could own %s: %s" % (place, ", ".join(units)), candidates=tuple(units))
    suspected = named_in(host, address)
    suspected = at_its_own(host, address, suspected) or suspected
    stopped = [
        name for name, at in suspected.items() if at and _is_only_stopped(host.unit(name)) and not CLIENTS.search(name)
    ]
    if len(suspected) == len(stopped) == 1:
        return Owner(stopped[0], "it is enabled and was stopped, and %s names %s" % (suspected[stopped[0]], place))
    may = ["%s may, as %s" % (name, at + " names it" if at else BY_ITSELF) for name, at in suspected.items()]
    return Owner(None, "; ".join(["no unit is known that owns %s" % place, *may]), suspected=suspected)


def _serves_elsewhere(fleet: Fleet, host: Host, name: str, address: Address) -> bool:
    """Whether nothing but the habit of its program speaks for a unit, and it listens at another port that nginx asks: by a setting that is not known."""
    said = [
        one
        for one in or_empty(host.unit(name)).get("declares") or []
        if is_same_place(read_address(one["address"]), address)
    ]
    if not said or not all(is_habit(host, name, one) for one in said):
        return False
    asked = {hop.real_address.port for hop in fleet.asked_of(host) if not hop.is_unix} - {address.port}
    return any(one.get("unit") == name for port in asked for one in host.tcp_listeners(port))


def is_made_here(unit: Unit) -> bool:
    """Whether an administrator made a unit: by where its file lies, or its program."""
    programs = unit.get("exec") or []
    return (unit.get("fragment") or "").startswith(ADMINS_FOLDERS) or any(
        one.startswith(OWN_PROGRAMS) for one in programs
    )


def _is_only_stopped(unit: Unit | None) -> bool:
    """Whether a unit is started at boot, ended without a failure, and is not known to listen elsewhere: then its files name what it asks."""
    state = or_empty(unit)
    is_down = state.get("enabled") == "enabled" and state.get("active") == "inactive"
    return is_down and not state.get("declares") and not state.get("listened")


def _wanted(host: Host, names: list[str]) -> list[str]:
    """Units that an administrator wants to be down do not count where there are others."""
    return [name for name in names if not kept_down(name, host.unit(name))] or names


def _units_that_listened(host: Host, address: Address) -> list[str]:
    """Units that do not say where they listen, and whose journal says that they listened there."""
    return [
        name
        for name, unit in host.units.items()
        if any(is_same_place(read_address(one), address) for one in unit.get("listened") or [])
    ]


def _units_that_name(host: Host, address: Address) -> list[str]:
    """Units that do not run, and whose last words are of this socket, or of this port."""
    own = re.escape(address.path) if address.is_unix else r"(?::|\bport )%d" % address.port
    named = re.compile(own + r"(?![\w/])")
    return [
        name
        for name, unit in host.units.items()
        if unit.get("active") not in ("active", None)
        and any(named.search(line) for line in unit.get("last_words") or [])
    ]


def units_declaring(host: Host, address: Address) -> list[str]:
    """Units whose configuration says that they listen there. Where there are socket units, only these: they start their services."""
    found = [name for name in host.units if declared_at(host, name, address)]
    return [name for name in found if name.endswith(".socket")] or found


def socket_unit(host: Host, address: Address) -> str:
    """The .socket unit that systemd listens there for; empty where it is none of its."""
    return next((name for name in units_declaring(host, address) if name.endswith(".socket")), "")


def _named_by_user(fleet: Fleet, host: Host, address: Address) -> str | None:
    """The unit that fix_502_backend_services names for this port or socket."""
    for where, name in fleet.backend_services.items():
        place = Address("", int(where)) if where.isdecimal() else Address("", 0, where.removeprefix("unix:"))
        if is_same_place(place, address):
            is_whole = name.endswith(KINDS_OF_UNIT) or host.system.get("service_manager") != "systemd"
            return name if is_whole else name + ".service"
    return None


def declared_at(host: Host, name: str, address: Address) -> list[Address]:
    """The addresses at this place that a unit's configuration says it listens on."""
    addresses = [read_address(one["address"]) for one in or_empty(host.unit(name)).get("declares") or []]
    if name == host.nginx.get("unit") and not host.nginx.get("master"):
        addresses += _of_stopped_nginx(host)
    return [one for one in addresses if is_same_place(one, address)]


def _of_stopped_nginx(host: Host) -> list[Address]:
    """The addresses that a stopped nginx would listen on: it may be the backend of another."""
    listens = [listen for block in host.config.get("blocks") or [] for listen in block.get("listens") or []]
    return [
        Address("", 0, listen["path"])
        if "path" in listen
        else Address(listen["address"].replace("*", "0.0.0.0").strip("[]"), listen["port"])  # noqa: S104 - read, not bound
        for listen in listens
    ]
