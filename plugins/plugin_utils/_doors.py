# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listener of nginx on a host leads to which server, and which of them a logged request came in by.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._nginx_match import Facts, server_for, servers_of

USUAL_PORTS = {"http": 80, "https": 443}
_LOOPBACK = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]", "localhost": "127.0.0.1"}  # noqa: S104  read, not bound
_HOST = re.compile(r"\A([A-Za-z0-9_.-]{1,255}|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\Z")
#: What a client sent is asked again only where it is a plain path.
_PATH = re.compile(r"\A/[A-Za-z0-9/._~!$&'()*+,;=:@%-]{0,1023}\Z")


class Door(t.NamedTuple):
    """A listener of a server, as a client on this host uses it."""

    scheme: str
    port: int
    connect: str
    proxy_protocol: bool

    def url(self, host: str, target: str) -> str:
        return "%s://%s%s%s" % (self.scheme, host, "" if self.port == USUAL_PORTS[self.scheme] else ":%d" % self.port, target)


class Failed(t.NamedTuple):
    """A request that a log record shows failing, with the server that it went to."""

    record: Facts
    server: Facts
    door: Door
    host: str
    method: str
    path: str


class Doors:
    """The listeners of a configuration. listeners: what is open on the host now."""

    def __init__(self, config: Facts, listeners: Facts | None = None) -> None:
        self.config = config
        self.servers = servers_of(config)
        self.live = {one["port"] for one in (listeners or {}).get("tcp") or []}

    def door(self, server: Facts, host: str, scheme: str | None = None, port: int | None = None) -> Door | None:
        """The best listener over which this name leads to this server: one that is open now, plain before TLS unless that is redirected."""
        wanted = "https" if server["to_https"] else "http"
        doors: list[tuple[tuple[bool, ...], int, Door]] = []
        for listen in server["listens"]:
            door = _door(listen)
            address = listen.get("path") or _LOOPBACK.get(listen["address"], listen["address"])
            is_open = "path" in listen or door.port in self.live
            if scheme in (None, door.scheme) and port in (None, door.port) and server_for(self.config, address, listen.get("port") or 0, host) is server:
                doors.append(((door.proxy_protocol, not is_open, door.scheme != wanted, "[" in door.connect), len(doors), door))
        return min(doors)[2] if doors else None

    def failed(self, records: t.Iterable[Facts]) -> list[Failed]:
        """GET and HEAD requests that log records show failing, the latest first."""
        latest = sorted(records, key=lambda record: record["last"], reverse=True)
        return [failed for failed in (self._failed(record) for record in latest) if failed]

    def _failed(self, record: Facts) -> Failed | None:
        request = record.get("request") or {}
        found = _HOST.match(record.get("host") or record.get("server") or "")
        path = request.get("path") or ""
        if found is None or request.get("method") not in ("GET", "HEAD") or not is_plain(path):
            return None
        name, port = found.group(1), int(found.group(2)) if found.group(2) else None
        for server in sorted(self.servers, key=lambda server: record.get("server") not in server["server_names"]):
            door = self.door(server, name, port=port) or self.door(server, name)
            if door:
                return Failed(record, server, door, name, request["method"], path)
        return None


def is_plain(path: str) -> bool:
    return bool(_PATH.match(path))


def is_host(name: str) -> bool:
    return bool(_HOST.match(name))


def _door(listen: Facts) -> Door:
    scheme = "https" if listen["ssl"] else "http"
    if "path" in listen:
        return Door(scheme, USUAL_PORTS[scheme], "unix:" + listen["path"], listen["proxy_protocol"])
    address = _LOOPBACK.get(listen["address"], listen["address"])
    return Door(scheme, listen["port"], "tcp:%s:%d" % (address, listen["port"]), listen["proxy_protocol"])
