# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places of nginx's configuration that name a hop's address, and the edits that write another one there.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.panels import panel_file
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.panels import Written, writer
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import AddressEdit


#: What names the address where no directive of its own does, or a file of another program: people decide there.
IN_TABLE = ""


class Named(t.NamedTuple):
    """A place that names the address, and the directive there."""

    place: Place
    directive: str


def places(hop: Hop) -> list[Named]:
    """Where the address is named, each place once: in the pass directive of each route, where its variable is set, on the server line of its
    upstream block, or in a row of a table."""
    if hop.named_in:
        return [Named(hop.named_in, IN_TABLE)]
    found: dict[tuple[str, int], Named] = {}
    upstreams = hop.proxy.config.get("upstreams") or {}
    for route in hop.routes:
        entries = [Named(route["pass"]["place"], route["pass"]["directive"])]
        branch = (route.get("branches") or {}).get(str(hop.address))
        upstream = branch["upstream"] if branch else route["pass"].get("upstream")
        if branch:
            entries = [Named(branch["place"], IN_TABLE)]
        given = route.get("set_at")
        if given and not branch and route["peers"] == [str(hop.address)]:
            entries = [Named(given, "set")]
        if upstream:
            servers = upstreams[upstream]["servers"]
            entries = [Named(server["place"], "server") for server in servers if server["address"] == str(hop.address)]
        for entry in entries:
            found[(entry.place["file"], entry.place["line"])] = entry
    return list(found.values())


def named_at(hop: Hop) -> str:
    """FILE:LINE of each place."""
    return ", ".join(file_and_line(entry.place) for entry in places(hop))


def passed_at(hop: Hop) -> str:
    """FILE:LINE of each pass directive: the scheme is written there, also where the address is that of a server of an upstream{}."""
    return ", ".join(dict.fromkeys(file_and_line(route["pass"]["place"]) for route in hop.routes))


def is_from_variable(hop: Hop) -> bool:
    """Whether no place that is known has the address as it is: a variable is a part of it, or gets it from more than one `set`."""
    passes = {
        (route["pass"]["place"]["file"], route["pass"]["place"]["line"])
        for route in hop.routes
        if route["pass"]["variable"]
    }
    return any((entry.place["file"], entry.place["line"]) in passes for entry in places(hop))


def written_by(hop: Hop) -> Written | None:
    """Who writes the file that names the address anew; None where it is an administrator's own."""
    found = (writer(hop.proxy, entry.place["file"]) for entry in places(hop))
    said = (
        writer(hop.proxy, _generated(route), route["generated_by"]) for route in hop.routes if route["generated_by"]
    )
    return next((one for one in (*found, *said) if one), None)


def _generated(route: Route) -> str:
    """The file by which a route is written by somebody: that of its location, where a panel's own path says more than the file that is included there."""
    file = route["location"]["place"]["file"]
    return file if panel_file(file) else route["pass"]["place"]["file"]


def is_in_table(hop: Hop) -> bool:
    """Whether the address stands in a row of a table, whose other rows may be meant to differ: that is left to people."""
    return any(entry.directive == IN_TABLE for entry in places(hop))


def edits_of_address(hop: Hop, to: Address) -> list[AddressEdit]:
    """Edits that write another address at each place."""
    old, new = str(hop.address).removeprefix("tcp:"), str(to).removeprefix("tcp:")
    return [_edit(entry, old, new) for entry in places(hop)]


def edits_of_host(hop: Hop, host: str, to: str) -> list[AddressEdit]:
    """Edits that write another host at each place; [] where one of them has its host from a variable. Ports and URIs stay as they are."""
    edits = []
    for entry in places(hop):
        scheme = ""
        if entry.directive in (IN_TABLE, "set"):
            return []
        if entry.directive != "server":
            target = next(route["pass"]["target"] for route in hop.routes if route["pass"]["place"] == entry.place)
            scheme = target[: target.find("://") + len("://")] if "://" in target else ""
            if not target.startswith(scheme + host):
                return []
        edits.append(_edit(entry, scheme + host, scheme + to))
    return edits


def _edit(entry: Named, old: str, new: str) -> AddressEdit:
    return {
        "path": entry.place["file"],
        "line": entry.place["line"],
        "directive": entry.directive,
        "from": old,
        "to": new,
    }


def origin(hop: Hop) -> str:
    """Where the address comes from, in words."""
    if not hop.address.is_name:
        return named_at(hop)
    line = hosts_line(hop)
    return "%s names %s, which %s takes from %s" % (
        named_at(hop),
        hop.address.host,
        hop.proxy.name,
        "/etc/hosts:%d" % line if line else "DNS",
    )


def hosts_line(hop: Hop) -> int | None:
    """The line of the proxy's /etc/hosts that has the hop's name."""
    names = hop.proxy.facts.get("names") or []
    return next(
        (one.get("hosts_line") for one in names if one["name"] == hop.address.host and not one["resolver"]), None
    )
