# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""server{} blocks: the names they answer to and the sockets they listen on.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Dict, List, Sequence, Tuple, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import Block
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Directive

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    class Listen(TypedDict, total=False):
        """A socket of a server: address and port, or path. default: this server answers there what no name matches."""

        address: str
        port: int
        path: str
        ssl: bool
        default: bool
        http2: bool
        proxy_protocol: bool

    class ServerFacts(TypedDict):
        """The names that a server answers to, and its sockets."""

        server_names: List[str]
        listens: List[Listen]


#: A range of ports stands for as many sockets; the facts have this many of them.
_PORTS_LIMIT = 64
_LISTEN = re.compile(
    r"\A(?:(?P<address>\[[0-9A-Fa-f:.]+\]|\*|[^\[\]:/\s]+):)?(?P<port>\d{1,5})(?:-(?P<last>\d{1,5}))?\Z"
)


def server_facts(servers: Sequence[Block]) -> "Dict[int, ServerFacts]":
    """Names and sockets of each server block, by its id."""
    listens = {server.id: listens_of(server) for server in servers}
    everywhere = [listen for listened in listens.values() for listen in listened]
    chosen: "Dict[Union[str, Tuple[str, int]], Listen]" = {}
    for listen in everywhere:
        socket = _socket(listen)
        if socket not in chosen or (listen["default"] and not chosen[socket]["default"]):
            chosen[socket] = listen
    for listen in everywhere:
        listen["default"] = listen is chosen[_socket(listen)]
    return {server.id: {"server_names": names_of(server), "listens": listens[server.id]} for server in servers}


def _socket(listen: "Listen") -> Union[str, Tuple[str, int]]:
    """What a listening socket is known by."""
    return listen.get("path") or (listen["address"], listen["port"])


def names_of(server: Block) -> List[str]:
    """server_name of the block; nginx's own default is the empty name."""
    return [name for directive in server.others.get("server_name", []) for name in directive.args] or [""]


def listens_of(server: Block) -> "List[Listen]":
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


def _listens(directive: Directive) -> "List[Listen]":
    written, flags = directive.first, directive.args[1:]
    if written.startswith("unix:"):
        listen = _flags(flags)
        listen["path"] = written[len("unix:") :]
        return [listen]
    found = _LISTEN.match(written)
    if found is None:
        return [_listen(written, 80, flags)] if written else []
    first = int(found.group("port"))
    last = min(int(found.group("last") or first), first + _PORTS_LIMIT)
    address = found.group("address") or "*"
    return [_listen(address, port, flags) for port in range(first, last + 1)]


def _listen(address: str, port: int, flags: Sequence[str]) -> "Listen":
    listen = _flags(flags)
    listen["address"] = "*" if address == "0.0.0.0" else address  # noqa: S104 - read, not bound
    listen["port"] = port
    return listen


def _flags(flags: Sequence[str]) -> "Listen":
    return {
        "ssl": "ssl" in flags,
        "default": "default_server" in flags or "default" in flags,
        "http2": "http2" in flags,
        "proxy_protocol": "proxy_protocol" in flags,
    }
