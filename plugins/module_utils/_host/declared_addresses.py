# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that a service listens on by its own configuration: how daemons write them.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class DeclaredAddress(TypedDict):
        """One of a unit's `declares`: an address that its configuration says it listens on, and where it says so."""

        address: str
        file: str
        line: int


ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - the name of what others bind to

_SCHEME = re.compile(r"(?:tcp|tcp4|tcp6|http|https|ssl|fastcgi|uwsgi)://", re.IGNORECASE)
#: Twisted and daphne: tcp:8000, tcp:port=8000:interface=127.0.0.1, unix:/run/app.sock
_ENDPOINT = re.compile(r"(?:tcp|ssl)6?:(?:port=)?(\d+)(?::interface=([\w.]+))?$")
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.*+-]*):(\d+)$")


class Place(NamedTuple):
    """A place in a file; line 0 is the whole file."""

    file: str
    line: int


def entry(address: Address, place: Place) -> "DeclaredAddress":
    return {"address": str(address), "file": place.file, "line": place.line}


def entries(addresses: List[Optional[Address]], place: Place) -> "List[DeclaredAddress]":
    """One entry for each address that is one, each once."""
    return [entry(address, place) for address in dict.fromkeys(addresses) if address]


def read_declared(text: str, any_path: bool = False) -> Optional[Address]:
    """An address as daemons write it; None where it is none. any_path: whether every path is a socket, not only one that is called so."""
    text = text.strip().strip("'\"")
    if _SCHEME.match(text):
        text = _SCHEME.sub("", text, count=1).partition("?")[0].partition("/")[0]
    unix = re.match(r"unix:(?://(?=/))?(?=/)", text)
    if unix or text.startswith("/"):
        path = (text[unix.end() :] if unix else text).partition("?")[0]
        # uwsgi and Apache allow a tail. A pid or config file is not a socket.
        return Address("", 0, path) if any_path or unix or re.search(r"[./]sock(et)?$", path) else None
    text = re.sub(r"^(?:tcp|ssl):(?=[\w.*]+:\d+$)", "", text)
    endpoint = _ENDPOINT.match(text)
    if endpoint:
        return tcp(endpoint.group(2) or "", endpoint.group(1))
    found = _HOST_PORT.match(text)
    return tcp(found.group(1).strip("[]"), found.group(2)) if found else None


def read_port_or_address(text: str, any_path: bool = False) -> Optional[Address]:
    """As read_declared, and a port alone is one on every address."""
    text = text.strip().strip("'\"")
    return read_declared(":" + text if text.isdecimal() else text, any_path)


def read_list(text: str, any_path: bool = False) -> List[Optional[Address]]:
    """The addresses of a list as daemons write one: a;b or a,b, also in brackets and quotes."""
    inside = re.match(r"\s*[\[(](.*)[\])]\s*$", text, re.DOTALL)
    return [read_port_or_address(part, any_path) for part in re.split(r"[;,]", inside.group(1) if inside else text)]


def tcp(host: str, port: str) -> Optional[Address]:
    """The address of a host as daemons write it, and a port; None where that is no number of a port."""
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    return Address(host if host not in ("", "*", "+", "0") else ANY_ADDRESS, int(port))
