# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which URLs of its nginx a host is asked for.

Private to this collection: it may change in any release.
"""

import itertools
import re
import urllib.parse
from typing import TYPE_CHECKING, Collection, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_number
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import URLS, Ask, without_credentials
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.from_outside import from_outside
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    USUAL_PORTS,
    Door,
    Doors,
    Failed,
    is_host,
    is_plain,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import sample
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

#: How often a URL is asked that has failed: one failure in ten shows itself then. So many URLs are asked so often.
OFTEN, OFTEN_ASKED = 30, 3
#: Servers without a route that are asked: those beside the sick one.
BESIDE = 20
_CATCH_ALL = ("_", "")
_LITERAL_NAME = re.compile(r"\A[A-Za-z0-9-][A-Za-z0-9_.-]*\Z")
_UNUSED_NAME = "bad-gateway-probe"


def urls_to_ask(
    doors: Doors,
    failed: Sequence[Failed],
    urls: Sequence[str] = (),
    limit: int = URLS,
    addresses: Optional[Collection[str]] = None,
) -> List[Ask]:
    """What to ask; route is the id of the route that the URL takes, or None.

    urls: those of the user, and then no others; one that this host does not serve is left out, as is the number of another host where
    the host's own addresses are given. Else requests that the log shows failing, those of no route's own URL as a visitor makes them, and
    one URL for each route.
    """
    if urls:
        found = [ask for ask in (_given(doors, url, addresses) for url in urls) if ask]
    else:
        own = _Routes(doors, list(dict.fromkeys(one.logged.path for one in failed)), addresses).asks()
        known = {ask.url for ask in own}
        again = [_again(doors, one, known, addresses) for one in failed]
        half = max(1, limit // 2)
        found = again[:half] + own + again[half:]
    unique = {(ask.url, ask.connect): ask for ask in reversed(found)}
    asks = list(reversed(list(unique.values())))[:limit]
    return asks[:OFTEN_ASKED] + [ask._replace(times=1) for ask in asks[OFTEN_ASKED:]]


def urls_beside(doors: Doors, limit: int = BESIDE) -> List[Ask]:
    """The first page of each server that passes nothing on: a change must not make it worse."""
    servers = [server for server in doors.routing.servers if server["id"] not in doors.passing]
    routes = _Routes(doors, ())
    named = (routes.name(server) for server in servers[:limit])
    return [_ask(one.door.url(one.name, "/"), one.door, None) for one in named if one]


def _ask(url: str, door: Door, route: "Optional[Route]", method: str = "GET") -> Ask:
    return Ask(without_credentials(url), door.connect, method, door.proxy_protocol, route["id"] if route else None)


def _given(doors: Doors, url: str, addresses: Optional[Collection[str]]) -> Optional[Ask]:
    """The user's URL, where a server of this host answers to its name and port."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port or USUAL_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if addresses is not None and is_number(host) and host not in addresses:
        return None
    routing = doors.routing
    ways = [
        way
        for way in doors.ways("[%s]" % host if ":" in host else host, parts.scheme, port)
        if _serves(routing, way.server, host)
    ]
    if not ways:
        return None
    way = min(ways, key=lambda way: not routing.answers_to(way.server, host))
    return _ask(url, way.door, routing.route_for(way.server, parts.path or "/"))


def _serves(routing: Routing, server: "BlockFacts", host: str) -> bool:
    """Whether the server is there for this name, or for any; a default server that has other names is not."""
    return (
        host == "localhost"
        or is_number(host)
        or routing.answers_to(server, host)
        or any(name in server["server_names"] for name in _CATCH_ALL)
    )


def _again(doors: Doors, failed: Failed, known: Collection[str], addresses: Optional[Collection[str]]) -> Ask:
    path = failed.logged.path
    url = failed.door.url(failed.host, path)
    door = failed.door if url in known else from_outside(doors, failed.server, failed.door, addresses)
    return _ask(url, door, doors.routing.route_for(failed.server, path), failed.logged.method)._replace(times=OFTEN)


class _Name(NamedTuple):
    """A name that leads to a server, and the door where it does."""

    name: str
    door: Door


class _Routes:
    """Finds a URL for each route. paths: of requests that failed, to try where a location is an expression; addresses: the host's."""

    def __init__(self, doors: Doors, paths: Sequence[str], addresses: Optional[Collection[str]] = None) -> None:
        self.doors = doors
        self.addresses = addresses
        self.routing = doors.routing
        self.known_paths = paths
        self.blocks = self.routing.blocks
        self.falling_back: "Dict[Tuple[int, str], List[BlockFacts]]" = {}
        for block in self.blocks.values():
            if block["name"] == "location" and block["fallback"] and block["modifier"] != "@":
                server = self.routing.server_of(block)
                self.falling_back.setdefault((server["id"], block["fallback"]), []).append(block)

    def asks(self) -> List[Ask]:
        found = []
        for route in self.routing.config["routes"]:
            server = self.routing.server_of(self.blocks[route["block"]])
            path = None if server["returns"] else self.path(server, route)
            named = self.name(server) if path else None
            if path and named:
                url, door = named.door.url(named.name, path), named.door
                if path in self.known_paths and route["location"]["modifier"] in ("~", "~*", "@"):
                    door = from_outside(self.doors, server, door, self.addresses)
                found.append(_ask(url, door, route))
        return found

    def name(self, server: "BlockFacts") -> Optional[_Name]:
        """A name that leads to the server: a literal one first, then one that fits a pattern; for a default server its address."""
        names = [name for name in server["server_names"] if _LITERAL_NAME.match(name)]
        names += [made for name in server["server_names"] for made in _names_like(name)]
        addresses = [listen.get("address", "") for listen in server["listens"]]
        names += [address for address in addresses if is_number(address.strip("[]")) and address != "[::]"]
        for name in [*names, "localhost", "127.0.0.1", _UNUSED_NAME]:
            door = self.doors.door(server, name) if is_host(name) else None
            if door:
                return _Name(name, door)
        return None

    def path(self, server: "BlockFacts", route: "Route") -> Optional[str]:
        """A path that nginx takes to this very route."""
        block = self.blocks[route["block"]]
        while block["name"] == "if" and block["parent"] is not None:
            block = self.blocks[block["parent"]]
        if block["name"] != "location" or block["returns"] or (block["internal"] and block["modifier"] != "@"):
            return None
        candidates = (path for path in self.candidates(server, block, route) if is_plain(path))
        return next((path for path in candidates if self.leads_to(server, path, block)), None)

    def leads_to(self, server: "BlockFacts", path: str, block: "BlockFacts") -> bool:
        if self.routing.location_for(server, path) is block:
            return True
        route = self.routing.route_for(server, path)
        return route is not None and route["block"] == block["id"]

    def candidates(self, server: "BlockFacts", block: "BlockFacts", route: "Route") -> Iterator[str]:
        """Paths that may lead to a location."""
        modifier, path = block["modifier"], block["path"]
        if modifier == "@":
            for owner in self.falling_back.get((server["id"], path), []):
                yield from self.candidates(server, owner, route)
        elif modifier in ("~", "~*"):
            scripts = ["/" + name.lstrip("/") for name in route["index"]]
            made = sample(path, modifier == "~*", "/")
            yield from itertools.chain(scripts, ["/index.php"], self.known_paths, [made] if made else [])
        else:
            quoted = urllib.parse.quote(path, safe="/!$&'()*+,;=:@~")
            yield from (quoted, quoted + _UNUSED_NAME)


def _names_like(name: str) -> List[str]:
    """Names that a pattern of server_name stands for."""
    if name.startswith("~"):
        made = sample(name[1:], True)
        return [made] if made else []
    if name.startswith("."):
        return [name[1:]]
    if name.startswith("*."):
        return ["www" + name[1:], _UNUSED_NAME + name[1:]]
    return [name[:-1] + "example"] if name.endswith(".*") else []
