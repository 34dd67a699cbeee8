# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unit should listen on an address where nobody does, and how it is started.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _user_programs as user_programs
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._comes_back import (
    after_its_start,
    fades,
    not_at_boot,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import of_podman_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._obstacle import Obstacle
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import how_to_start
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._same_names import ignored
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._unit_starts import obstacle
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import (
    kept_down,
    start_command,
    unit_evidence,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.units import Unit

#: Where an administrator's own units lie, and those that systemd makes of his container files.
ADMINS_FOLDERS = ("/etc/systemd/system/", "/run/systemd/generator/")
KINDS_OF_UNIT = (".service", ".socket")
#: Beginnings of programs that listen and are no backend of a site.
NO_BACKENDS = ("nginx", "sshd", "systemd", "init", "systemd-resolve", "dnsmasq", "master", "chronyd")
#: What works through queues and tables of times, and listens nowhere, by the names of units and programs.
WORKERS = re.compile(
    r"(?:^|[^a-z])(?:celery(?:beat|d)?|sidekiq|resque|dramatiq|huey|rqworker|horizon|workers?|queues?|beat|scheduler|cron|backup)(?:[^a-z]|$)"
)
#: Commands that check a service's own configuration before it is started.
CONFIG_CHECKS = {
    "apache2.service": ["apachectl", "configtest"],
    "httpd.service": ["httpd", "-t"],
    "nginx.service": ["nginx", "-t"],
}


BY_HAND = "# was it started by hand (nohup, screen, tmux, an init script that is not enabled)? Then nothing starts it after a boot: give it a unit"
BY_CONTAINER = (
    "# for nginx in its container %s is %s itself, no other container: start there what serves that port (in development mostly by hand: npm run dev, next dev,"
    " manage.py runserver), on all addresses (0.0.0.0), as no container gets to 127.0.0.1 of its host"
)
BY_CRON = "grep -rn @reboot /var/spool/cron /etc/crontab /etc/cron.d   # on %s: does cron start it at boot? Then nothing does once it has ended"


class Owner(t.NamedTuple):
    """The unit that should listen on an address, and how that is known. unit is None where there is no one unit; reason then says why.

    is_named: whether fix_502_backend_services names it. candidates: the units that could be meant, where there are several.
    """

    unit: str | None
    reason: str
    is_named: bool = False
    candidates: tuple[str, ...] = ()


def nobody_listens(hop: Hop, host: Host) -> bool:
    """Whether no process has this socket, or this port on any address, and no PHP-FPM should have it."""
    address = hop.real_address
    if not host.sees("listeners") or host.pool_at(address):
        return False
    return not (host.unix_listener(address) if hop.is_unix else host.tcp_listeners(address.port))


def asked_address(hop: Hop) -> Address:
    """The address that a unit would have to listen on for a hop."""
    return hop.address if hop.address.host == "localhost" else hop.real_address


class Blocked(t.NamedTuple):
    """The unit that would have to listen and why a start does not help: what keeps it from starting, or it runs (obstacle is None)."""

    unit: str
    reason: str
    obstacle: Obstacle | None


def blocked(hop: Hop, fleet: Fleet, host: Host) -> Blocked | None:
    """The unit behind a hop where nobody listens, where starting it is of no use; None where it may be, or no unit is known."""
    address = asked_address(hop)
    owner = owner_of(fleet, host, address)
    if owner.unit is None:
        return None if user_programs.owners(host, address) else _suspect(host, address)
    if refusal(host, owner, address):
        return None
    found = obstacle(host, owner.unit)
    return Blocked(owner.unit, owner.reason, found) if found or _runs(host.unit(owner.unit)) else None


def _runs(unit: Unit | None) -> bool:
    """Whether a unit is up or on its way there; one that waits for its next restart is not."""
    state = or_empty(unit)
    return state.get("active") in ("active", "activating", "reloading") and not (state.get("sub") or "").startswith(
        "auto-restart"
    )


def _suspect(host: Host, address: Address) -> Blocked | None:
    """The only unit of an administrator's that does not start, or that has moved to a port which nobody asks for. Nothing else says whose the address is."""
    failing = [(name, obstacle(host, name)) for name in made_here(host) if not _runs(host.unit(name))]
    found = [(name, one) for name, one in failing if one]
    reason = "no other unit is known that could own %s" % port_or_path(address)
    return Blocked(found[0][0], reason, found[0][1]) if len(found) == 1 else None


def made_here(host: Host) -> list[str]:
    """Services that an administrator made, wants to run, and that say nothing of where they listen: any of them may own an address."""
    units = host.facts.get("units") or {}
    return [
        name
        for name, unit in units.items()
        if name.endswith(".service")
        and (unit.get("fragment") or "").startswith(ADMINS_FOLDERS)
        and not unit.get("declares")
        and not unit.get("listened")
        and kept_down(name, unit) is None
        and not WORKERS.search(" ".join([name, *(unit.get("exec") or [])]))
    ]


def started(hop: Hop, fleet: Fleet, host: Host, cause: str, evidence: tuple[Evidence, ...]) -> Finding:
    """The finding that nobody listens behind a hop: with the remedy that starts the unit, or with advice how to find and start it."""
    address = asked_address(hop)
    owner = owner_of(fleet, host, address)
    seen = (*evidence, Evidence("socket", "nothing listens on %s of %s" % (port_or_path(address), host.name)))
    if owner.unit is None:
        theirs = user_programs.owners(host, address)
        if theirs:
            return user_programs.found(hop, host, cause, seen, theirs)
        return on_hop(hop, cause, seen, why=owner.reason, advice=_how_to_find(hop, host, owner.candidates))
    unit = host.unit(owner.unit)
    if unit:
        seen += (unit_evidence(owner.unit, unit),)
    config_check = CONFIG_CHECKS.get(owner.unit, [])
    refused = refusal(host, owner, address)
    if refused:
        commands = [" ".join(map(shlex.quote, config_check))] if config_check else []
        commands.append(start_command(owner.unit, unit))
        advice = what_to_do(refused, host.name, owner.unit)
        advice += tuple("%s   # on %s" % (command, host.name) for command in commands)
        advice += after_its_start(owner.unit, unit, host.name)
        return on_hop(hop, cause, seen, why=refused, advice=advice)
    note = "%s: %s" % (owner.unit, owner.reason)
    remedy = remedies.backend_service(host, owner.unit, address=str(address), config_check=config_check, note=note)
    said = or_empty(unit).get("last_words") or [] if or_empty(unit).get("active") == "failed" else []
    return on_hop(
        hop,
        cause,
        (*seen, *(Evidence("backend_log", "%s says: %s" % (owner.unit, line), 0.3) for line in said)),
        remedy=replace(remedy, fades=fades(unit)),
        advice=(
            *(after_its_start(owner.unit, unit, host.name) or what_to_do(" / ".join(said), host.name, owner.unit)),
            *not_at_boot(owner.unit, unit, host.name),
        ),
    )


def owner_of(fleet: Fleet, host: Host, address: Address) -> Owner:
    """The unit that should listen on an address: the one that the user names, else the only one whose configuration says so."""
    named = _named_by_user(fleet, host, address)
    if named:
        return Owner(named, "fix_502_backend_services names it", is_named=True)
    place = port_or_path(address)
    units = _wanted(host, units_declaring(host, address))
    if len(units) == 1:
        return Owner(units[0], "its configuration says that it listens on %s" % place)
    remembered = [] if units else _wanted(host, _units_that_listened(host, address))
    if len(remembered) == 1:
        return Owner(remembered[0], "its journal says that it listened on %s" % place)
    of_pm2 = "" if units or remembered else user_programs.unit_of_pm2(host, address)
    if of_pm2:
        return Owner(of_pm2, "it starts the pm2 that has a program saved for %s" % place)
    units = units or remembered
    if units:
        return Owner(None, "more than one unit could own %s: %s" % (place, ", ".join(units)), candidates=tuple(units))
    return Owner(None, "no unit is known that owns %s" % place)


def _wanted(host: Host, names: list[str]) -> list[str]:
    """Units that an administrator wants to be down do not count where there are others."""
    return [name for name in names if not kept_down(name, host.unit(name))] or names


def _units_that_listened(host: Host, address: Address) -> list[str]:
    """Units that do not say where they listen, and whose journal says that they listened there."""
    return [
        name
        for name, unit in (host.facts.get("units") or {}).items()
        if any(is_same_place(read_address(one), address) for one in unit.get("listened") or [])
    ]


def units_declaring(host: Host, address: Address) -> list[str]:
    """Units whose configuration says that they listen there. Where there are socket units, only these: they start their services."""
    found = [name for name in host.facts.get("units") or {} if _declared(host, name, address)]
    return [name for name in found if name.endswith(".socket")] or found


def socket_unit(host: Host, address: Address) -> str:
    """The .socket unit that systemd listens there for; empty where it is none of its."""
    return next((name for name in units_declaring(host, address) if name.endswith(".socket")), "")


def port_or_path(address: Address) -> str:
    """What a daemon of a host listens on, in words: a socket's path or a port."""
    return address.path if address.is_unix else "port %d" % address.port


def _named_by_user(fleet: Fleet, host: Host, address: Address) -> str | None:
    """The unit that fix_502_backend_services names for this port or socket."""
    for where, name in fleet.backend_services.items():
        place = Address("", int(where)) if where.isdecimal() else Address("", 0, where.removeprefix("unix:"))
        if is_same_place(place, address):
            is_whole = name.endswith(KINDS_OF_UNIT) or host.system.get("service_manager") != "systemd"
            return name if is_whole else name + ".service"
    return None


def _declared(host: Host, name: str, address: Address) -> list[Address]:
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


def is_same_place(one: Address, other: Address) -> bool:
    """Whether both are the same socket, or the same port of whichever address."""
    if one.is_unix or other.is_unix:
        return one.normal() == other.normal()
    return one.port == other.port


def refusal(host: Host, owner: Owner, address: Address) -> str | None:
    """Why the unit is not started: an administrator keeps it down, its configuration is broken, or it would not listen where nginx asks."""
    unit = or_empty(host.unit(owner.unit))
    is_masked = "masked" in (unit.get("load"), unit.get("enabled"))
    will = kept_down(owner.unit or "", unit or None)
    if will and (is_masked or not owner.is_named):
        return will
    if host.system.get("service_manager") == "launchd":
        return "%s is a job of launchd, of which a run starts PHP-FPM's only: this was not tried on a Mac" % owner.unit
    check = or_empty(unit.get("test"))
    if check.get("sound") is False:
        return "%s refuses its configuration and would not start: %s" % (owner.unit, check.get("error"))
    declared = [one for one in _declared(host, owner.unit or "", address) if not one.is_unix]
    if declared and not address.is_loopback and all(one.is_loopback for one in declared):
        hosts = ", ".join(one.host for one in declared)
        return "%s would listen on %s only and nginx asks %s: starting it would not help" % (owner.unit, hosts, address)
    return None


def _how_to_find(hop: Hop, host: Host, candidates: t.Sequence[str]) -> tuple[str, ...]:
    """Advice where it is not known which unit should listen: those that could be meant, or where the address is written."""
    address = asked_address(hop)
    key = address.path if address.is_unix else str(address.port)
    keeper = how_to_start(address.path, host.name)
    if keeper and not candidates:
        return (*keeper, *_other_listeners(hop, host))
    made = [name for name in made_here(host) if or_empty(host.unit(name)).get("active") != "active"]
    name_it = "# then name it for the next run: fix_502_backend_services: {'%s': UNIT}" % key
    if candidates:
        find = "systemctl status %s   # on %s: which of them?" % (" ".join(map(shlex.quote, candidates)), host.name)
    elif made:
        find = "systemctl status %s   # on %s: made here, wanted and down; one of them?" % (
            " ".join(map(shlex.quote, made[:5])),
            host.name,
        )
    else:
        find = "grep -rnF %s /etc/systemd/system /etc/default /etc/init.d   # on %s: what names it?" % (
            shlex.quote(key),
            host.name,
        )
    by_cron = (BY_CRON % host.name,) if host.system.get("os", "linux") == "linux" else ()
    by_hand = () if candidates or made else (*by_cron, BY_HAND)
    by_container = (BY_CONTAINER % (hop.address.host, host.name),) if hop.proxy.within is host else ()
    asked = "# %s asks for it at %s" % ("what is between" if hop.named_in else "nginx", named_at(hop))
    contained = () if candidates or address.is_unix else of_podman_at(host, address.port)
    return (*contained, *by_container, find, *_other_listeners(hop, host), asked, *ignored(hop), *by_hand, name_it)


def _neighbours(hop: Hop, host: Host) -> tuple[str, ...]:
    """A command that shows which sockets are listened on beside the one that is missing: the service may call it otherwise by now."""
    folder = posixpath.dirname(hop.real_address.path)
    found = [
        (one.get("unit") or one.get("process") or "a process", one["path"])
        for one in or_empty(host.facts.get("listeners")).get("unix") or []
        if posixpath.dirname(one["path"]) == folder and folder not in ("/run", "/tmp")  # noqa: S108 - read, not written
    ]
    if not found:
        return ()
    return (
        "ss -lxnp src '%s/*'   # on %s: has the socket another name? There are: %s"
        % (folder, host.name, ", ".join("%s on %s" % one for one in sorted(set(found))[:5])),
    )


def _other_listeners(hop: Hop, host: Host) -> tuple[str, ...]:
    """A command that shows who listens on other ports of the host, or on sockets beside: the service may have moved."""
    if hop.is_unix:
        return _neighbours(hop, host)
    listeners = or_empty(host.facts.get("listeners")).get("tcp") or []
    named = [(one.get("process") or "", one["port"]) for one in listeners]
    found = {"%s on port %d" % one for one in named if one[0] and not one[0].startswith(NO_BACKENDS)}
    if not found:
        return ()
    return ("ss -ltnp   # on %s: has the service moved? These listen: %s" % (host.name, ", ".join(sorted(found)[:5])),)
