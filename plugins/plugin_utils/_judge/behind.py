# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what is wrong at a proxy is why it answers 502 as the next hop of another one.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.nginx_names import is_nginx


def is_behind(finding: Finding, behind: Finding, fleet: Fleet) -> bool:
    """Whether a finding of the proxy behind may be why that answers 502 as the next hop of another finding.

    It is another matter where a program that is no nginx listens there (a cache, a balancer), unless the site has the same name before and behind it.
    """
    hops = fleet.hops_of(fleet.hosts[finding.seen_from])
    hop = next((one for one in hops if str(one.address) == finding.subject), None)
    listener = or_empty(hop.backend.listener(hop.real_address) if hop and hop.backend else None)
    if is_nginx(listener.get("process") or "nginx"):
        return True
    return bool(site_names(fleet, finding) & site_names(fleet, behind))


def site_names(fleet: Fleet, finding: Finding) -> set[str]:
    """The names of the sites that a finding is about."""
    routes = fleet.hosts[finding.seen_from].config.get("routes") or []
    return {name for route in routes if route["id"] in finding.routes for name in route["server_names"]} - {"", "_"}
