# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canonical addresses of peers, as the facts write them.

Private to this collection: it may change in any release.
"""

import re
from typing import NamedTuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._text import escaped

_TCP = re.compile(r"\Atcp:(?:\[(?P<v6>[^\[\]]+)\]|(?P<host>[^\[\]:/]+)):(?P<port>[0-9]{1,5})\Z")


_UNIX = re.compile(r"\Aunix:(?P<path>/[^\0]*)\Z")


class Address(NamedTuple):
    """A peer as the facts write it. path is empty for TCP, host and port are empty for unix."""

    host: str
    port: int
    path: str


def parse_address(text: str) -> Address:
    """Read tcp:host:port, tcp:[v6]:port or unix:/path. Raises ValueError."""
    unix = _UNIX.match(text)
    if unix:
        return Address("", 0, unix.group("path"))
    tcp = _TCP.match(text)
    if tcp and 0 < int(tcp.group("port")) < 65536:
        return Address(tcp.group("v6") or tcp.group("host"), int(tcp.group("port")), "")
    raise ValueError(
        "%s is not an address: write tcp:HOST:PORT, tcp:[V6]:PORT or unix:/PATH"
        % escaped(text.encode("utf-8", "replace"), 100)
    )


def tcp_address(host: str, port: int) -> str:
    return ("tcp:[%s]:%d" if ":" in host else "tcp:%s:%d") % (host, port)
