# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx in front of another nginx: what the second one has not taken from its backend comes to the first one next.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_loopback
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.nginx_names import is_nginx
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.visited import visits
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route


class Before(t.NamedTuple):
    """A hop of a proxy in front, a route of its over it, and how many requests of which path it asked for in vain."""

    hop: Hop
    route: Route
    often: str


def in_front_of(fleet: Fleet, hop: Hop, signature: str) -> t.Iterator[Before]:
    """The proxies of the run that pass visitors on to this hop's nginx, and by its access log ask for what fails here with this signature."""
    asked = [or_empty(record.get("request")) for record in hop.past(signature)]
    wanted = {(one.get("method") or "", one.get("path") or "") for one in asked}
    rows = [
        row
        for method, path in sorted(wanted)
        for route in sorted(hop.route_ids)
        for row in visits(hop.proxy, route, path, {method})
        if row["failed"] and row.get("client")
    ]
    for front in fleet.hops_to(hop.proxy):
        passes_on = front.proxy is not hop.proxy and front.family == "proxy"
        numbers = [one for one in front.proxy.system.get("addresses") or () if not is_loopback(one)]
        own = [row for row in rows if row["client"] in numbers]
        if not own or not passes_on or not is_nginx(listener_behind(front).get("process")):
            continue
        most = max(own, key=lambda row: row["failed"])
        counted = (most["failed"], sum(most["statuses"].values()), most["method"], most["path"])
        for route in front.routes:
            yield Before(front, route, "%d of %d requests %s %s failed" % counted)
