# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look asks of a host that it has read: URLs of its nginx, upstreams, names.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import URLS, Ask, ask_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.from_outside import from_outside, with_care
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.own_urls import OwnUrls
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstreams_to_reach import (
    PeerRequest,
    peer_requests,
    upstreams_to_reach,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.urls_to_ask import urls_beside, urls_to_ask
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    Doors,
    Failed,
    Logged,
    door_of,
    is_plain,
    logged_requests,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstream_request import PORT

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstreams_to_reach import UpstreamToReach
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import NginxConfig


class Questions(NamedTuple):
    """What to ask. beside: for servers that pass nothing on. requests: what nginx would send to each upstream of the routes of these URLs, by the URL."""

    urls: List[Ask]
    beside: List[Ask]
    upstreams: "List[UpstreamToReach]"
    requests: Dict[str, List[PeerRequest]]
    names: List[str]
    resolvers: List[str]


def what_to_ask(
    facts: "GatewayFacts",
    routing: Routing,
    urls: Sequence[str],
    again: "Sequence[Mapping[str, object]]" = (),
    ask_logged: bool = True,
) -> Questions:
    """The questions for a host whose nginx runs. urls: of the user, and then no others. again: answers of an earlier look, whose URLs are
    asked once more so that both can be compared. ask_logged: whether requests that only the log names are made again, too."""
    doors = Doors(routing, facts["listeners"])
    own = OwnUrls(doors)
    records = [record for record in facts["log"]["records"] if record["kind"] == "nginx"] if ask_logged else []
    addresses = facts["system"]["addresses"]
    failed = with_care(own, doors.failed(logged_requests(records)), urls, bool(again), addresses)
    asked = with_earlier(urls_to_ask(own, failed, urls, URLS, addresses), again)
    names, resolvers = names_to_resolve(routing.config)
    version = facts["nginx"]["version"] if facts["nginx"] else ""
    outside = [one._replace(door=from_outside(doors, one.server, one.door, addresses)) for one in failed]
    upstreams = upstreams_to_reach(routing, outside, version)
    return Questions(asked, urls_beside(doors), upstreams, requests_of(routing, asked, version), names, resolvers)


def with_earlier(asked: Sequence[Ask], answers: "Sequence[Mapping[str, object]]") -> List[Ask]:
    """The URLs of earlier answers first, then those that are new."""
    earlier = [ask_of(answer) for answer in answers if answer.get("from") == "host"]
    urls = {ask.url for ask in earlier}
    return [*earlier, *(ask for ask in asked if ask.url not in urls)][:URLS]


def requests_of(routing: Routing, asked: Sequence[Ask], version: str = "") -> Dict[str, List[PeerRequest]]:
    """For each URL what nginx would send to each upstream of its route: used where the URL turns out to fail."""
    found: Dict[str, List[PeerRequest]] = {}
    for ask in asked:
        route = routing.routes.get(ask.route)
        for address in route["peers"] if route else []:
            failed = as_failed(routing, ask, address)
            found.setdefault(ask.url, []).extend(peer_requests(routing, failed, version) if failed else ())
    return found


def as_failed(routing: Routing, ask: Ask, upstream: str) -> Optional[Failed]:
    """The request for this URL as if it had failed over this upstream; None where its path is not one to ask upstream for."""
    server = routing.server_of(routing.blocks[routing.routes[ask.route]["block"]])
    scheme, _colon, rest = ask.url.partition("://")
    host, _slash, path = rest.partition("/")
    logged = Logged(host, None, ask.method, "/" + path.partition("?")[0], upstream)
    doors = [door_of(listen) for listen in server["listens"]]
    name = PORT.sub("", host)
    door = next((door for door in doors if door.connect == ask.connect), None)
    if door is None and ask.connect:  # it listens on all addresses, and is asked at another one than the loopback's
        port = read_address(ask.connect).port
        same = (door for door in doors if (door.scheme, door.port) == (scheme, port))
        door = next((door._replace(connect=ask.connect) for door in same), None)
    return Failed(logged, server, door, name) if door and is_plain(logged.path) else None


def names_to_resolve(config: "NginxConfig") -> Tuple[List[str], List[str]]:
    """Host names of upstreams; and the resolvers to ask for them, where nginx itself asks at run time."""
    peers = [read_address(address) for route in config["routes"] for address in route["peers"]]
    at_run_time = any(route["pass"]["variable"] for route in config["routes"])
    at_run_time |= any(server["resolve"] for one in config["upstreams"].values() for server in one["servers"])
    resolvers = [address for resolver in config["resolvers"] for address in resolver["addresses"]]
    names = dict.fromkeys(peer.host for peer in peers if peer.is_name)
    return list(names), list(dict.fromkeys(resolvers)) if at_run_time else []
