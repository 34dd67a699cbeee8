# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that visitors were answered 502 or 504, of which no error log has a line: its level leaves them out, it goes nowhere, or the upstream itself
answers so.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import ErrorLine, Request, Upstream
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import Origin, Records
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.access_log import Visits
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

MOST = 20
#: Servers that share an access log and are asked for the same request, to find out whose it was.
SHARING = 10


def unlogged(rows: "Sequence[Visits]", records: "Sequence[LogRecord]", routing: Routing) -> "List[LogRecord]":
    """A log record for each such request, with its upstream where its access log is that of one server, and that asks one upstream server alone. Where several
    share the log, one for each that it may have been. rows: of the access logs."""
    told = {(one["request"]["method"], one["request"]["path"]) for one in records if one["request"]}
    silent = [row for row in rows if row["last"] and (row["method"], row["path"]) not in told]
    latest = sorted(silent, key=lambda row: -row["last"])[:MOST]
    return [record for row in latest for record in _records(row, _ways(row, routing))]


def _records(row: "Visits", ways: "List[Tuple[str, Route]]") -> "List[LogRecord]":
    return [_record(row, name, route, len(ways)) for name, route in ways] or [_record(row, None, None, 0)]


def _ways(row: "Visits", routing: Routing) -> "List[Tuple[str, Route]]":
    """The names of the servers that write to the log and pass such a request on, with the route that it takes; none where they are too many to be asked."""
    blocks = [
        routing.blocks[route["block"]] for route in routing.config["routes"] if row["source"] in route["access_logs"]
    ]
    servers = {server["id"]: server for server in map(routing.server_of, blocks)}
    routes = [(server["server_names"][0] or "_", routing.route_for(server, row["path"])) for server in servers.values()]
    ways = [(name, route) for name, route in routes if route]
    return ways if len(ways) <= SHARING else []


def _record(row: "Visits", name: Optional[str], route: "Optional[Route]", ways: int) -> "LogRecord":
    upstream = None
    if route and len(route["peers"]) == ways == 1:
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
