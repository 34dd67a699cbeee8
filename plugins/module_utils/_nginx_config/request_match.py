# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where nginx takes a request: to which server, which location and which route, over the facts of its configuration.

Private to this collection: it may change in any release.
"""

import posixpath
import re
import urllib.parse
from functools import lru_cache
from typing import TYPE_CHECKING, Dict, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.locations import Locations
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import (
    has_variable,
    substituted,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import NotKnown, Patterns
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.server_names import (
    Listening,
    ServerNames,
    Sockets,
    host_name,
)

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts, NginxConfig
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

#: nginx follows as many internal redirects.
_REDIRECTS = 10


class Landing(NamedTuple):
    """Where a request ends: the route, or none; the URI and the query that it has then."""

    route: "Optional[Route]"
    uri: str
    query: str


class _Going(NamedTuple):
    """Where a request has got to."""

    location: "BlockFacts"
    uri: str
    query: str


class Routing:
    """Finds servers, locations and routes. What hangs on a pattern that cannot be matched (patterns.unknown) is found nowhere."""

    def __init__(self, config: "NginxConfig", patterns: Optional[Patterns] = None) -> None:
        blocks = config["blocks"]
        self.config = config
        self.patterns = patterns or Patterns()
        self.blocks = {block["id"]: block for block in blocks}
        self.servers = [block for block in blocks if block["name"] == "server"]
        self.routes = {route["id"]: route for route in config["routes"]}
        self.sockets = Sockets(self.servers, self.patterns)
        self.locations = Locations(blocks, self.patterns)

    def server_of(self, block: "BlockFacts") -> "BlockFacts":
        """The server block that a block stands in."""
        while block["name"] != "server" and block["parent"] is not None:
            block = self.blocks[block["parent"]]
        return block

    def server_for(self, address: str, port: int, host: str) -> "Optional[BlockFacts]":
        """The server block that answers a connection to this address of the host (an IPv6 one with or without brackets; a path of a unix
        socket with port 0) with this Host header; None where no server listens there, or where it is not known."""
        return self.sockets.names(address, port).server_for(host_name(host))

    def answers_to(self, server: "BlockFacts", host: str) -> bool:
        """Whether one of the server's names fits, so that it is not chosen as the default only."""
        try:
            return ServerNames([Listening(server, False)], self.patterns).named(host_name(host)) is not None
        except NotKnown:
            return False

    def location_for(self, server: "BlockFacts", path: str) -> "Optional[BlockFacts]":
        """The location block that a request lands in at first; the server itself where none fits; None where that is not known."""
        try:
            return self.locations.find(server, normal_path(path)).block
        except NotKnown:
            return None

    def route_for(self, server: "BlockFacts", path: str) -> "Optional[Route]":
        """The route that a request takes; None where it takes none, or where it is not known."""
        return self.landing(server, path).route

    def landing(self, server: "BlockFacts", path: str) -> Landing:
        """Follow a request, internal redirects (try_files, index, error_page 404) too, as if no file were there."""
        uri, query = normal_path(path), path.partition("?")[2]
        try:
            at = _Going(self.locations.find(server, uri).block, uri, query)
            for _redirect in range(0 if server["returns"] else _REDIRECTS):
                if at.location["route"] is not None:
                    return Landing(self.routes.get(at.location["route"]), at.uri, at.query)
                further = None if at.location["returns"] else self._redirected(server, at)
                if further is None:
                    break
                at = further
        except NotKnown:
            return Landing(None, uri, query)
        return Landing(None, at.uri, at.query)

    def _redirected(self, server: "BlockFacts", at: _Going) -> Optional[_Going]:
        """Where the location sends a request for which there is no file."""
        fallback = at.location.get("fallback")
        if fallback is None:
            return self._indexed(server, at)
        if fallback.startswith("@"):
            named = self.locations.named(server, fallback)
            return at._replace(location=named) if named else None
        known: Dict[str, Optional[str]] = dict.fromkeys(("uri", "document_uri", "request_uri"), at.uri)
        known.update(args=at.query, query_string=at.query, is_args="?" if at.query else "")
        target, _mark, asked = substituted(fallback, known).partition("?")
        target = normal_path(target)
        if has_variable(target):
            return None
        return _Going(self.locations.find(server, target).block, target, asked.rstrip("&"))

    def _indexed(self, server: "BlockFacts", at: _Going) -> Optional[_Going]:
        """Where an index file that is passed on would be asked for."""
        for name in at.location.get("index") or []:
            if at.uri.endswith("/") and not has_variable(name):
                target = name if name.startswith("/") else at.uri + name
                found = self.locations.find(server, target).block
                if found["route"] is not None:
                    return _Going(found, target, at.query)
        return None


@lru_cache(maxsize=1024)
def normal_path(path: str) -> str:
    """The path as locations are compared with it: decoded, one slash for several, dots resolved."""
    decoded = re.sub(r"/+", "/", urllib.parse.unquote(path.partition("?")[0], errors="surrogateescape"))
    if not decoded.startswith("/"):
        return "/"
    resolved = posixpath.normpath(decoded)
    return resolved + "/" if decoded.endswith(("/", "/.", "/..")) and resolved != "/" else resolved
