# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an upstream answered itself, where error_page may have put another page in its place: with *_intercept_errors on, nginx logs no line of that.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List, NamedTuple, Sequence

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.reach import Reached
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstreams_to_reach import (
        PeerRequest,
        UpstreamToReach,
    )
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

_FAILED = (502, 504)


class Behind(NamedTuple):
    """An answer, and one upstream to ask the same of."""

    answer: "Answer"
    upstream: "UpstreamToReach"


def behind_pages(
    answers: "Sequence[Answer]", requests: "Dict[str, List[PeerRequest]]", upstreams: "Sequence[UpstreamToReach]"
) -> Dict[str, Behind]:
    """What to ask of upstreams whose own answer may be hidden, by ids for reach()."""
    known = {one["id"]: one for one in upstreams}
    found: Dict[str, Behind] = {}
    for answer in answers:
        for peer in requests.get(answer["url"], []):
            if peer.upstream in known and _may_hide(answer, peer.route):
                name = "%d %s" % (len(found), peer.upstream)
                found[name] = Behind(answer, {**known[peer.upstream], "id": name, "request": peer.request})
    return found


def add_upstream_status(asked: Dict[str, Behind], rows: "Sequence[Reached]") -> None:
    """Add upstream_status to the answers of asked behind which an upstream failed. rows: how reaching these upstreams went."""
    for row in rows:
        status = row["reply"]["status"] if row["reply"] else None
        if status in _FAILED:
            asked[row["id"]].answer["upstream_status"] = status


def _may_hide(answer: "Answer", route: "Route") -> bool:
    """Whether the status may be that of a page in place of the upstream's own 502 or 504."""
    intercepts = route["settings"].get("%s_intercept_errors" % route["pass"]["family"])
    if answer["signature"] or answer["status"] is None or not intercepts or intercepts["args"] != ["on"]:
        return False
    return any(may_stand_for(page, answer["status"]) for page in route["error_page"])


def may_stand_for(page: Sequence[str], status: int) -> bool:
    """Whether a request that failed may end with this status. page: what a line of error_page has behind its codes ([=[STATUS]] TARGET)."""
    given = page[0][1:] if page[0].startswith("=") else None
    if given == "":
        return True
    if given:
        # What is to be shown may itself be missing, or not be for everybody.
        return status == int(given) or status in (401, 403, 404)
    # The status stays, unless what is shown in its place redirects or is refused in its turn.
    return 300 <= status < 500 or status == 503
