# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server and which location nginx chooses for a request, by its own rules, over the facts of its configuration.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import (
    has_variable,
    substituted,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import search

Facts = t.Mapping[str, t.Any]
#: Location blocks by the id of the block that they stand in.
Children = t.Mapping[int, list[Facts]]
#: nginx follows as many internal redirects.
_REDIRECTS = 10
_ANY = {"*": "tcp4", "0.0.0.0": "tcp4", "[::]": "tcp6", "::": "tcp6"}  # noqa: S104  compared, nothing is bound here
_LOCALHOST = {"localhost": ("127.0.0.1", "[::1]")}


def servers_of(config: Facts) -> list[Facts]:
    return [block for block in config.get("blocks") or [] if block["name"] == "server"]


def server_for(config: Facts, address: str, port: int, host: str) -> Facts | None:
    """The server block that answers a connection to this address of the host (an IPv6 one with or without brackets; a path of a unix
    socket with port 0) with this Host header; None where no server listens there."""
    listening = _listening(servers_of(config), address, port)
    name = host_name(host)
    for fits in (_exact, _leading_wildcard, _trailing_wildcard):
        lengths = [(fits(server, name), server) for server, _listen in listening]
        longest = max((length for length, _server in lengths), default=0)
        if longest:
            return next(server for length, server in lengths if length == longest)
    for server, _listen in listening:
        if _expression(server, name):
            return server
    default = [server for server, listen in listening if listen["default"]] or [server for server, _listen in listening]
    return default[0] if default else None


def answers_to(server: Facts, host: str) -> bool:
    """Whether one of the server's names fits, so that it is not chosen as the default only."""
    name = host_name(host)
    return _expression(server, name) or any(
        fits(server, name) for fits in (_exact, _leading_wildcard, _trailing_wildcard)
    )


def host_name(host: str) -> str:
    """The name of a Host header as nginx compares it: no port, no final dot, small letters."""
    return re.sub(r":\d*\Z", "", host.strip()).rstrip(".").lower()


def _listening(servers: t.Iterable[Facts], address: str, port: int) -> list[tuple[Facts, Facts]]:
    """Servers on the socket that takes the connection: one bound to the very address goes before one bound to all."""
    wanted = address if address.startswith("[") or ":" not in address else "[%s]" % address
    listens = [(server, listen) for server in servers for listen in server["listens"]]
    exact = [(server, listen) for server, listen in listens if _is_bound_to(listen, wanted, port)]
    return exact or [(server, listen) for server, listen in listens if _takes_all(listen, wanted, port)]


def _is_bound_to(listen: Facts, address: str, port: int) -> bool:
    if "path" in listen:
        return bool(listen["path"] == address)
    return listen["port"] == port and (listen["address"] == address or address in _LOCALHOST.get(listen["address"], ()))


def _takes_all(listen: Facts, address: str, port: int) -> bool:
    return listen.get("port") == port and _ANY.get(listen["address"]) == ("tcp6" if ":" in address else "tcp4")


def _exact(server: Facts, name: str) -> int:
    return int(any(name == written.lower() or "." + name == written.lower() for written in server["server_names"]))


def _leading_wildcard(server: Facts, name: str) -> int:
    tails = [
        written.lower()[1:] if written.startswith("*.") else written.lower()
        for written in server["server_names"]
        if written.startswith(("*.", "."))
    ]
    return max((len(tail) for tail in tails if name.endswith(tail) and len(name) > len(tail)), default=0)


def _trailing_wildcard(server: Facts, name: str) -> int:
    heads = [
        written.lower()[:-1]
        for written in server["server_names"]
        if written.endswith(".*") and not written.startswith("~")
    ]
    return max((len(head) for head in heads if name.startswith(head) and len(name) > len(head)), default=0)


def _expression(server: Facts, name: str) -> bool:
    return any(
        written.startswith("~") and search(written[1:], name, caseless=True) for written in server["server_names"]
    )


def normal_path(path: str) -> str:
    """The path as locations are compared with it: decoded, one slash for several, dots resolved."""
    decoded = re.sub(r"/+", "/", urllib.parse.unquote(path.partition("?")[0], errors="surrogateescape"))
    if not decoded.startswith("/"):
        return "/"
    resolved = posixpath.normpath(decoded)
    return resolved + "/" if decoded.endswith(("/", "/.", "/..")) and resolved != "/" else resolved


def location_for(config: Facts, server: Facts, path: str) -> Facts:
    """The location block that a request lands in at first; the server itself where none fits."""
    return _find(_children(config), server, normal_path(path))[0]


def route_for(config: Facts, server: Facts, path: str) -> Facts | None:
    """The route that a request takes."""
    return landing(config, server, path).route


class Landing(t.NamedTuple):
    """Where a request ends: the route, or none; the URI and the query that it has then."""

    route: Facts | None
    uri: str
    query: str


def landing(config: Facts, server: Facts, path: str) -> Landing:
    """Follow a request, internal redirects (try_files, index, error_page 404) too, as if no file were there."""
    children = _children(config)
    uri, query = normal_path(path), path.partition("?")[2]
    location = _find(children, server, uri)[0]
    for _redirect in range(0 if server["returns"] else _REDIRECTS):
        if location["route"] is not None:
            return Landing(
                next((route for route in config["routes"] if route["id"] == location["route"]), None), uri, query
            )
        found = None if location["returns"] else _redirected(children, server, location, uri, query)
        if found is None:
            break
        location, uri, query = found
    return Landing(None, uri, query)


Redirected = tuple[Facts, str, str]


def _redirected(children: Children, server: Facts, location: Facts, uri: str, query: str) -> Redirected | None:
    fallback = location.get("fallback")
    if fallback is None:
        return _indexed(children, server, location, uri, query)
    if fallback.startswith("@"):
        named = next((one for one in children.get(server["id"], []) if one.get("path") == fallback), None)
        return (named, uri, query) if named else None
    known = {
        "uri": uri,
        "document_uri": uri,
        "request_uri": uri,
        "args": query,
        "query_string": query,
        "is_args": "?" if query else "",
    }
    target, _mark, asked = substituted(fallback, known).partition("?")
    target = normal_path(target)
    return None if has_variable(target) else (_find(children, server, target)[0], target, asked.rstrip("&"))


def _indexed(children: Children, server: Facts, location: Facts, uri: str, query: str) -> Redirected | None:
    """Where an index file that is passed on would be asked for."""
    for name in location.get("index") or []:
        if uri.endswith("/") and not has_variable(name):
            target = name if name.startswith("/") else uri + name
            found = _find(children, server, target)[0]
            if found["route"] is not None:
                return found, target, query
    return None


def _children(config: Facts) -> dict[int, list[Facts]]:
    children: dict[int, list[Facts]] = {}
    for block in config.get("blocks") or []:
        if block["name"] == "location":
            children.setdefault(block["parent"], []).append(block)
    return children


def _find(children: Children, within: Facts, path: str) -> tuple[Facts, bool]:
    """nginx's own search: the longest prefix, in it the nested locations, then expressions in order. True: nothing further may be tried."""
    level = children.get(within["id"], [])
    static, is_exact = _static(level, path)
    found = static or within
    if static is not None:
        if is_exact:
            return static, True
        found, is_final = _find(children, static, path)
        if is_final:
            return found, True
    if static is None or static["modifier"] != "^~":
        for location in level:
            if location["modifier"] in ("~", "~*") and search(
                location["path"], path, caseless=location["modifier"] == "~*"
            ):
                return _find(children, location, path)[0], True
    return found, False


def _static(level: t.Iterable[Facts], path: str) -> tuple[Facts | None, bool]:
    """The location of this level with the longest prefix, and whether it is an exact one."""
    longest: Facts | None = None
    for location in level:
        if location["modifier"] == "=" and location["path"] == path:
            return location, True
        if (
            location["modifier"] in ("", "^~")
            and path.startswith(location["path"])
            and (longest is None or len(location["path"]) > len(longest["path"]))
        ):
            longest = location
    return longest, False
