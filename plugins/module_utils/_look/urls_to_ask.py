# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to ask on a host: which URLs of its nginx, and which of its upstreams.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstreams_to_reach import upstreams_to_reach
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    USUAL_PORTS,
    Door,
    Doors,
    Failed,
    is_host,
    is_plain,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import sample
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import (
    Facts,
    answers_to,
    location_for,
    route_for,
)

__all__ = ["asks", "upstreams_to_reach"]

Ask = dict[str, t.Any]

_CATCH_ALL = ("_", "")
_LITERAL_NAME = re.compile(r"\A[A-Za-z0-9-][A-Za-z0-9_.-]*\Z")
_UNUSED_NAME = "bad-gateway-probe"


def asks(
    config: Facts,
    listeners: Facts | None,
    records: t.Iterable[Facts] | None,
    urls: t.Sequence[str] = (),
    limit: int = 50,
    addresses: t.Collection[str] | None = None,
) -> list[Ask]:
    """What to ask: {url, connect, method, proxy_protocol, route}; route is the id of the route that the URL takes, or null.

    urls: those of the user, and then no others; one that this host does not serve is left out, as is the number of another host where
    the host's own addresses are given. Else requests that the log records show failing, the latest first, and one URL for each route.
    """
    doors = Doors(config, listeners)
    if urls:
        found = [ask for ask in (_given(doors, url, addresses) for url in urls) if ask]
    else:
        failed = doors.failed(records or [])
        failing = [_again(doors, one) for one in failed]
        paths = list(dict.fromkeys(one.path for one in failed))
        half = max(1, limit // 2)
        found = failing[:half] + _Routes(doors, paths).asks() + failing[half:]
    unique = {(ask["url"], ask["connect"]): ask for ask in reversed(found)}
    return list(reversed(unique.values()))[:limit]


def _ask(url: str, door: Door, route: Facts | None, method: str = "GET") -> Ask:
    return {
        "url": url,
        "connect": door.connect,
        "method": method,
        "proxy_protocol": door.proxy_protocol,
        "route": route["id"] if route else None,
    }


def _given(doors: Doors, url: str, addresses: t.Collection[str] | None) -> Ask | None:
    """The user's URL, where a server of this host answers to its name and port."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname or "", parts.port or USUAL_PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    if addresses is not None and _is_number(host) and host not in addresses:
        return None
    ways = [
        way
        for way in doors.ways("[%s]" % host if ":" in host else host, parts.scheme, port)
        if _serves(way.server, host)
    ]
    if not ways:
        return None
    way = min(ways, key=lambda way: not answers_to(way.server, host))
    return _ask(url, way.door, route_for(doors.config, way.server, parts.path or "/"))


def _serves(server: Facts, host: str) -> bool:
    """Whether the server is there for this name, or for any; a default server that has other names is not."""
    return (
        host == "localhost"
        or _is_number(host)
        or answers_to(server, host)
        or any(name in server["server_names"] for name in _CATCH_ALL)
    )


def _again(doors: Doors, failed: Failed) -> Ask:
    return _ask(
        failed.door.url(failed.host, failed.path),
        failed.door,
        route_for(doors.config, failed.server, failed.path),
        failed.method,
    )


class _Routes:
    """Finds a URL for each route. paths: of requests that failed, to try where a location is an expression."""

    def __init__(self, doors: Doors, paths: t.Sequence[str]) -> None:
        self.doors = doors
        self.config = doors.config
        self.blocks = {block["id"]: block for block in self.config.get("blocks") or []}
        self.known_paths = paths

    def asks(self) -> list[Ask]:
        found = []
        for route in self.config.get("routes") or []:
            server = self.server_of(self.blocks[route["block"]])
            path = None if server["returns"] else self.path(server, route)
            named = self.name(server) if path else None
            if path and named:
                found.append(_ask(named[1].url(named[0], path), named[1], route))
        return found

    def server_of(self, block: Facts) -> Facts:
        while block["name"] != "server":
            block = self.blocks[block["parent"]]
        return block

    def name(self, server: Facts) -> tuple[str, Door] | None:
        """A name that leads to the server: a literal one first, then one that fits a pattern; for a default server its address."""
        names = [name for name in server["server_names"] if _LITERAL_NAME.match(name)]
        names += [made for name in server["server_names"] for made in _names_like(name)]
        names += [
            listen["address"]
            for listen in server["listens"]
            if _is_number(listen.get("address", "")) and listen["address"] != "[::]"
        ]
        for name in [*names, "localhost", "127.0.0.1", _UNUSED_NAME]:
            door = self.doors.door(server, name) if is_host(name) else None
            if door:
                return name, door
        return None

    def path(self, server: Facts, route: Facts) -> str | None:
        """A path that nginx takes to this very route."""
        block = self.blocks[route["block"]]
        while block["name"] == "if":
            block = self.blocks[block["parent"]]
        if block["name"] != "location" or block["returns"] or (block["internal"] and block["modifier"] != "@"):
            return None
        candidates = (path for path in self.candidates(server, block, route) if is_plain(path))
        return next((path for path in candidates if self.leads_to(server, path, block)), None)

    def leads_to(self, server: Facts, path: str, block: Facts) -> bool:
        if location_for(self.config, server, path) is block:
            return True
        route = route_for(self.config, server, path)
        return route is not None and bool(route["block"] == block["id"])

    def candidates(self, server: Facts, block: Facts, route: Facts) -> t.Iterator[str]:
        if block["modifier"] == "@":
            for owner in self.blocks.values():
                if (
                    owner.get("fallback") == block["path"]
                    and owner.get("modifier", "@") != "@"
                    and self.server_of(owner) is server
                ):
                    yield from self.candidates(server, owner, route)
        elif block["modifier"] in ("~", "~*"):
            scripts = ["/" + name.lstrip("/") for name in route["index"]]
            yield from itertools.chain(
                scripts, ["/index.php"], self.known_paths, [sample(block["path"], block["modifier"] == "~*", "/") or ""]
            )
        else:
            path = urllib.parse.quote(block["path"], safe="/!$&'()*+,;=:@~")
            yield from (path, path + _UNUSED_NAME)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _names_like(name: str) -> list[str]:
    """Names that a pattern of server_name stands for."""
    if name.startswith("~"):
        made = sample(name[1:], True)
        return [made] if made else []
    if name.startswith("."):
        return [name[1:]]
    if name.startswith("*."):
        return ["www" + name[1:], _UNUSED_NAME + name[1:]]
    return [name[:-1] + "example"] if name.endswith(".*") else []
