# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listener of nginx on a host leads to which server, and which of them a logged request came in by.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import (
    Facts,
    route_for,
    server_for,
    servers_of,
)

USUAL_PORTS = {"http": 80, "https": 443}
_LOOPBACK = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]", "localhost": "127.0.0.1"}  # noqa: S104  read, not bound
_HOST = re.compile(r"\A([A-Za-z0-9_.-]{1,255}|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\Z")
#: What a client sent is asked again only where it is a plain path.
_PATH = re.compile(r"\A/[A-Za-z0-9/._~!$&'()*+,;=:@%-]{0,1023}\Z")
#: Requests looked at, the latest ones.
RECORDS_LIMIT = 200


class Door(t.NamedTuple):
    """A listener of a server, as a client on this host uses it."""

    scheme: str
    port: int
    connect: str
    proxy_protocol: bool

    def url(self, host: str, target: str) -> str:
        return "%s://%s%s%s" % (
            self.scheme,
            host,
            "" if self.port == USUAL_PORTS[self.scheme] else ":%d" % self.port,
            target,
        )


class Failed(t.NamedTuple):
    """A request that a log record shows failing, with the server that it went to."""

    record: Facts
    server: Facts
    door: Door
    host: str
    method: str
    path: str


class Way(t.NamedTuple):
    """A door with the server behind it, for one name. The lower the rank the better."""

    rank: tuple[bool, ...]
    server: Facts
    door: Door


class Doors:
    """The listeners of a configuration. listeners: what is open on the host now."""

    def __init__(self, config: Facts, listeners: Facts | None = None) -> None:
        self.config = config
        self.servers = servers_of(config)
        self.live = {one["port"] for one in (listeners or {}).get("tcp") or []}
        self.sockets = list(dict.fromkeys(_socket(listen) for server in self.servers for listen in server["listens"]))
        self.known: dict[str, list[Way]] = {}

    def ways(self, host: str, scheme: str | None = None, port: int | None = None) -> list[Way]:
        """Where this name leads: open listeners first, plain ones before TLS unless the server redirects to it, IPv4 before IPv6."""
        if host not in self.known:
            self.known[host] = sorted(
                (way for way in (self._way(socket, host) for socket in self.sockets) if way), key=lambda way: way.rank
            )
        return [way for way in self.known[host] if scheme in (None, way.door.scheme) and port in (None, way.door.port)]

    def _way(self, socket: tuple[str, int], host: str) -> Way | None:
        server = server_for(self.config, socket[0], socket[1], host)
        listen = next((listen for listen in server["listens"] if _socket(listen) == socket), None) if server else None
        if server is None or listen is None:
            return None
        door = _door(listen)
        is_open = "path" in listen or door.port in self.live
        return Way(
            (
                door.proxy_protocol,
                not is_open,
                door.scheme != ("https" if server["to_https"] else "http"),
                "[" in door.connect,
            ),
            server,
            door,
        )

    def door(self, server: Facts, host: str) -> Door | None:
        """The best listener over which this name leads to this server."""
        return next((way.door for way in self.ways(host) if way.server is server), None)

    def failed(self, records: t.Iterable[Facts]) -> list[Failed]:
        """GET and HEAD requests that log records show failing, the latest first."""
        latest = sorted(records, key=lambda record: record["last"], reverse=True)[:RECORDS_LIMIT]
        return [failed for failed in (self._failed(record) for record in latest) if failed]

    def _failed(self, record: Facts) -> Failed | None:
        request = record.get("request") or {}
        found = _HOST.match(record.get("host") or record.get("server") or "")
        path = request.get("path") or ""
        if found is None or request.get("method") not in ("GET", "HEAD") or not is_plain(path):
            return None
        ways = self.ways(found.group(1), port=int(found.group(2)) if found.group(2) else None) or self.ways(
            found.group(1)
        )
        if not ways:
            return None

        def fits(way: Way) -> tuple[bool, bool]:
            return record.get("server") not in way.server["server_names"], route_for(
                self.config, way.server, path
            ) is None

        way = min(ways, key=fits)
        return Failed(record, way.server, way.door, found.group(1), request["method"], path)


def is_plain(path: str) -> bool:
    return bool(_PATH.match(path))


def is_host(name: str) -> bool:
    return bool(_HOST.match(name))


def _door(listen: Facts) -> Door:
    scheme = "https" if listen["ssl"] else "http"
    if "path" in listen:
        return Door(scheme, USUAL_PORTS[scheme], "unix:" + listen["path"], listen["proxy_protocol"])
    return Door(scheme, listen["port"], "tcp:%s:%d" % _socket(listen), listen["proxy_protocol"])


def _socket(listen: Facts) -> tuple[str, int]:
    """Where a client on the host connects to; a unix socket has port 0."""
    if "path" in listen:
        return listen["path"], 0
    address: str = listen["address"]
    return _LOOPBACK.get(address, address), listen["port"]
