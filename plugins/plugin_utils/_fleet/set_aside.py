# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For how long nginx asks no server that has failed.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.durations import nginx_seconds

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host

#: nginx's own, where a server line sets none, and for the addresses of a name without an upstream{}.
FAIL_TIMEOUT = "10s"


def set_aside_for(proxy: Host, route: Route) -> float:
    """For how many seconds nginx sets a server of a route's upstream{} aside that failed, the longest of them; 0 where it has none, or none is."""
    upstream = (proxy.config.get("upstreams") or {}).get(route["pass"]["upstream"] or "")
    servers = [server for server in upstream["servers"] if not server["down"]] if upstream else []
    given = [
        nginx_seconds(server["parameters"].get("fail_timeout", FAIL_TIMEOUT)) or 0.0
        for server in servers
        if server["parameters"].get("max_fails") != "0"
    ]
    return max(given, default=0.0)
