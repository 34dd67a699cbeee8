# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What uwsgi says of requests that it hangs up on: the size it read tells whether they were too large for it, or never its own protocol.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import listener_of

SIGNATURE = "uwsgi_request_buffer_too_small"
_SIZE = re.compile(r"invalid request block size: (\d{1,10}) \(max (\d{1,10})\)")
#: The size that uwsgi reads where an HTTP request begins: its second and third letter, as a number.
_HTTP = {
    ord(method[1]) + 256 * ord(method[2]): method
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}


def refusals(hop: Hop) -> list[Facts]:
    """Lines of the uwsgi that listens behind a hop."""
    unit = listener_of(hop).get("unit")
    if not hop.backend or not unit:
        return []
    return [
        one
        for one in hop.backend.records
        if one["signature"] == SIGNATURE and one.get("unit") == unit and one["last"] >= hop.started
    ]


def read_http(hop: Hop) -> Evidence | None:
    """That uwsgi was sent HTTP on a socket where it speaks its own protocol."""
    for record in refusals(hop):
        found = _SIZE.search(record["message"])
        method = _HTTP.get(int(found.group(1))) if found else None
        if found and method:
            return Evidence(
                "backend_log",
                "%s: %s; %s is how uwsgi reads the letters of %s"
                % (record["source"], record["message"], found.group(1), method),
            )
    return None


def too_large(hop: Hop) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """That uwsgi refuses requests of its own protocol for their size, and what to set; nothing where it does not."""
    found = [(record, _SIZE.search(record["message"])) for record in refusals(hop)]
    sizes = [int(match.group(1)) for _record, match in found if match and int(match.group(1)) not in _HTTP]
    if not sizes or hop.family != "uwsgi":
        return (), ()
    room = 4096
    while room < min(max(sizes), 65535):
        room *= 2
    advice = (
        "buffer-size = %d   # in uwsgi's options on %s: what nginx passes on (parameters, cookies, a long URL) does not fit"
        % (min(room, 65535), hop.on)
    )
    return tuple(log_evidence(record) for record, _match in found), (advice,)
