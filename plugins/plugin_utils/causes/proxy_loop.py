# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx passes a request on to itself, over one host or several, until connections, files or time run out.

Signatures: nginx_worker_connections, nginx_open_files, upstream_read_timeout, ephemeral_ports_exhausted.

Looked at: where each way of a request leads, over all proxies of the run, and the limits that it uses up.

Done: nothing is changed: the directives that make the circle are named.

A quick fix: more connections and files let the circle turn longer before it ends in the same error.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import answer_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._asks_itself import by_the_visitors_name
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

#: Passes that are followed. One that comes to the same place with the same name as often as TURNS goes round.
MOST_PASSES = 30
TURNS = 3
#: What nginx takes for the name that it was asked for.
AS_ASKED = ("$host", "$http_host")


class Pass(t.NamedTuple):
    """A request that a proxy passes on: its route there, the name and the path that it was asked for, and over which hop it goes."""

    proxy: Host
    route: Route
    name: str
    path: str
    hop: Hop

    @property
    def place(self) -> tuple[str, int, str]:
        """What is the same when a request comes round."""
        return self.proxy.name, self.route["id"], self.name

    def __str__(self) -> str:
        return "%s: %s passes %s%s to %s" % (
            self.proxy.name,
            file_and_line(self.route["pass"]["place"]),
            self.name,
            self.path,
            self.hop.address,
        )


class Follower:
    """Follows requests from proxy to proxy."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.known: dict[str, Routing] = {}

    def routing(self, proxy: Host) -> Routing | None:
        """Where nginx's configuration sends requests; None where there is no nginx."""
        if proxy.name not in self.known and proxy.config.get("routes"):
            self.known[proxy.name] = Routing(proxy.config)
        return self.known.get(proxy.name)

    def round_trip(self, proxy: Host, answer: Answer) -> list[Pass]:
        """The passes of one turn of the loop that a URL goes into; empty where it ends somewhere, or where that is not known."""
        url = urllib.parse.urlsplit(answer["url"])
        routing = self.routing(proxy)
        route = routing.routes.get(answer.get("route")) if routing else None
        made = self.passed(proxy, route, url.netloc, url.path or "/") if route else None
        passes: list[Pass] = []
        while made and len(passes) < MOST_PASSES:
            passes.append(made)
            turns = [number for number, one in enumerate(passes) if one.place == made.place]
            if len(turns) == TURNS:
                return passes[turns[-2] : turns[-1]]
            made = self.next_pass(made)
        return []

    def passed(self, proxy: Host, route: Route, name: str, path: str) -> Pass | None:
        """The request as a route passes it on, over a hop to a host of this run."""
        hops = (hop for hop in self.fleet.hops_of(proxy) if route["id"] in hop.route_ids)
        hop = next((hop for hop in hops if hop.backend and hop.scheme in ("http", "https", "grpc", "grpcs")), None)
        return Pass(proxy, route, name, path, hop) if hop else None

    def next_pass(self, made: Pass) -> Pass | None:
        """What the nginx behind the hop does with it; None where none listens there, or where it answers itself."""
        backend, name = made.hop.backend, sent_name(made)
        routing = self.routing(backend) if backend else None
        if backend is None or routing is None or name is None:
            return None
        path, at = sent_path(made), made.hop.real_address
        for address in (at, *made.hop.tried_addresses):
            server = routing.server_for(*socket_of(address), name)
            route = routing.route_for(server, path) if server else None
            if route:
                return self.passed(backend, route, name, path)
        return None


def socket_of(address: Address) -> tuple[str, int]:
    """The socket as nginx's listen has it."""
    return (address.path, 0) if address.is_unix else (address.host, address.port)


def sent_name(made: Pass) -> str | None:
    """The Host header that is sent upstream; None where its value is not known."""
    target = urllib.parse.urlsplit(made.route["pass"]["target"]).netloc
    given = {name.lower(): value for name, value in made.route["params"].items()}
    if "host" not in given:
        return target if "$" not in target else None
    value = given["host"] or ""
    if value in AS_ASKED:
        return made.name
    if value == "$proxy_host":
        return target
    if value == "$server_name":
        return next(iter(made.route["server_names"]), None)
    return value if value and "$" not in value else None


def sent_path(made: Pass) -> str:
    """The path that is sent upstream: a URI in proxy_pass replaces what the location has matched."""
    uri, location = made.route["pass"]["uri"], made.route["location"]
    if not uri or location["modifier"] in ("~", "~*", "@"):
        return made.path
    return uri + made.path[len(location["path"]) :]


def find(fleet: Fleet) -> t.Iterator[Finding]:
    follower = Follower(fleet)
    for proxy in fleet.proxies():
        named = list(by_the_visitors_name(proxy, CAUSE.name))
        seen = {route for finding in named for route in finding.routes}
        yield from named
        for answer in unwell(proxy):
            route = answer.get("route")
            if route is not None and route not in seen:
                seen.add(route)
                turn = follower.round_trip(proxy, answer)
                if turn:
                    yield loop(proxy, answer, route, turn)


def unwell(proxy: Host) -> list[Answer]:
    """The answers of nginx that are errors of a server. One request comes by so often in a loop that the log need not show which line this one made."""
    mine = [answer for answer in proxy.answers if answer.get("from", "host") == "host"]
    return [answer for answer in mine if answer_fails(answer) or (answer.get("status") or 0) >= 500]


def loop(proxy: Host, answer: Answer, route: int, turn: list[Pass]) -> Finding:
    """turn: the passes of one turn, of which each leads to the next and the last one to the first."""
    mine = {one.route["id"] for one in turn if one.proxy is proxy}
    where = ", ".join(
        dict.fromkeys("%s %s" % (one.proxy.name, file_and_line(one.route["pass"]["place"])) for one in turn)
    )
    return Finding(
        cause=CAUSE.name,
        seen_from=proxy.name,
        on=turn[0].proxy.name,
        subject=where,
        evidence=(answer_evidence(answer), *(Evidence("config", str(one), 0.8) for one in turn)),
        says="nginx on %s passes the request on to itself (%s)"
        % (" and ".join(dict.fromkeys(one.proxy.name for one in turn)), where)
        if len(turn) == 1
        else "the request goes round between %s" % " and ".join(dict.fromkeys(one.proxy.name for one in turn)),
        why="the request goes round until something runs out (%s): no limit is large enough for that" % where,
        advice=(
            "# point one of these at the application itself, or give the name %s a server of its own that answers it"
            % turn[0].name,
            "grep -n '%s' /etc/hosts; getent ahosts %s   # on %s: does a name lead back to nginx?"
            % (turn[0].hop.address.host, turn[0].hop.address.host, turn[0].proxy.name)
            if turn[0].hop.address.is_name
            else "ss -Hltnp 'sport = :%d'   # on %s: who was meant to listen there?"
            % (turn[0].hop.address.port, turn[0].hop.on),
        ),
        routes=frozenset({route, *mine}),
    )


CAUSE = Cause(
    name="proxy_loop",
    title="nginx passes the request on to itself",
    says="nginx passes requests for {subject} on to itself",
    find=find,
    outdoes=(
        "nginx_worker_connections",
        "nginx_open_files",
        "ephemeral_ports_exhausted",
        "upstream_returned_502",
        "slow_upstream",
        "upstream_closed_prematurely",
        "upstream_connection_reset",
        "response_header_too_big",
        "no_live_upstreams",
        "upstream_failed",
        "transient",
    ),
)
