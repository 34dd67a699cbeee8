# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listener of nginx on a host leads to which server, and which of them a logged request came in by.

Private to this collection: it may change in any release.
"""

import heapq
import itertools
import re
from typing import TYPE_CHECKING, Collection, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_signature import CONNECTING
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.server_names import host_name

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.servers import Listen

#: Where a client on the host connects to: address and port, or the path of a unix socket and 0.
Socket = Tuple[str, int]

USUAL_PORTS = {"http": 80, "https": 443}
_LOOPBACK = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]", "localhost": "127.0.0.1"}  # noqa: S104  read, not bound
_HOST = re.compile(r"\A([A-Za-z0-9_.-]{1,255}|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\Z")
#: What a client sent is asked again only where it is a plain path.
_PATH = re.compile(r"\A/[A-Za-z0-9/._~!$&'()*+,;=:@%-]{0,1023}\Z")
#: Of the requests in the log the latest are considered.
RECORDS_LIMIT = 200
#: Of the ways that a request may have come in by the best are tried.
WAYS_LIMIT = 100


class Door(NamedTuple):
    """A listener of a server, as a client on this host uses it."""

    scheme: str
    port: int
    connect: str
    proxy_protocol: bool

    def url(self, host: str, target: str) -> str:
        port = "" if self.port == USUAL_PORTS[self.scheme] else ":%d" % self.port
        return "%s://%s%s%s" % (self.scheme, host, port, target)


class Logged(NamedTuple):
    """A request that failed, as the log shows it. host: with a port where the client sent one; upstream: the address that is blamed; connecting:
    whether it failed before anything of it was sent."""

    host: str
    server: Optional[str]
    method: str
    path: str
    upstream: Optional[str]
    signature: str = ""
    last: float = 0.0
    connecting: bool = False


class Failed(NamedTuple):
    """A request that failed, with the server that it went to. host: without a port."""

    logged: Logged
    server: "BlockFacts"
    door: Door
    host: str


class Way(NamedTuple):
    """A door with the server behind it. The lower the rank the better."""

    rank: Tuple[bool, ...]
    server: "BlockFacts"
    door: Door


class Doors:
    """The listeners of a configuration. listeners: what is open on the host now."""

    def __init__(self, routing: Routing, listeners: "Optional[Listeners]" = None) -> None:
        self.routing = routing
        live = {one["port"] for one in listeners["tcp"]} if listeners else set()
        self.passing = {routing.server_of(routing.blocks[route["block"]])["id"] for route in routing.config["routes"]}
        self.by_socket: Dict[Socket, Dict[int, Way]] = {}
        self.by_port: Dict[int, Dict[Socket, None]] = {}
        self.by_name: Dict[str, Dict[Socket, None]] = {}
        for server in routing.servers:
            for listen in server["listens"]:
                socket, way = _socket(listen), _way(server, listen, live)
                self.by_socket.setdefault(socket, {}).setdefault(server["id"], way)
                self.by_port.setdefault(way.door.port, {})[socket] = None
                for name in server["server_names"]:
                    self.by_name.setdefault(name, {})[socket] = None
        self.passing_sockets = {socket for socket, ways in self.by_socket.items() if not self.passing.isdisjoint(ways)}
        self.best = {socket: min(way.rank for way in ways.values()) for socket, ways in self.by_socket.items()}
        self.sockets = self._sorted(self.by_socket)
        self.sockets_of = {port: self._sorted(sockets) for port, sockets in self.by_port.items()}

    def ways(self, host: str, scheme: Optional[str] = None, port: Optional[int] = None) -> Iterator[Way]:
        """Where this name leads: open listeners first, plain ones before TLS unless the server redirects to it, IPv4 before IPv6."""
        return (way for way in self._ways(self._at(port), host) if _is_at(way, scheme, port))

    def _at(self, port: Optional[int]) -> List[Socket]:
        return self.sockets if port is None else self.sockets_of.get(port, [])

    def _sorted(self, sockets: Iterable[Socket]) -> List[Socket]:
        return sorted(sockets, key=self.best.__getitem__)

    def _ways(self, sockets: Iterable[Socket], host: str) -> Iterator[Way]:
        """The ways over sorted sockets, the best first. A socket is asked only when it may have the next one."""
        name = host_name(host)
        found: List[Tuple[Tuple[bool, ...], int, Way]] = []
        for number, socket in enumerate(sockets):
            while found and found[0][:2] <= (self.best[socket], number):
                yield heapq.heappop(found)[2]
            names = self.routing.sockets.names(*socket)
            is_left_out = names.expressions and name not in names.exact and self.routing.patterns.is_spent()
            server = None if is_left_out else names.server_for(name)
            way = self.by_socket[socket].get(server["id"]) if server else None
            if way:
                heapq.heappush(found, (way.rank, number, way))
        while found:
            yield heapq.heappop(found)[2]

    def door(self, server: "BlockFacts", host: str) -> Optional[Door]:
        """The best listener over which this name leads to this server."""
        own = self._sorted(dict.fromkeys(map(_socket, server["listens"])))
        return next((way.door for way in self._ways(own, host) if way.server is server), None)

    def failed(self, requests: Iterable[Logged]) -> List[Failed]:
        """The GET and HEAD requests that can be asked again, the latest first."""
        latest = sorted(requests, key=lambda logged: logged.last, reverse=True)[:RECORDS_LIMIT]
        return [failed for failed in map(self.entered, latest) if failed]

    def entered(self, logged: Logged) -> Optional[Failed]:
        """Where a request came in; None where it is not known, or where the request is not one to ask again."""
        found = _HOST.match(logged.host)
        if found is None or logged.method not in ("GET", "HEAD") or not is_plain(logged.path):
            return None
        host, port = found.group(1), int(found.group(2)) if found.group(2) else None
        if host == "_" and self._named("localhost", port, logged.server):
            host = "localhost"  # `_` is no name that anybody could open
        named = self._named(host, port, logged.server)
        way = self._passed_on(named, logged.path) or next(iter(named), None) or self._entered(host, port, logged.path)
        return Failed(logged, way.server, way.door, host) if way else None

    def _entered(self, host: str, port: Optional[int], path: str) -> Optional[Way]:
        """The way over this port, or else over any: the best to a server that passes this path on, or else the best one."""
        for at in dict.fromkeys((port, None)):
            passing = self._ways(filter(self.passing_sockets.__contains__, self._at(at)), host)
            way = self._passed_on((way for way in passing if _is_at(way, None, at)), path)
            way = way or next(self.ways(host, port=at), None)
            if way:
                return way
        return None

    def _passed_on(self, ways: Iterable[Way], path: str) -> Optional[Way]:
        """The first way to a server that passes this path on."""
        passing = (way for way in ways if way.server["id"] in self.passing)
        return next(
            (way for way in itertools.islice(passing, WAYS_LIMIT) if self.routing.route_for(way.server, path)), None
        )

    def _named(self, host: str, port: Optional[int], name: Optional[str]) -> List[Way]:
        """The ways to servers of this name; over this port if any socket has it."""
        ways = self._ways(self._sorted(self.by_name.get(name or "", ())), host)
        named = [way for way in ways if name in way.server["server_names"]]
        return [way for way in named if way.door.port == port] if port in self.by_port else named


def is_plain(path: str) -> bool:
    return bool(_PATH.match(path))


def is_host(name: str) -> bool:
    return bool(_HOST.match(name))


def _is_at(way: Way, scheme: Optional[str], port: Optional[int]) -> bool:
    return scheme in (None, way.door.scheme) and port in (None, way.door.port)


def _way(server: "BlockFacts", listen: "Listen", live: Collection[int]) -> Way:
    door = door_of(listen)
    is_open = "path" in listen or door.port in live
    usual = "https" if server["to_https"] else "http"
    return Way((door.proxy_protocol, not is_open, door.scheme != usual, "[" in door.connect), server, door)


def door_of(listen: "Listen") -> Door:
    """The listener as a client on this host uses it."""
    scheme = "https" if listen["ssl"] else "http"
    if "path" in listen:
        return Door(scheme, USUAL_PORTS[scheme], "unix:" + listen["path"], listen["proxy_protocol"])
    address, port = _socket(listen)
    return Door(scheme, port, tcp_address(address.strip("[]"), port), listen["proxy_protocol"])


def _socket(listen: "Listen") -> Socket:
    if "path" in listen:
        return listen["path"], 0
    address = listen["address"]
    return _LOOPBACK.get(address, address), listen["port"]


def logged_requests(records: "Iterable[LogRecord]") -> List[Logged]:
    """The requests that log records show failing."""
    return [
        Logged(
            record["host"] or record["server"] or "",
            record["server"],
            record["request"]["method"],
            record["request"]["path"],
            record["upstream"]["address"] if record["upstream"] else None,
            record["signature"],
            record["last"],
            record["action"] == CONNECTING,
        )
        for record in records
        if record["request"]
    ]
