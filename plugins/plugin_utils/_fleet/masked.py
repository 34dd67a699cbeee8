# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether error_page has put another status in the place of a 502 or 504: visitors do not get their page, whatever the status says.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.behind_pages import may_stand_for
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import OF_HEADER

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Reached
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

#: nginx had no server left to ask: nobody gave a page.
_NO_LIVE = "no_live_upstreams"


def with_what_is_masked(
    answer: Answer, routes: t.Sequence[Route], reach: t.Sequence[Reached] = (), is_mute: bool = False
) -> Answer:
    """The answer, marked where error_page hides a failure of the asked route's upstream: nginx's own line of the request shows it, or what that upstream
    says when it is asked directly; where nginx writes no such lines (is_mute), that none of its servers can be connected to."""
    if answer.get("upstream_status"):
        return as_masked(answer)
    route = next((one for one in routes if one["id"] == answer.get("route")), None)
    signature, status = answer.get("signature"), answer.get("status")
    # The line of a copy that mirror sends says nothing of the answer.
    if not status or route is None or route["mirrored"]:
        return answer
    hidden = any(may_stand_for(page, status) for page in route.get("error_page") or [])
    if signature:
        has_failed = status >= 300 or not _may_be_the_next_servers(route, signature, reach)
    else:
        has_failed = is_mute and bool(route["peers"]) and _unreachable(reach).issuperset(route["peers"])
    return as_masked(answer) if hidden and has_failed else answer


def as_masked(answer: Answer) -> Answer:
    """The answer, marked: no host says that of its own, it takes the routes to know it."""
    return t.cast("Answer", {**answer, "masked": True})


def _may_be_the_next_servers(route: Route, signature: str, reach: t.Sequence[Reached]) -> bool:
    """Whether nginx may have asked another server of the route, which gave this page: the line is of the first one then."""
    peers = route["peers"]
    several = len(peers) > 1 or any(read_address(peer).is_name for peer in peers)
    is_alone = _unreachable(reach).issuperset(peers)
    return several and signature != _NO_LIVE and _goes_on(route, signature) and not is_alone


def _unreachable(reach: t.Iterable[Reached]) -> set[str]:
    """The addresses that take no connection."""
    return {row["address"] for row in reach if row["connected"] is False}


def _goes_on(route: Route, signature: str) -> bool:
    """Whether nginx asks the next server after such a failure."""
    given = route["settings"].get("%s_next_upstream" % route["pass"]["family"])
    names = given["args"] if given else ["error", "timeout"]
    return names != ["off"] and (signature not in OF_HEADER or "invalid_header" in names)
