# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend closes idle connections sooner than nginx does: a request that nginx may not repeat is sent over a closed one.

Signatures: upstream_closed_prematurely, upstream_connection_reset.

Looked at: how long each side keeps an idle connection, failed requests that came over a kept one, what the backend is.

Done: nothing is changed: the two timeouts are named, of which the backend's has to be the longer.

A quick fix: proxy_next_upstream non_idempotent repeats orders and payments.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import described
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

#: Methods that nginx sends only once, also where an old connection was to blame (ngx_http_upstream.c).
ONCE = frozenset({"POST", "PATCH", "LOCK"})
#: From this version of nginx on, HTTP/1.1 and keepalive are the default.
BY_DEFAULT = (1, 29, 7)
#: Seconds that a program keeps an idle connection by default, by the beginning of its name.
IDLE = (("node", 5), ("gunicorn", 2), ("apache2", 5), ("httpd", 5), ("uvicorn", 5), ("puma", 20))


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.hops:
        kept = next((how for how in (kept_alive(hop, route) for route in hop.routes) if how), None)
        records = lost(hop) if kept and hop.answers and not hop.failing else []
        if kept and records:
            yield race(hop, kept, records)


def kept_alive(hop: Hop, route: Route) -> str | None:
    """What makes nginx keep connections to this hop, in words; None where it does not keep them."""
    name = route["pass"].get("upstream")
    upstream = (hop.proxy.config.get("upstreams") or {}).get(name or "")
    keeps = or_empty(upstream).get("keepalive")
    if hop.family == "fastcgi":
        return "keepalive and fastcgi_keep_conn" if keeps and first_arg(route, "fastcgi_keep_conn") == "on" else None
    http_version = first_arg(route, "proxy_http_version")
    if version_of(hop.proxy) >= BY_DEFAULT:
        default = "nginx %s keeps connections unless it is set not to" % hop.proxy.nginx["version"]
        return default if http_version != "1.0" else None
    closing = {name.lower(): value for name, value in route["params"].items()}.get("connection", "close")
    return "keepalive in upstream %s" % name if keeps and http_version == "1.1" and not closing else None


def version_of(host: Host) -> tuple[int, ...]:
    """nginx's version as numbers."""
    return tuple(int(part) for part in (host.nginx.get("version") or "").split(".") if part.isdecimal())


def first_arg(route: Route, directive: str) -> str | None:
    """The first argument of the directive that is in force on a route; None where it is not set."""
    given = route["settings"].get(directive)
    return given["args"][0] if given and given["args"] else None


def lost(hop: Hop) -> list[LogRecord]:
    """Records of requests that nginx sends only once and that were lost, since nginx and the backend run as they do now."""
    workers = [worker for worker in hop.proxy.nginx.get("workers") or [] if not worker.get("stopping")]
    since = max((worker["started"] for worker in workers), default=0.0)
    return [
        record
        for record in hop.past(CLOSED, RESET)
        if record["last"] >= since and or_empty(record.get("request")).get("method") in ONCE
    ]


def race(hop: Hop, kept: str, records: list[LogRecord]) -> Finding:
    fine = "a new connection serves: %s answers %s" % (hop.answers[0]["url"], hop.answers[0].get("status"))
    return on_hop(
        hop,
        CAUSE.name,
        (
            *(lost_evidence(record) for record in records),
            Evidence("config", kept),
            *idle_evidence(hop),
            Evidence("answer", fine),
        ),
        why="%s closes idle connections sooner than nginx does, and nginx may not send a POST twice" % described(hop),
        advice=(
            "# set keepalive_timeout of nginx's upstream below the idle time of the backend",
            "# or a longer idle time there (node: server.keepAliveTimeout, gunicorn: --keep-alive)",
            "# or no keepalive: `keepalive 0` or `proxy_http_version 1.0`; that takes a new connection for each request",
            "# do not set proxy_next_upstream non_idempotent: it sends orders and payments twice",
        ),
    )


def lost_evidence(record: LogRecord) -> Evidence:
    request = or_empty(record["request"])
    return Evidence("log", "%s, %s %s" % (log_evidence(record).text, request["method"], request["path"]))


def idle_evidence(hop: Hop) -> tuple[Evidence, ...]:
    """How long the backend keeps an idle connection by default, where its program is known."""
    listener = hop.backend.listener(hop.destination) if hop.backend and hop.tried else None
    process = or_empty(listener).get("process") or ""
    seconds = next((seconds for name, seconds in IDLE if process.startswith(name)), None)
    if not seconds:
        return ()
    text = "%s closes an idle connection after %s seconds unless it is set otherwise; nginx keeps it for 60"
    return (Evidence("process", text % (process, seconds), 0.3),)


CAUSE = Cause(
    name="keepalive_race",
    title="The backend closes kept connections before nginx does",
    says="the backend at {subject} closes idle keepalive connections before {proxy}'s nginx does",
    find=find,
    outdoes=(CLOSED, RESET),
)
