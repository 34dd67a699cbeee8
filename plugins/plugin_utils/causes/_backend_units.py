# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nobody listens: the unit that should is started, or it is said why that would not help.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _user_programs as user_programs
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    Owner,
    asked_address,
    declared_at,
    owner_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._comes_back import (
    after_its_start,
    crashed,
    fades,
    has_crashed,
    not_at_boot,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._inside_container import nobody_inside
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._obstacle import Obstacle
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import port_or_path
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._suspected_units import named_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._unit_starts import obstacle
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import (
    kept_down,
    start_command,
    unit_evidence,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._unknown_owner import how_to_find, made_here

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit


#: nginx writes whole seconds.
WHOLE_SECOND = 1.0
#: Commands that check a service's own configuration before it is started.
CONFIG_CHECKS = {
    "apache2.service": ["apachectl", "configtest"],
    "httpd.service": ["httpd", "-t"],
    "nginx.service": ["nginx", "-t"],
}


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
    if refusal(host, owner, address) or crashed_at_a_request(hop, host.unit(owner.unit)):
        return None
    found = obstacle(host, owner.unit)
    return Blocked(owner.unit, owner.reason, found) if found or _runs(host.unit(owner.unit)) else None


def crashed_at_a_request(hop: Hop, unit: Unit | None) -> bool:
    """Whether the newest start went well, however soon the service crashed: it had taken a connection of nginx's, which ended with it."""
    known = or_empty(unit)
    ended = hop.by_proxys_clock(known.get("since") or 0.0)
    began = ended - (known.get("lasted") or 0.0)
    return has_crashed(unit) and any(
        record["signature"] in (CLOSED, RESET) and began - WHOLE_SECOND <= record["last"] <= ended + WHOLE_SECOND
        for record in hop.records
    )


def _runs(unit: Unit | None) -> bool:
    """Whether a unit is up or on its way there; one that waits for its next restart is not."""
    state = or_empty(unit)
    return state.get("active") in ("active", "activating", "reloading") and not (state.get("sub") or "").startswith(
        "auto-restart"
    )


def _suspect(host: Host, address: Address) -> Blocked | None:
    """The only unit of an administrator's that does not start, or that has moved to a port which nobody asks for. Nothing else says whose the address is."""
    named = named_in(host, address)
    other = [name for name, unit in host.units.items() if unit.get("named_in") and name not in named]
    failing = [
        (name, obstacle(host, name)) for name in made_here(host) if name not in other and not _runs(host.unit(name))
    ]
    found = [(name, one) for name, one in failing if one]
    reason = "no other unit is known that could own %s" % port_or_path(address)
    return Blocked(found[0][0], reason, found[0][1]) if len(found) == 1 else None


def started(hop: Hop, fleet: Fleet, host: Host, cause: str, evidence: tuple[Evidence, ...]) -> Finding:
    """The finding that nobody listens behind a hop: with the remedy that starts the unit, or with advice how to find and start it."""
    address = asked_address(hop)
    owner = owner_of(fleet, host, address)
    seen = (*evidence, Evidence("socket", "nothing listens on %s of %s" % (port_or_path(address), host.name)))
    if owner.unit is None:
        theirs = user_programs.owners(host, address)
        if theirs:
            return user_programs.found(hop, host, cause, seen, theirs)
        if host.within:
            known = nobody_inside(hop, host)
            return on_hop(hop, cause, (*seen, *known.evidence), why=known.words, advice=known.advice)
        return on_hop(hop, cause, seen, why=owner.reason, advice=how_to_find(hop, host, owner))
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
            *crashed(owner.unit, unit, host.name),
            *not_at_boot(owner.unit, unit, host.name),
        ),
    )


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
    declared = [one for one in declared_at(host, owner.unit or "", address) if not one.is_unix]
    if declared and not address.is_loopback and all(one.is_loopback for one in declared):
        hosts = ", ".join(one.host for one in declared)
        return "%s would listen on %s only and nginx asks %s: starting it would not help" % (owner.unit, hosts, address)
    return None
