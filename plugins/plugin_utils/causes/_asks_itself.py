# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations that pass a request on to whatever host the visitor asks for (caches of downloads, forward proxies): asked for nginx's own, nginx asks itself.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import called
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

_BY_NAME = re.compile(r"\w+://\$(?:http_)?host\b")
SHOWN = 3
NONE = "none"
#: What a circle ends in, if not in time: of most of its requests nginx then says only that the connection was closed.
ENDS = ("nginx_worker_connections", "nginx_open_files", "ephemeral_ports_exhausted")


def by_the_visitors_name(proxy: Host, cause: str) -> t.Iterator[Finding]:
    """The finding that such a location of a proxy has asked for itself, by the proxy's log."""
    for route in proxy.config.get("routes") or []:
        if _BY_NAME.match(route["pass"]["target"] or ""):
            ports = {one.get("port") for one in route["listens"]}
            lines = [one for one in proxy.records if own_port(proxy, upstream_of(one)) in ports]
            is_out = any(one["signature"] in ENDS for one in proxy.records)
            if lines and (is_out or any(one["signature"] == "upstream_read_timeout" for one in lines)):
                yield asks_itself(proxy, route, lines, cause)


def upstream_of(record: LogRecord) -> Address:
    return read_address(or_empty(record["upstream"]).get("address") or "unix:")


def own_port(proxy: Host, address: Address) -> int | str:
    """The port of the proxy's own nginx to which a connection to this address comes, as its host may have published it under another number."""
    if address.is_unix:
        return NONE
    if address.is_loopback or address.host in (proxy.system.get("addresses") or []):
        return address.port if or_empty(proxy.listener(address)).get("process") == "nginx" else NONE
    if proxy.within is None or address.host not in (proxy.within.system.get("addresses") or []):
        return NONE
    return (proxy.facts["container"]["ports"] or {}).get(str(address.port)) or NONE


def asks_itself(proxy: Host, route: Route, lines: list[LogRecord], cause: str) -> Finding:
    where = file_and_line(route["pass"]["place"])
    asked = ", ".join(dict.fromkeys(upstream_of(one).bare for one in lines[:SHOWN]))
    whose = "port that is published for %s" % called(proxy.facts["container"]) if proxy.within else "own port"
    return Finding(
        cause=cause,
        seen_from=proxy.name,
        on=proxy.name,
        subject=where,
        evidence=(
            *(log_evidence(one) for one in lines[:SHOWN]),
            Evidence("config", "%s passes on to %s" % (where, route["pass"]["target"]), 0.8),
        ),
        says="nginx on %s passes the request on to itself (%s)" % (proxy.name, where),
        why="%s passes a request on to the host that its visitor asks for, and some ask for nginx's own (%s, its %s): such a request goes round until"
        " something runs out, and takes the connections of all others; no limit is large enough for that"
        % (where, asked, whose),
        advice=(
            "# let a server of its own answer what is asked for nginx itself: server { listen 80; server_name localhost %s; return 404; }"
            % " ".join(dict.fromkeys(upstream_of(one).host for one in lines[:SHOWN])),
            "# and end each circle: in that location, `if ($http_x_loop = $hostname) { return 508; }` and proxy_set_header X-Loop $hostname;",
            "nginx -t && systemctl reload nginx   # on %s, after that" % proxy.name,
        ),
        routes=frozenset({route["id"]}),
    )
