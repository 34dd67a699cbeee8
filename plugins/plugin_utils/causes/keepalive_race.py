# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend closes idle connections sooner than nginx: a request that nginx may not repeat meets a closed one.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import (
    CLOSED,
    EXPLAINED_BY,
    RESET,
    behind,
)

#: nginx sends these only once, where the connection was an old one too (ngx_http_upstream.c).
ONCE = frozenset({"POST", "PATCH", "LOCK"})
#: From this version on, HTTP/1.1 and keepalive are the default.
BY_DEFAULT = (1, 29, 7)
#: Seconds that a program keeps an idle connection, as it comes.
IDLE = (("node", 5), ("gunicorn", 2), ("apache2", 5), ("httpd", 5), ("uvicorn", 5), ("puma", 20))


def version_of(host: Host) -> tuple[int, ...]:
    return tuple(int(part) for part in (host.nginx.get("version") or "").split(".") if part.isdecimal())


def kept_alive(hop: Hop, route: Facts) -> str | None:
    """What makes nginx keep connections to this hop, in words."""
    upstream = (hop.proxy.config.get("upstreams") or {}).get(route["pass"].get("upstream") or "") or {}
    kept = upstream.get("keepalive")
    if hop.family == "fastcgi":
        return "keepalive and fastcgi_keep_conn" if kept and set_to(route, "fastcgi_keep_conn") == "on" else None
    if version_of(hop.proxy) >= BY_DEFAULT:
        return (
            "nginx %s keeps connections unless it is told not to" % hop.proxy.nginx["version"]
            if set_to(route, "proxy_http_version") != "1.0"
            else None
        )
    closing = {name.lower(): value for name, value in route["params"].items()}.get("connection", "close")
    return (
        "keepalive in upstream %s" % route["pass"]["upstream"]
        if kept and set_to(route, "proxy_http_version") == "1.1" and not closing
        else None
    )


def set_to(route: Facts, name: str) -> str | None:
    given = route["settings"].get(name)
    return given["args"][0] if given and given["args"] else None


def lost(hop: Hop) -> list[Facts]:
    """Lines since nginx and the backend run as they do now, of requests that nginx sends only once."""
    since = max(
        (worker["started"] for worker in hop.proxy.nginx.get("workers") or [] if not worker.get("stopping")),
        default=0.0,
    )
    return [
        record
        for record in hop.past(CLOSED, RESET)
        if record["last"] >= since and (record.get("request") or {}).get("method") in ONCE
    ]


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.hops:
        kept = next((told for told in (kept_alive(hop, route) for route in hop.routes) if told), None)
        records = lost(hop) if kept and hop.answers and not hop.failing else []
        if kept and records:
            yield race(hop, kept, records)


def race(hop: Hop, kept: str, records: list[Facts]) -> Finding:
    listener = hop.backend.listener(hop.destination) if hop.backend and hop.tried else None
    process = (listener or {}).get("process") or ""
    idle = next((seconds for name, seconds in IDLE if process.startswith(name)), None)
    habit = "%s closes an idle connection after %s seconds unless it is told otherwise; nginx keeps it for 60" % (
        process,
        idle,
    )
    own = (Evidence("process", habit, 0.3),) if idle else ()
    fine = Evidence(
        "answer", "a new connection serves: %s answers %s" % (hop.answers[0]["url"], hop.answers[0].get("status"))
    )
    lines = [
        Evidence(
            "log", "%s, %s %s" % (log_evidence(record).text, record["request"]["method"], record["request"]["path"])
        )
        for record in records
    ]
    return on_hop(
        hop,
        CAUSE.name,
        (*lines, Evidence("config", kept), *own, fine),
        why="%s closes idle connections sooner than nginx does, and nginx may not send a POST twice" % behind(hop)[0],
        advice=(
            "keepalive_timeout of nginx's upstream below the backend's idle time, or more of it there (node: server.keepAliveTimeout, gunicorn: --keep-alive)",
            "or no keepalive: `keepalive 0`, `proxy_http_version 1.0`   # a new connection for each request",
            "not proxy_next_upstream non_idempotent: it sends orders and payments twice",
        ),
    )


CAUSE = Cause(
    name="keepalive_race",
    title="The backend closes kept connections before nginx does",
    find=find,
    yields_to=tuple(name for name in EXPLAINED_BY if name != "keepalive_race"),
)
