# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places of the configuration that name an address, and what a change of it says to the role that makes it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import AddressEdit


def places(hop: Hop) -> list[tuple[Facts, str]]:
    """Where the config names this address, and in which directive: the pass directive of each route, or the server line of its upstream block."""
    found: dict[tuple[str, int], tuple[Facts, str]] = {}
    upstreams = hop.proxy.config.get("upstreams") or {}
    for route in hop.routes:
        entries: list[tuple[Facts, str]] = [(route["pass"]["place"], route["pass"]["directive"])]
        if route["pass"].get("upstream"):
            servers = upstreams[route["pass"]["upstream"]]["servers"]
            entries = [(server["place"], "server") for server in servers if server["address"] == str(hop.address)]
        for place, directive in entries:
            found[(place["file"], place["line"])] = (place, directive)
    return list(found.values())


def named_at(hop: Hop) -> str:
    """FILE:LINE of each place."""
    return ", ".join("%s:%d" % (place["file"], place["line"]) for place, _directive in places(hop))


def socket_in_run(hop: Hop, daemon: str) -> str:
    """How the daemon is told to have its socket below /run."""
    found = hop.backend.pool_at(hop.real_address) if hop.backend else None
    listen = found.pool["settings"].get("listen") if found else None
    if found and listen:
        return "listen = /run/php/%s.sock   # %s:%d" % (found.name, listen["place"]["file"], listen["place"]["line"])
    return "RuntimeDirectory=NAME in %s, and its socket at /run/NAME/NAME.sock" % daemon


def generated(hop: Hop) -> str | None:
    """Which tool writes the file that names the address, where it is no admin's own."""
    files = hop.proxy.config.get("generated") or {}
    names = [files[place["file"]] for place, _directive in places(hop) if place["file"] in files]
    return (
        names[0] if names else next((route["generated_by"] for route in hop.routes if route.get("generated_by")), None)
    )


def other_host(hop: Hop, host: str, to: str) -> list[AddressEdit]:
    """The same addresses with another host; [] where one of them has its host from a variable. Ports and URIs are not touched."""
    made: list[AddressEdit] = []
    for place, directive in places(hop):
        before = ""
        if directive != "server":
            target = next(route["pass"]["target"] for route in hop.routes if route["pass"]["place"] == place)
            before = target[: target.find("://") + len("://")] if "://" in target else ""
            if not target[len(before) :].startswith(host):
                return []
        made.append(
            {
                "path": place["file"],
                "line": place["line"],
                "directive": directive,
                "from": before + host,
                "to": before + to,
            }
        )
    return made
