# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which server nginx chooses for a connection and a Host header, by its own rules. Each lookup takes as long with 2,000 servers as with two,
but for expressions, which nginx too tries one after the other.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Dict, Iterable, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import NotKnown, Patterns

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts

_ANY = {"*": "tcp4", "0.0.0.0": "tcp4", "[::]": "tcp6", "::": "tcp6"}  # noqa: S104  compared, nothing is bound here
_LOCALHOST = ("127.0.0.1", "[::1]")


def host_name(host: str) -> str:
    """The name of a Host header as nginx compares it: no port, no final dot, small letters."""
    return re.sub(r":\d*\Z", "", host.strip()).rstrip(".").lower()


class Listening(NamedTuple):
    """A server on a socket, and whether it is the one for names that no server there has."""

    server: "BlockFacts"
    is_default: bool


class ServerNames:
    """The names of the servers of one socket. The first server that has a name has it."""

    def __init__(self, listening: Iterable[Listening], patterns: Patterns) -> None:
        self.patterns = patterns
        self.exact: "Dict[str, BlockFacts]" = {}
        self.endings: "Dict[str, BlockFacts]" = {}
        self.beginnings: "Dict[str, BlockFacts]" = {}
        self.expressions: "List[Tuple[str, BlockFacts]]" = []
        self.fitting: "Dict[str, Optional[BlockFacts]]" = {}
        self.default: "Optional[BlockFacts]" = None
        first: "Optional[BlockFacts]" = None
        for server, is_default in listening:
            first = first or server
            if is_default and self.default is None:
                self.default = server
            for written in server["server_names"]:
                self._add(written, server)
        self.default = self.default or first

    def _add(self, written: str, server: "BlockFacts") -> None:
        if written.startswith("~"):
            self.expressions.append((written[1:], server))
            return
        name = written.lower()
        self.exact.setdefault(name, server)
        if name.startswith("."):
            self.exact.setdefault(name[1:], server)
        if name.startswith(("*.", ".")):
            self.endings.setdefault(name.lstrip("*"), server)
        elif name.endswith(".*"):
            self.beginnings.setdefault(name[:-1], server)

    def server_for(self, name: str) -> "Optional[BlockFacts]":
        """The server that answers to a name of host_name(); None where there is no server, or where it is not known which."""
        try:
            return self.named(name) or self.default
        except NotKnown:
            return None

    def named(self, name: str) -> "Optional[BlockFacts]":
        """The server that one of its names leads to: an exact one, the longest that begins with *, the longest that ends with it, the first
        expression that fits. None: no name does. Raises NotKnown."""
        return self.exact.get(name) or self._wildcard(name) or self._expression(name)

    def _expression(self, name: str) -> "Optional[BlockFacts]":
        """The server of the first expression that fits. Raises NotKnown."""
        if name not in self.fitting:
            fitting = (server for written, server in self.expressions if self.patterns.fits(written, name, True))
            self.fitting[name] = next(fitting, None)
        return self.fitting[name]

    def _wildcard(self, name: str) -> "Optional[BlockFacts]":
        if not self.endings and not self.beginnings:
            return None
        dots = [place for place, char in enumerate(name) if char == "."]
        endings = (self.endings.get(name[dot:]) for dot in dots if dot)
        beginnings = (self.beginnings.get(name[: dot + 1]) for dot in reversed(dots) if dot + 1 < len(name))
        return next(filter(None, endings), None) or next(filter(None, beginnings), None)


class Sockets:
    """The servers by the sockets that they listen on."""

    def __init__(self, servers: "Iterable[BlockFacts]", patterns: Patterns) -> None:
        self.patterns = patterns
        self.bound: Dict[Tuple[str, int], List[Listening]] = {}
        self.taking_all: Dict[Tuple[str, int], List[Listening]] = {}
        self.known: Dict[Tuple[str, int], ServerNames] = {}
        for server in servers:
            for listen in server["listens"]:
                listening = Listening(server, listen["default"])
                if "path" in listen:
                    self.bound.setdefault((listen["path"], 0), []).append(listening)
                else:
                    self._add(listen["address"], listen["port"], listening)

    def _add(self, address: str, port: int, listening: Listening) -> None:
        for bound in (address, *_LOCALHOST) if address == "localhost" else (address,):
            self.bound.setdefault((bound, port), []).append(listening)
        if address in _ANY:
            self.taking_all.setdefault((_ANY[address], port), []).append(listening)

    def names(self, address: str, port: int) -> ServerNames:
        """The names on the socket that takes a connection to this address: one bound to it, or else one bound to all addresses."""
        key = (address, port)
        if key not in self.known:
            wanted = address if address.startswith(("[", "/")) or ":" not in address else "[%s]" % address
            bound = self.bound.get((wanted, port), [])
            taking_all = self.taking_all.get(("tcp6" if ":" in wanted else "tcp4", port), [])
            self.known[key] = ServerNames(bound or taking_all, self.patterns)
        return self.known[key]
