# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit that should listen where nginx asks, and runs, and does not.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import (
    Address,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import (
    CONNECTED_TO,
    SERVERS,
    plain_name,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    asked_address,
    is_made_here,
    nobody_listens,
    owner_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend_units import blocked
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._habits import Habit, habit
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._own_ports import COMMON, is_its_own
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import is_same_place, listens_on
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._suspected_units import of_sites_name

#: They run whatever is given to them: a port of theirs says nothing of a unit.
INTERPRETERS = frozenset(("node", "bun", "deno", "ruby", "php", "npm", "npx", "yarn", "pnpm", "dotnet"))
#: How programs of servers end, beside the names of their products.
_OF_SERVERS = re.compile(r"(?:[-_]server|[-_]web|\.sh)$")
#: A variable in a target of which each sign is escaped.
_VARIABLE = re.compile(r"\\\$(?:\\\{\w+\\\}|\w+)")
#: What is no application of a site, by the names of units and programs: it measures, stores, or passes messages on.
NO_SITE = re.compile(
    r"exporter|promtail|telegraf|collector|agent|redis|valkey|mysql|mariadb|postgres|pgbouncer|mongo|memcached|rabbit|kafka|zookeeper|elastic|opensearch|etcd"
    r"|consul|influx|clickhouse|nats|loki|cadvisor|netdata|zabbix|monit|ssh|vpn|wireguard|smtp|dovecot"
)


def who_runs(fleet: Fleet, hop: Hop, host: Host) -> tuple[str, str] | None:
    """The unit that should listen there, runs and does not, with what says that it is the one; None where none is known."""
    found = blocked(hop, fleet, host)
    if found:
        return None if found.obstacle else (found.unit, found.reason)
    if owner_of(fleet, host, asked_address(hop)).unit is not None:
        return None
    known = (
        (namesake(hop, host), "the socket has the name of this one"),
        (moved(fleet, hop, host), "nothing asks for where this one listens"),
        (of_its_name(fleet, hop, host), "this one has the name of the site, and nothing asks for where it listens"),
        (known_for(fleet, hop, host), "this product listens there only where it is told to"),
        (
            by_itself(fleet, hop, host),
            "this one has the name of the site, and listens there unless its settings say otherwise",
        ),
        (with_a_port_of_its_own(hop, host), "this one listens there unless its settings say otherwise"),
    )
    nobody = "no unit is known that owns the %s, and " % ("socket" if hop.is_unix else "port")
    return next(((name, nobody + why) for name, why in known if name), None)


def by_variable(place: Address, hop: Hop) -> bool:
    """Whether a variable in one of the proxy's pass directives may stand for a place: then somebody asks for it, although no hop leads there."""
    for route in hop.proxy.config.get("routes") or []:
        target = route["pass"]["target"] if route["pass"]["variable"] else ""
        asked = target.partition("://")[2] or target
        if asked.startswith("unix:"):
            path = _VARIABLE.sub(".*", re.escape(asked.split(":")[1]))
            if re.fullmatch(path, place.path):
                return True
        elif asked and not place.is_unix:
            port = asked.partition("/")[0].rpartition(":")[2]
            if "$" in port or port == str(place.port):
                return True
    return False


def namesake(hop: Hop, host: Host) -> str | None:
    """The service that has the name of the socket that is asked for, and listens elsewhere; None where there is none, or a port is asked for."""
    name = posixpath.basename(hop.real_address.path).partition(".")[0] + ".service"
    return name if hop.is_unix and name != host.nginx.get("unit") and listens_on(host, name) else None


def moved(fleet: Fleet, hop: Hop, host: Host) -> str | None:
    """The only service of an administrator's that listens where no hop leads; None where there is none, or several, or several ports that lack theirs."""
    lacking = {
        other.real_address
        for other in fleet.asked_of(host)
        if nobody_listens(other, host) and owner_of(fleet, host, asked_address(other)).unit is None
    }
    if len(lacking) > 1:
        return None
    asked = [other.real_address for other in fleet.asked_of(host)]
    found = []
    for name, unit in host.units.items():
        places = [one for one in listens_on(host, name) if one.is_unix == hop.is_unix and one.port not in CONNECTED_TO]
        if NO_SITE.search(" ".join([name, *(unit.get("exec") or [])])):
            continue
        if not is_made_here(unit) or not places or name == host.nginx.get("unit"):
            continue
        if not any(is_same_place(place, other) for place in places for other in asked) and not any(
            by_variable(place, hop) for place in places
        ):
            found.append(name)
    return found[0] if len(found) == 1 else None


def of_its_name(fleet: Fleet, hop: Hop, host: Host) -> str | None:
    """The only service of the site's own name that listens, and nowhere that a hop leads; None where there is none, or several."""
    asked = [other.real_address for other in fleet.asked_of(host)]
    found = []
    for name in of_sites_name(hop, host):
        places = [one for one in listens_on(host, name) if one.is_unix == hop.is_unix]
        is_asked = any(
            by_variable(place, hop) or any(is_same_place(place, other) for other in asked) for place in places
        )
        if places and not is_asked and not NO_SITE.search(name):
            found.append(name)
    return found[0] if len(found) == 1 else None


def known_for(fleet: Fleet, hop: Hop, host: Host) -> str | None:
    """The only unit that listens elsewhere, and whose product is known not to listen on such a port unless it is told to; None where there is none."""
    asked = [other.real_address for other in fleet.asked_of(host)]
    found = set()
    for one in or_empty(host.facts.get("listeners")).get("tcp") or []:
        name, place = one.get("unit"), Address(one["address"], one["port"])
        known = None if hop.is_unix or not name else habit_behind(host, name, hop)
        if name and known and (known.port or not any(is_same_place(place, other) for other in asked)):
            found.add(name)
    return found.pop() if len(found) == 1 else None


def by_itself(fleet: Fleet, hop: Hop, host: Host) -> str | None:
    """The only service of the site's own name whose program listens on that port by itself, and listens where no hop leads; None where there is none.

    The name counts: a product may stand beside a site of another application, which has the port that it would have.
    """
    asked = [other.real_address for other in fleet.asked_of(host)]
    names = site_names(hop)
    found = []
    for name, unit in host.units.items():
        programs = [one for one in map(plain_name, unit.get("exec") or []) if _OF_SERVERS.sub("", one) in names]
        defaults = [SERVERS[one].default for one in programs if one in SERVERS and one not in INTERPRETERS]
        places = [one for one in listens_on(host, name) if not one.is_unix]
        is_its = not hop.is_unix and any((one or "").endswith(":%d" % hop.real_address.port) for one in defaults)
        if is_its and places and not any(is_same_place(place, other) for place in places for other in asked):
            found.append(name)
    return found[0] if len(found) == 1 else None


def with_a_port_of_its_own(hop: Hop, host: Host) -> str | None:
    """The only service that runs and whose program, or a part of it, has that port by itself, as few others have; None where there is none."""
    port = hop.real_address.port
    if hop.is_unix or port in COMMON:
        return None
    found = [
        name
        for name, unit in host.units.items()
        if unit.get("active") == "active"
        and name.endswith(".service")
        and is_its_own(name, unit.get("exec") or (), port)
    ]
    return found[0] if len(found) == 1 else None


def site_names(hop: Hop) -> str:
    """What the sites behind a hop are called: by their names, paths and files, and the upstream{} that they name."""
    words: list[str] = []
    for route in hop.routes:
        location, pass_to = route["location"], route["pass"]
        words += [*route["server_names"], location["path"], location["place"]["file"], pass_to["upstream"] or ""]
    return " ".join(words).lower()


def habit_behind(host: Host, name: str, hop: Hop) -> Habit | None:
    return habit(name, or_empty(host.unit(name)).get("exec") or (), hop.real_address.port, host.name)
