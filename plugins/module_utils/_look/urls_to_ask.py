# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which URLs of its nginx a host is asked for.

Private to this collection: it may change in any release.
"""

import urllib.parse
from typing import TYPE_CHECKING, Collection, List, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_number
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import URLS, Ask, without_credentials
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.from_outside import from_outside
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.own_urls import OwnUrl, OwnUrls, name_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    USUAL_PORTS,
    Door,
    Doors,
    Failed,
    Logged,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.room import in_turns

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

#: How often a URL is asked that has failed: one failure in ten shows itself then. So many URLs are asked so often.
OFTEN, OFTEN_ASKED = 30, 3
#: Servers without a route that are asked: those beside the sick one.
BESIDE = 20
_CATCH_ALL = ("_", "")


def urls_to_ask(
    own: OwnUrls,
    failed: Sequence[Failed],
    urls: Sequence[str] = (),
    limit: int = URLS,
    addresses: Optional[Collection[str]] = None,
) -> List[Ask]:
    """What to ask; route is the id of the route that the URL takes, or None.

    urls: those of the user, and then no others; one that this host does not serve is left out, as is the number of another host where
    the host's own addresses are given. Else requests that the log shows failing, those of no route's own URL as a visitor makes them, and
    one URL for each route, of which an example of its pattern gives way to what the log has, and some of each server where there are too many.
    Where nginx mirrors requests,
    only a route's own URL is asked, once.
    """
    doors = own.doors
    if urls:
        found = [ask for ask in (_given(doors, url, addresses) for url in urls) if ask]
    else:
        known = {one.url for one in own.found if not one.does_work}
        again = [_again(doors, one, known, addresses) for one in failed]
        logged = {ask.route: one.logged for ask, one in zip(reversed(again), reversed(failed))}
        routes = [
            _of_route(doors, one, logged.get(one.route["id"]), addresses) for one in _some_of_each(own.found, limit)
        ]
        again = [ask for ask in again if ask.url in known or not _mirrored(doors, ask)]
        half = max(1, limit // 2)
        found = again[:half] + routes + again[half:]
    unique = {(ask.url, ask.connect): ask for ask in reversed(found)}
    asks = list(reversed(list(unique.values())))[:limit]
    often = [ask for ask in asks if not _mirrored(doors, ask)][:OFTEN_ASKED]
    return [ask if ask in often else ask._replace(times=1) for ask in asks]


def _some_of_each(found: Sequence[OwnUrl], limit: int) -> Sequence[OwnUrl]:
    """The URLs of routes in order. Where there are more than are asked, servers, and the files that these stand in, give one after the other in turns:
    neither a server nor a file of one customer takes the place of all others."""
    if len(found) <= limit:
        return found
    by_server = in_turns(found, lambda one: one.server["id"])
    return in_turns(by_server, lambda one: one.server["place"]["file"])


def _mirrored(doors: Doors, ask: Ask) -> bool:
    """Whether nginx copies what it is asked for to somebody else as well, who may act upon each copy."""
    route = doors.routing.routes.get(ask.route)
    return bool(route and route["mirrored"])


def urls_beside(doors: Doors, limit: int = BESIDE) -> List[Ask]:
    """The first page of each server that passes nothing on: a change must not make it worse."""
    servers = [server for server in doors.routing.servers if server["id"] not in doors.passing]
    named = (name_of(doors, server) for server in servers[:limit])
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


def _of_route(doors: Doors, own: OwnUrl, logged: Optional[Logged], addresses: Optional[Collection[str]]) -> Ask:
    """A route's own URL. Where that is only an example of its pattern, what the log has of the route is a better one. Where work is done, or by a
    script that nobody has seen failing, it is asked as visitors ask, and with HEAD."""
    name, door = own.name
    is_better = own.path.is_example and logged
    if not (is_better or own.does_work or (own.is_script and not logged)):
        return _ask(own.url, door, own.route)
    door = from_outside(doors, own.server, door, addresses)
    if logged and is_better:
        return _ask(door.url(name, logged.path), door, own.route, logged.method)
    return _ask(own.url, door, own.route, "HEAD")


def _again(doors: Doors, failed: Failed, known: Collection[str], addresses: Optional[Collection[str]]) -> Ask:
    path = failed.logged.path
    url = failed.door.url(failed.host, path)
    door = failed.door if url in known else from_outside(doors, failed.server, failed.door, addresses)
    return _ask(url, door, doors.routing.route_for(failed.server, path), failed.logged.method)._replace(times=OFTEN)
