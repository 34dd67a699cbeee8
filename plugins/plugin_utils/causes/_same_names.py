# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of nginx's configuration that have the same name and socket: of two the first is in force, and the edited one may be the other.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route


def ignored(hop: Hop) -> tuple[str, ...]:
    """A remark on each server that nginx ignores for the one of this hop, as it has the same name and socket; none where there is none."""
    remarks = []
    for route in hop.routes:
        for other in hop.proxy.config.get("routes") or []:
            names = _in_common(route, other)
            if names and _sockets(route) & _sockets(other) and _is_before(route, other):
                remarks.append(
                    "# %s has the server name %s, too, and nginx ignores that one: %s is read before, and in force; is it meant to be read?"
                    % (file_and_line(other["server_place"]), names[0], file_and_line(route["server_place"]))
                )
    return tuple(dict.fromkeys(remarks))


def _in_common(route: Route, other: Route) -> list[str]:
    return [name for name in route["server_names"] if name in other["server_names"]]


def _sockets(route: Route) -> set[tuple[object, object]]:
    return {(listen.get("path") or listen.get("address"), listen.get("port")) for listen in route["listens"]}


def _is_before(route: Route, other: Route) -> bool:
    """Whether a route's server is another one than the other's, and nginx reads it first."""
    return route["server_place"] != other["server_place"] and route["id"] < other["id"]
