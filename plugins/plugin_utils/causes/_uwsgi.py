# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What uwsgi logs of requests that it hangs up on: by the size that it read, they were too large for it, or not in its own protocol.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "uwsgi_request_buffer_too_small"
_SIZE = re.compile(r"invalid request block size: (\d{1,10}) \(max (\d{1,10})\)")
#: The size that uwsgi reads where an HTTP request begins: its second and third letter, as a number.
_HTTP = {
    ord(method[1]) + 256 * ord(method[2]): method
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
_DEFAULT_SIZE, _LARGEST_SIZE = 4096, 65535


def requests_too_large(hop: Hop) -> Explanation:
    """Whether the uwsgi behind a hop refuses requests of its own protocol for their size."""
    found = [(_size(record), record) for record in _refusals(hop)]
    largest, record = max(
        ((size, one) for size, one in found if size not in _HTTP), key=lambda one: one[0], default=(0, None)
    )
    if record is None or hop.family != "uwsgi":
        return NOTHING
    wanted = _DEFAULT_SIZE
    while wanted < min(largest, _LARGEST_SIZE):
        wanted *= 2
    advice = "# set buffer-size = %d in uwsgi's options on %s: parameters, cookies or a long URL do not fit" % (
        min(wanted, _LARGEST_SIZE),
        hop.on,
    )
    return Explanation((log_evidence(record),), "what nginx passes on does not fit into its buffer-size", (advice,))


def http_was_read(hop: Hop) -> Evidence | None:
    """That the uwsgi behind a hop was sent HTTP on a socket where it speaks its own protocol; None where it was not."""
    for record in _refusals(hop):
        size = _size(record)
        if size in _HTTP:
            return Evidence(
                "backend_log",
                "%s: %s; %d is how uwsgi reads the letters of %s"
                % (record["source"], record["message"], size, _HTTP[size]),
            )
    return None


def _size(record: LogRecord) -> int:
    """The size that uwsgi read; 0 where its line says none."""
    found = _SIZE.search(record["message"])
    return int(found.group(1)) if found else 0


def _refusals(hop: Hop) -> list[LogRecord]:
    """Lines of the uwsgi behind a hop that say it refused a request, since it started."""
    unit = listener_behind(hop).get("unit")
    if not hop.backend or not unit:
        return []
    return [
        one
        for one in hop.backend.records
        if one["signature"] == SIGNATURE and one.get("unit") == unit and one["last"] >= hop.started
    ]
