# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""server{} blocks: the names they answer to and the sockets they listen on.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import Block
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.tree import Directive

Listen = dict[str, t.Any]
#: A range of ports stands for as many sockets; this many are told.
_PORTS_LIMIT = 64
_LISTEN = re.compile(
    r"\A(?:(?P<address>\[[0-9A-Fa-f:.]+\]|\*|[^\[\]:/\s]+):)?(?P<port>\d{1,5})(?:-(?P<last>\d{1,5}))?\Z"
)


def server_facts(servers: t.Sequence[Block]) -> dict[int, dict[str, t.Any]]:
    """Names and listens of each server block, by its id. default: this server answers what no name there matches."""
    listens = {server.id: listens_of(server) for server in servers}
    everywhere = [listen for listened in listens.values() for listen in listened]
    chosen: dict[t.Any, Listen] = {}
    for listen in everywhere:
        socket = listen.get("path") or (listen["address"], listen["port"])
        if socket not in chosen or (listen["default"] and not chosen[socket]["default"]):
            chosen[socket] = listen
    for listen in everywhere:
        listen["default"] = listen is chosen[listen.get("path") or (listen["address"], listen["port"])]
    return {server.id: {"server_names": names_of(server), "listens": listens[server.id]} for server in servers}


def names_of(server: Block) -> list[str]:
    """server_name of the block; nginx's own default is the empty name."""
    return [name for directive in server.others.get("server_name", []) for name in directive.args] or [""]


def listens_of(server: Block) -> list[Listen]:
    listens = [listen for directive in server.others.get("listen", []) for listen in _listens(directive)]
    listens = listens or [_listen("*", 80, [])]
    for listen in listens:
        listen["ssl"] = listen["ssl"] or _is_on(server, "ssl")
        listen["http2"] = listen["http2"] or _is_on(server, "http2")
    return listens


def _is_on(server: Block, name: str) -> bool:
    """A switch of the server, or of http{} around it."""
    for block in server.chain():
        if name in block.others:
            return block.others[name][0].first == "on"
    return False


def _listens(directive: Directive) -> list[Listen]:
    written, flags = directive.first, directive.args[1:]
    if written.startswith("unix:"):
        return [{"path": written[len("unix:") :], **_flags(flags)}]
    found = _LISTEN.match(written)
    if found is None:
        return [_listen(written, 80, flags)] if written else []
    first = int(found.group("port"))
    last = min(int(found.group("last") or first), first + _PORTS_LIMIT)
    address = found.group("address") or "*"
    return [_listen(address, port, flags) for port in range(first, last + 1)]


def _listen(address: str, port: int, flags: t.Sequence[str]) -> Listen:
    return {"address": "*" if address == "0.0.0.0" else address, "port": port, **_flags(flags)}  # noqa: S104  read, not bound


def _flags(flags: t.Sequence[str]) -> Listen:
    return {
        "ssl": "ssl" in flags,
        "default": "default_server" in flags or "default" in flags,
        "http2": "http2" in flags,
        "proxy_protocol": "proxy_protocol" in flags,
    }
