# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that visitors were answered 502 or 504, of which no error log has a line: its level leaves them out, it goes nowhere, or the upstream itself
answers so.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, List, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import ErrorLine, Request, Upstream
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import Origin, Records
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.access_log import Visits
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts

MOST = 20


def unlogged(rows: "Sequence[Visits]", records: "Sequence[LogRecord]", routing: Routing) -> "List[LogRecord]":
    """A log record for each such request, with its site where the access log is that of one server alone, and with its upstream where that has one server
    alone. rows: of the access logs."""
    told = {(one["request"]["method"], one["request"]["path"]) for one in records if one["request"]}
    silent = [row for row in rows if row["last"] and (row["method"], row["path"]) not in told]
    return [_record(row, routing) for row in sorted(silent, key=lambda row: -row["last"])[:MOST]]


def _record(row: "Visits", routing: Routing) -> "LogRecord":
    server = _writer(row["source"], routing)
    route = routing.route_for(server, row["path"]) if server else None
    upstream = name = None
    if server and route:
        name = server["server_names"][0] or "_"
        if len(route["peers"]) == 1:
            address, scheme = read_address(route["peers"][0]), route["pass"]["scheme"]
            upstream = Upstream(scheme, address, "%s://%s" % (scheme, address.bare))
    line = ErrorLine(
        None, "access", None, None, "%s %s was answered 502 or 504, and no error log has a line of it" % (row["method"], row["path"]),
        None, None, None, name, Request(row["method"], row["path"]), upstream, name, True,
    )  # fmt: skip
    found = Records()
    found.add_nginx(Origin(row["source"], "nginx"), "upstream_failed", row["last"], line)
    record = found.newest(1)[0]
    record["count"] = row["failed"]
    return record


def _writer(source: str, routing: Routing) -> "Optional[BlockFacts]":
    """The one server with routes that writes to an access log; None where there are several."""
    blocks = [routing.blocks[route["block"]] for route in routing.config["routes"] if source in route["access_logs"]]
    servers = {server["id"]: server for server in map(routing.server_of, blocks)}
    return next(iter(servers.values())) if len(servers) == 1 else None
