# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which route an answer comes from, where nginx asked another one than the request's own on the way.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route


def with_its_route(answer: Answer, routes: t.Sequence[Route]) -> Answer:
    """The answer, with the route whose upstream nginx's log line blames for it.

    A subrequest (auth_request), an error_page or an X-Accel-Redirect goes to another location than the one that the URL belongs to.
    """
    blamed = answer.get("upstream")
    own = next((route for route in routes if route["id"] == answer.get("route")), None)
    if not blamed or (own is not None and _may_lead_to(own, blamed)):
        return answer
    address = read_address(blamed).normal()
    others = [route["id"] for route in routes if address in (read_address(peer).normal() for peer in route["peers"])]
    if not others:
        # nginx's line has the number that a name led to.
        named = [route["id"] for route in routes if route["peers"] and _may_lead_to(route, blamed)]
        others = named if len(named) == 1 else []
    return {**answer, "route": others[0]} if others else answer


def _may_lead_to(route: Route, blamed: str) -> bool:
    """Whether a route's own peers may have been asked at this address: it is one of them, or a name or a variable may stand for it."""
    address, peers = read_address(blamed).normal(), [read_address(peer) for peer in route["peers"]]
    return not peers or any(peer.normal() == address or (peer.is_name and peer.port == address.port) for peer in peers)
