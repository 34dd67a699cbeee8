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

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.durations import nginx_seconds
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import described
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import UpstreamFacts

#: Methods that nginx sends only once, also where an old connection was to blame (ngx_http_upstream.c).
ONCE = frozenset({"POST", "PATCH", "LOCK"})
#: Seconds that nginx keeps an idle connection by default, since 1.15.3; without end before.
KEPT = 60.0


class Idle(t.NamedTuple):
    """A program by the beginning of its name, after how many seconds it closes an idle connection by default, and what sets that.

    misread: what it says, and what helps, where it hangs up for another reason: it took the rest of a request for the next one.
    """

    process: str
    seconds: int | None
    setting: str
    misread: str = ""


#: Java's servers differ: Tomcat 20 s (60 s in Spring Boot), Jetty 30 s.
IDLE = (
    Idle("node", 5, "server.keepAliveTimeout"),
    Idle("gunicorn", 2, "gunicorn --keep-alive"),
    Idle("apache2", 5, "KeepAliveTimeout"),
    Idle("httpd", 5, "KeepAliveTimeout"),
    Idle(
        "uvicorn",
        5,
        "uvicorn --timeout-keep-alive",
        "'Invalid HTTP request received'   # on %s: as often as requests fail? Then no time helps: update uvicorn and httptools; until then no keepalive",
    ),
    Idle("puma", 20, "persistent_timeout in config/puma.rb"),
    Idle(
        "java",
        None,
        "keepAliveTimeout of Tomcat's Connector, server.tomcat.keep-alive-timeout of Spring Boot, idleTimeout of Jetty",
    ),
    Idle("dotnet", 130, "Kestrel's Limits.KeepAliveTimeout"),
)
OTHERS = "server.keepAliveTimeout of Node.js, gunicorn --keep-alive, keepAliveTimeout of Tomcat"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.hops:
        kept = next((how for how in (kept_alive(hop, route) for route in hop.routes) if how), None)
        records = lost(hop) if kept and hop.answers and not hop.failing else []
        if kept and records and not outlasts(hop):
            yield race(hop, kept, records)


def kept_alive(hop: Hop, route: Route) -> str | None:
    """What makes nginx keep connections to this hop, in words; None where it does not keep them."""
    name = route["pass"].get("upstream")
    upstream = (hop.proxy.config.get("upstreams") or {}).get(name or "")
    keeps = or_empty(upstream).get("keepalive")
    if hop.family == "fastcgi":
        return "keepalive and fastcgi_keep_conn" if keeps and first_arg(route, "fastcgi_keep_conn") == "on" else None
    http_version = first_arg(route, "proxy_http_version")
    if hop.proxy.keeps_by_default:
        default = "nginx %s keeps connections unless it is set not to" % hop.proxy.nginx["version"]
        return default if http_version != "1.0" else None
    closing = {name.lower(): value for name, value in route["params"].items()}.get("connection", "close")
    return "keepalive in upstream %s" % name if keeps and http_version == "1.1" and not closing else None


def kept_for(hop: Hop) -> float:
    """Seconds for which nginx keeps an idle connection of this hop."""
    given = or_empty(upstream_of(hop)).get("keepalive_timeout")
    return (nginx_seconds(given) if given else None) or KEPT


def upstream_of(hop: Hop) -> UpstreamFacts | None:
    return (hop.proxy.config.get("upstreams") or {}).get(hop.routes[0]["pass"].get("upstream") or "")


def outlasts(hop: Hop) -> bool:
    """Whether the backend keeps idle connections for longer than nginx is set to, as far as its program is known: then it is no race."""
    idle = idle_of(hop)
    given = or_empty(upstream_of(hop)).get("keepalive_timeout")
    return bool(given and idle and idle.seconds and idle.seconds > kept_for(hop))


def idle_of(hop: Hop) -> Idle | None:
    """What is known of the program that listens behind a hop; None where it cannot be seen, or is another one."""
    listener = hop.backend.listener(hop.destination) if hop.backend and hop.tried else None
    process = or_empty(listener).get("process") or ""
    return next((one for one in IDLE if process.startswith(one.process)), None)


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
    idle = idle_of(hop)
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
        why="%s closes idle connections sooner than nginx does (after %.0f s), and nginx may not send a POST twice"
        % (described(hop), kept_for(hop)),
        advice=(
            *misread(hop, idle),
            shorter(hop),
            "# or a longer idle time there: %s" % (idle.setting if idle else OTHERS),
            "# or no keepalive: `keepalive 0` or `proxy_http_version 1.0`; that takes a new connection for each request",
            "# do not set proxy_next_upstream non_idempotent: it sends orders and payments twice",
        ),
    )


def misread(hop: Hop, idle: Idle | None) -> tuple[str, ...]:
    """How to see whether the program hangs up as it has misread a request; empty where it is not known to do so, or no unit has it."""
    listener = hop.backend.listener(hop.destination) if hop.backend and hop.tried else None
    unit = or_empty(listener).get("unit")
    if not idle or not idle.misread or not unit:
        return ()
    return ("journalctl -u %s --since -1h | grep -c %s" % (shlex.quote(str(unit)), idle.misread % hop.on),)


def shorter(hop: Hop) -> str:
    """The setting with which nginx closes idle connections before the backend does, and where it belongs."""
    upstream, idle = upstream_of(hop), idle_of(hop)
    if upstream is None:
        return "# an upstream{} for it with `keepalive_timeout` below the idle time of the backend"
    wanted = (
        "below the %d s of %s" % (idle.seconds, idle.process)
        if idle and idle.seconds
        else "below the idle time of the backend"
    )
    if idle and idle.seconds and idle.seconds < kept_for(hop):
        wanted = "%ds;, %s" % (max(1, idle.seconds - 1), wanted)
    return "# in upstream %s (%s on %s): keepalive_timeout %s" % (
        hop.routes[0]["pass"]["upstream"],
        file_and_line(upstream["place"]),
        hop.proxy.name,
        wanted,
    )


def lost_evidence(record: LogRecord) -> Evidence:
    request = or_empty(record["request"])
    return Evidence("log", "%s, %s %s" % (log_evidence(record).text, request["method"], request["path"]))


def idle_evidence(hop: Hop) -> tuple[Evidence, ...]:
    """How long the backend keeps an idle connection by default, where its program is known."""
    idle = idle_of(hop)
    if not idle or not idle.seconds:
        return ()
    text = "%s closes an idle connection after %d seconds unless it is set otherwise; nginx keeps it for %.0f"
    return (Evidence("process", text % (idle.process, idle.seconds, kept_for(hop)), 0.3),)


CAUSE = Cause(
    name="keepalive_race",
    title="The backend closes kept connections before nginx does",
    says="the backend at {subject} closes idle keepalive connections before {proxy}'s nginx does",
    find=find,
    outdoes=(CLOSED, RESET),
)
