# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of an upstream{} whose names nginx asks its resolver for while it runs (`resolve`, nginx 1.27.3 and later, and its commercial edition).

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import Resolved
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import UpstreamServer

#: What nginx logs of an upstream{} of whose names it has no address.
NO_SERVERS = "no_live_upstreams"


def servers(proxy: Host) -> list[UpstreamServer]:
    """Those of all its upstream{}."""
    return [server for one in (proxy.config.get("upstreams") or {}).values() for server in one["servers"]]


def named(some: t.Iterable[UpstreamServer], resolve: bool) -> set[str]:
    """The hosts of servers that are followed, or that are looked up once."""
    return {read_address(server["address"]).host for server in some if server["resolve"] == resolve}


def without_addresses(proxy: Host, asked: t.Sequence[Resolved]) -> list[Answer]:
    """Answers of upstream{} of whose servers nginx's resolver has no address now. asked: what it answers."""
    known = {one["name"] for one in asked if not one.get("error")}
    unknown = {one["name"] for one in asked} - known
    upstreams = proxy.config.get("upstreams") or {}
    lost = set()
    for route in proxy.config.get("routes") or []:
        some = or_empty(upstreams.get(route["pass"]["upstream"] or "")).get("servers") or []
        if some and all(server["resolve"] for server in some) and named(some, resolve=True) <= unknown:
            lost.add(route["id"])
    return [answer for answer in proxy.failing if answer.get("signature") == NO_SERVERS and answer.get("route") in lost]
