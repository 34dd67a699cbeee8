# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx asks no peer of an upstream: they failed and answer again, are as busy as they may be, or its configuration or own health check takes them out.

Signatures: no_live_upstreams.

Looked at: the peers of the upstream block, how each answers now, and what the configuration says of them.

Done: nginx is reloaded where the peers answer again, which forgets that they failed; advice where the configuration or a health check takes them out.

A quick fix: max_fails=0 sends every request to a peer that is dead, too.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import answer_evidence, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.set_aside import FAIL_TIMEOUT
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._templated_upstreams import (
    is_nobody,
    nobody,
    without_a_port,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import (
        UpstreamCheck,
        UpstreamServer,
    )

SIGNATURE = "no_live_upstreams"
#: nginx's own, where a server line sets none.
MAX_FAILS = "1"
SHOWN = 3


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        failing = {answer.get("route") for answer in proxy.failing if answer.get("signature") == SIGNATURE}
        for route in proxy.config.get("routes") or []:
            servers = servers_of(proxy, route)
            hops = [hop for hop in fleet.hops_of(proxy) if route["id"] in hop.route_ids]
            if route["id"] not in failing:
                again = were_busy(proxy, route, servers, hops)
                if again:
                    yield busy_at_times(proxy, route, servers, again)
            elif servers and all(server["down"] for server in servers):
                yield (nobody_found if is_nobody(proxy, servers) else marked_down)(proxy, route, servers)
            elif any(or_empty(hop.reach).get("connected") for hop in hops):
                check = check_of(proxy, route)
                yield checked_out(proxy, route, servers, check) if check else set_aside(proxy, route, servers, hops)


def servers_of(proxy: Host, route: Route) -> list[UpstreamServer]:
    """The servers of the route's upstream{}; empty where it has none."""
    upstream = (proxy.config.get("upstreams") or {}).get(route["pass"]["upstream"] or "")
    return list(or_empty(upstream).get("servers") or [])


def check_of(proxy: Host, route: Route) -> UpstreamCheck | None:
    """How nginx itself checks the servers of the route's upstream{}, where it does."""
    upstream = (proxy.config.get("upstreams") or {}).get(route["pass"]["upstream"] or "")
    return or_empty(upstream).get("check")


def were_busy(proxy: Host, route: Route, servers: list[UpstreamServer], hops: list[Hop]) -> list[LogRecord]:
    """What nginx's log has of requests that found all servers as busy as max_conns lets them be, since nginx read its configuration; none where one failed."""
    again = [
        record
        for record in proxy.records
        if record["signature"] == SIGNATURE
        and record["last"] >= proxy.config_read
        and named_by(record) == route["pass"]["upstream"]
    ]
    if not again or any(hop.failing or hop.records for hop in hops):
        return []
    up = [server for server in servers if not server["down"]]
    return again if up and all("max_conns" in server["parameters"] for server in up) else []


def named_by(record: LogRecord) -> str:
    """The name of the upstream{} in a line of nginx."""
    text = or_empty(record.get("upstream")).get("text") or ""
    return text.partition("://")[2].partition("/")[0].partition(":")[0]


def busy_at_times(proxy: Host, route: Route, servers: list[UpstreamServer], again: list[LogRecord]) -> Finding:
    """Nothing fails now: the limit is reached when many ask at once."""
    name = route["pass"]["upstream"]
    count = sum(record["count"] for record in again)
    seen = [log_evidence(record) for record in again[:SHOWN]]
    seen += [Evidence("config", text, 0.7) for text in [rules(name or "", servers)] if text]
    return on_route(
        proxy,
        route,
        seen,
        says="every server of upstream %s is at times as busy as max_conns lets it be on %s" % (name, proxy.name),
        why="%d request(s) found every server of upstream %s with as many connections as max_conns allows: nginx asks nobody then, and has no queue"
        % (count, name),
        recurs="%d request(s) in the log" % count,
        advice=busy_advice([server for server in servers if not server["down"]]),
    )


def on_route(proxy: Host, route: Route, evidence: t.Iterable[Evidence], **more: t.Any) -> Finding:
    """A finding about the upstream of a route."""
    answers = [
        answer_evidence(answer)
        for answer in proxy.failing
        if answer.get("route") == route["id"] and answer.get("signature") == SIGNATURE
    ]
    return Finding(
        cause=SIGNATURE,
        seen_from=proxy.name,
        on=proxy.name,
        subject="upstream %s" % (route["pass"]["upstream"] or route["pass"]["target"]),
        evidence=(*answers[:SHOWN], *evidence),
        routes=frozenset({route["id"]}),
        **more,
    )


def marked_down(proxy: Host, route: Route, servers: list[UpstreamServer]) -> Finding:
    """Somebody has taken all servers out: that is left as it is."""
    where = ", ".join(file_and_line(server["place"]) for server in servers)
    return on_route(
        proxy,
        route,
        [
            Evidence(
                "config", "all servers of upstream %s are marked down: %s" % (route["pass"]["upstream"], where), 0.9
            )
        ],
        says="all servers of upstream %s are marked down in nginx's configuration on %s"
        % (route["pass"]["upstream"], proxy.name),
        why="an administrator has marked all servers of upstream %s down (%s)" % (route["pass"]["upstream"], where),
        advice=(
            "# take `down` off a server that may serve again, then:",
            "nginx -t && systemctl reload nginx   # on %s" % proxy.name,
        ),
    )


def nobody_found(proxy: Host, route: Route, servers: list[UpstreamServer]) -> Finding:
    """A template has written that there is nobody to ask: no administrator has taken anybody out."""
    name, where = route["pass"]["upstream"] or "", file_and_line(servers[0]["place"])
    found = without_a_port(proxy, name, servers) or nobody(proxy, name, where)
    down = read_address(servers[0]["address"]).host
    return on_route(
        proxy,
        route,
        [Evidence("config", "upstream %s has `server %s down` alone: %s" % (name, down, where), 0.9), *found.evidence],
        says="what writes nginx's configuration on %s has found no container to ask for upstream %s"
        % (proxy.name, name),
        why=found.words,
        advice=found.advice,
    )


def checked_out(proxy: Host, route: Route, servers: list[UpstreamServer], check: UpstreamCheck) -> Finding:
    """The peers take connections, and nginx's own health check is not content with what they answer. A reload would begin with no server at all."""
    name, where, wants = route["pass"]["upstream"] or "", file_and_line(check["place"]), " ".join(check["expects"])
    asked, at = check["send"].partition("\r")[0], read_address(servers[0]["address"])
    why = "nginx's own health check at %s has taken every server of upstream %s out" % (where, name)
    advice: tuple[str, ...] = ()
    if check["type"] == "http" and at.port:
        why += ": they are to answer %s with %s" % (asked, wants)
        typed = check["send"].replace("%", "%%").replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")
        advice = (
            "printf %s | nc -w 3 %s %d | head -n 1   # on %s: is that one of %s?"
            % (shlex.quote(typed), at.host, at.port, proxy.name, wants),
            "# check_http_send has to ask for a page that needs no Host and no login; HTTP/1.1 without a Host is a 400",
        )
    return on_route(
        proxy,
        route,
        [Evidence("config", "%s: check type=%s in upstream %s" % (where, check["type"], name), 0.8)],
        says="nginx's own health check has taken every server of upstream %s out on %s" % (name, proxy.name),
        why=why,
        advice=(
            *advice,
            "grep -E 'check (time out|peer|protocol)' %s | tail   # on %s: what it says of them"
            % (shlex.quote((proxy.nginx.get("error_logs") or ["/var/log/nginx/error.log"])[0]), proxy.name),
            "# default_down=false behind `check` at %s: after a start and a reload servers take requests before they are checked"
            % where,
        ),
    )


def set_aside(proxy: Host, route: Route, servers: list[UpstreamServer], hops: list[Hop]) -> Finding:
    """The peers take connections, and nginx asks none of them."""
    name = route["pass"]["upstream"] or route["pass"]["target"]
    up = [server for server in servers if not server["down"]]
    records = sorted(
        (record for hop in hops for record in hop.records if record["signature"] != SIGNATURE),
        key=lambda record: -record["last"],
    )
    alive = [hop for hop in hops if or_empty(hop.reach).get("connected")]
    seen = [log_evidence(record) for record in records[:SHOWN]]
    seen += [Evidence("probe", "%s takes connections from %s" % (hop.address, proxy.name)) for hop in alive[:SHOWN]]
    seen += [Evidence("config", text) for text in [rules(name, up)] if text]
    busy = up and all("max_conns" in server["parameters"] for server in up) and not records
    remedy: Remedy | None = None
    if not busy:
        remedy = remedies.upstream_dns(
            note="its peers take connections again: a reload makes nginx forget that they failed"
        )
    return on_route(
        proxy,
        route,
        seen,
        remedy=remedy,
        why="every server of upstream %s may have as many connections as max_conns allows: nginx sends them no more"
        % name
        if busy
        else "",
        advice=busy_advice(up) if busy else lasting_advice(up),
    )


def rules(name: str, servers: list[UpstreamServer]) -> str:
    """What the configuration says of when servers are set aside, and for how long; empty for a proxy_pass without upstream{}."""
    said = [
        "%s: max_fails=%s fail_timeout=%s%s"
        % (
            file_and_line(server["place"]),
            server["parameters"].get("max_fails", MAX_FAILS),
            server["parameters"].get("fail_timeout", FAIL_TIMEOUT),
            " max_conns=%s" % server["parameters"]["max_conns"] if "max_conns" in server["parameters"] else "",
        )
        for server in servers[:SHOWN]
    ]
    return "upstream %s sets a server aside by %s" % (name, "; ".join(said)) if said else ""


def lasting_advice(servers: list[UpstreamServer]) -> tuple[str, ...]:
    """What keeps it from coming back: whoever failed, and nginx's patience."""
    where = ", ".join(dict.fromkeys(file_and_line(server["place"]) for server in servers[:SHOWN]))
    if not servers:
        return (
            "# one failed request sets an address aside for 10 seconds; an upstream{} with max_fails=0 on its server never does",
        )
    return (
        "# without a reload nginx asks them again after fail_timeout",
        "# what lasts: a second server that does not fail at the same time, or max_fails=0, with which nginx goes on asking; at %s"
        % where,
    )


def busy_advice(servers: list[UpstreamServer]) -> tuple[str, ...]:
    """What lets more requests through."""
    where = ", ".join(file_and_line(server["place"]) for server in servers[:SHOWN])
    return ("# raise max_conns where the backend has more workers than that, or add servers; at %s" % where,)


CAUSE = Cause(
    name=SIGNATURE,
    title="nginx has no peer that it would ask",
    says="{proxy}'s nginx has set all servers of {subject} aside, as requests to them failed",
    find=find,
    yields_to=("*",),
    outdoes=("transient", "upstream_failed"),
)
