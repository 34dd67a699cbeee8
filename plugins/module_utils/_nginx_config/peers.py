# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The peers of a route that take requests, and the ids of upstreams.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, List

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

#: Schemes that are TLS, with the family of their *_ssl_* directives.
TLS_SCHEMES = {"https": "proxy", "grpcs": "grpc", "suwsgi": "uwsgi"}


def peers_in_use(config: "NginxConfig", route: "Route") -> List[str]:
    """The peers of a route, less those that its upstream{} marks down. Another upstream{} may use the same address."""
    name = route["pass"]["upstream"]
    servers = config["upstreams"][name]["servers"] if name else []
    up = {server["address"] for server in servers if not server["down"]}
    down = {server["address"] for server in servers} - up
    return [address for address in route["peers"] if address not in down]


def upstream_id(family: str, scheme: str, address: str) -> str:
    """The id of an upstream, unique on its host: one address may be spoken to in several ways."""
    return "%s %s" % (scheme if scheme in TLS_SCHEMES else family, address)
