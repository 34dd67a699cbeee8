# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unit would listen on an address where nobody does, and how it is started.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import (
    admin_says_no,
    on_hop,
    unit_evidence,
)

KINDS_OF_UNIT = (".service", ".socket")
#: Listeners that are no backend of a site.
NO_BACKENDS = ("nginx", "sshd", "systemd", "init", "systemd-resolve", "dnsmasq", "master", "chronyd")


class Owner(t.NamedTuple):
    """The unit that owns an address, None where none is known, and what makes it the one."""

    unit: str | None
    known: str
    named: bool = False


def same_place(one: Address, other: Address) -> bool:
    """Whether both are the same socket, or the same port of whichever address."""
    if one.is_unix or other.is_unix:
        return one.normal() == other.normal()
    return one.port == other.port


def declared(host: Host, name: str, address: Address) -> list[Address]:
    """What a unit's configuration says that it listens on, at this place."""
    addresses = [read_address(one["address"]) for one in (host.unit(name) or {}).get("declares") or []]
    if name == host.nginx.get("unit") and not host.nginx.get("master"):
        addresses += of_nginx(host)
    return [one for one in addresses if same_place(one, address)]


def of_nginx(host: Host) -> list[Address]:
    """The addresses of a stopped nginx, which may be the next hop of another."""
    listens = [listen for block in host.config.get("blocks") or [] for listen in block.get("listens") or []]
    # S104: nothing is bound here, this is what nginx is told to listen on.
    return [
        Address("", 0, listen["path"])
        if "path" in listen
        else Address(listen["address"].replace("*", "0.0.0.0").strip("[]"), listen["port"])  # noqa: S104 - read, not bound
        for listen in listens
    ]


def declared_by(host: Host, address: Address) -> list[str]:
    """Units whose configuration says that they listen there. A socket unit goes before the services that it starts."""
    found = [name for name in host.facts.get("units") or {} if declared(host, name, address)]
    return [name for name in found if name.endswith(".socket")] or found


def named_by_user(fleet: Fleet, host: Host, address: Address) -> str | None:
    """What fix_502_backend_services says of this port or socket."""
    for where, name in fleet.backend_services.items():
        place = Address("", int(where)) if where.isdecimal() else Address("", 0, where.removeprefix("unix:"))
        if same_place(place, address):
            return (
                name
                if name.endswith(KINDS_OF_UNIT) or host.system.get("service_manager") != "systemd"
                else name + ".service"
            )
    return None


def owner_of(fleet: Fleet, host: Host, address: Address) -> Owner:
    named = named_by_user(fleet, host, address)
    if named:
        return Owner(named, "fix_502_backend_services names it", named=True)
    units = declared_by(host, address)
    if len(units) > 1:
        # What an administrator wants to be down gives way to what is wanted.
        units = [name for name in units if not admin_says_no(name, host.unit(name))] or units
    if len(units) == 1:
        return Owner(units[0], "its configuration says that it listens on %s" % told(address))
    return Owner(
        None,
        "more than one unit could own %s: %s" % (told(address), ", ".join(units))
        if units
        else "no unit is known that owns %s" % told(address),
    )


def told(address: Address) -> str:
    return address.path if address.is_unix else "port %d" % address.port


def refusal(host: Host, owner: Owner, address: Address) -> str | None:
    """Why the unit is not started: an administrator's will, its broken configuration, or what it would listen on."""
    unit = host.unit(owner.unit) or {}
    no = admin_says_no(owner.unit or "", unit or None)
    if no and not (owner.named and "masked" not in (unit.get("load"), unit.get("enabled"))):
        return no
    test = unit.get("test") or {}
    if test.get("sound") is False:
        return "%s refuses its configuration and would not start: %s" % (owner.unit, test.get("error"))
    listens = [one for one in declared(host, owner.unit or "", address) if not one.is_unix]
    if listens and not address.is_loopback and all(one.is_loopback for one in listens):
        return "%s would listen on %s only, and nginx asks %s: started, it would be refused all the same" % (
            owner.unit,
            ", ".join(one.host for one in listens),
            address,
        )
    return None


def started(hop: Hop, fleet: Fleet, host: Host, cause: str, evidence: tuple[Evidence, ...]) -> Finding:
    """The finding of a service that is down: its unit is started, or what a person has to find out."""
    address = hop.address if hop.address.host == "localhost" else hop.real_address
    owner = owner_of(fleet, host, address)
    unit = host.unit(owner.unit)
    nobody = Evidence("socket", "nobody listens on %s of %s" % (told(address), host.name))
    seen = (*evidence, nobody, *((unit_evidence(owner.unit, unit),) if owner.unit and unit else ()))
    if owner.unit is None:
        key = address.path if hop.is_unix else address.port
        advice = (
            "systemctl list-units --failed   # on %s" % host.name,
            *elsewhere(hop, host),
            "fix_502_backend_services: {'%s': UNIT}" % key,
        )
        return on_hop(hop, cause, seen, why=owner.known, advice=advice)
    no = refusal(host, owner, address)
    if no:
        tests = (" ".join(config_test(owner.unit)) + "   # on %s" % host.name,) if config_test(owner.unit) else ()
        return on_hop(
            hop, cause, seen, why=no, advice=(*tests, "systemctl start %s   # on %s" % (owner.unit, host.name))
        )
    note = "%s owns %s: %s" % (owner.unit, told(address), owner.known)
    return on_hop(
        hop,
        cause,
        seen,
        remedy=remedies.backend_service(
            host, owner.unit, address=str(address), config_check=config_test(owner.unit), note=note
        ),
    )


def elsewhere(hop: Hop, host: Host) -> tuple[str, ...]:
    """Daemons that listen on other ports of the host: the one that is meant may have moved."""
    if hop.is_unix:
        return ()
    listeners = (host.facts.get("listeners") or {}).get("tcp") or []
    found = {
        "%s on port %d" % (one["process"], one["port"])
        for one in listeners
        if one.get("process") and not one["process"].startswith(NO_BACKENDS)
    }
    return ("ss -ltnp   # on %s: %s; has it moved?" % (host.name, ", ".join(sorted(found)[:5])),) if found else ()


def config_test(unit: str) -> list[str]:
    """The command that tests this service's own configuration before it is started; empty where there is none."""
    tests = {
        "apache2.service": ["apachectl", "configtest"],
        "httpd.service": ["apachectl", "configtest"],
        "nginx.service": ["nginx", "-t"],
    }
    return tests.get(unit, [])
