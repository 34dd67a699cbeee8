# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of peers and listeners: the one place that reads them from text and writes them.

In facts an address is one canonical string: tcp:HOST:PORT, tcp:[V6]:PORT or unix:/PATH.

Private to this collection: it may change in any release.
"""

import ipaddress
import posixpath
import re
from typing import NamedTuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._text import escaped

_TCP = re.compile(r"\Atcp:(?:\[(?P<v6>[^\[\]]+)\]|(?P<host>[^\[\]:/]+)):(?P<port>[0-9]{1,5})\Z")
_UNIX = re.compile(r"\Aunix:(?P<path>/[^\0]*)\Z")


class Address(NamedTuple):
    """A TCP address (host without brackets, and port) or the path of a unix socket. What does not apply or is not known is empty or 0."""

    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        return "unix:" + self.path if self.path else tcp_address(self.host, self.port)

    @property
    def bare(self) -> str:
        """HOST:PORT or the path, as commands and nginx's directives take it."""
        return self.path or str(self)[len("tcp:") :]

    @property
    def is_unix(self) -> bool:
        return bool(self.path)

    @property
    def is_name(self) -> bool:
        """Whether the host is a name and not a number."""
        return not self.path and not is_number(self.host)

    @property
    def is_loopback(self) -> bool:
        return not self.path and is_loopback(self.host)

    def normal(self) -> "Address":
        """The one spelling of this address: /run for /var/run, no doubled slashes, numbers in their shortest form."""
        if self.path:
            path = posixpath.normpath(self.path)
            return self._replace(path=path[len("/var") :] if path.startswith("/var/run/") else path)
        return self._replace(host=str(ipaddress.ip_address(self.host))) if is_number(self.host) else self


def parse_address(text: str) -> Address:
    """The address that a canonical text stands for. Raises ValueError for any other text."""
    unix = _UNIX.match(text)
    if unix:
        return Address("", 0, unix.group("path"))
    tcp = _TCP.match(text)
    if tcp and 0 < int(tcp.group("port")) < 65536:
        return Address(tcp.group("v6") or tcp.group("host"), int(tcp.group("port")))
    shown = escaped(text.encode("utf-8", "replace"), 100)
    raise ValueError("%s is not an address: write tcp:HOST:PORT, tcp:[V6]:PORT or unix:/PATH" % shown)


def given_address(text: str) -> Address:
    """As parse_address, for what a person has written: HOST:PORT and /PATH will do."""
    return parse_address(
        text if text.startswith(("tcp:", "unix:")) else ("unix:" if text[:1] == "/" else "tcp:") + text
    )


def read_address(text: str) -> Address:
    """As parse_address, but never raises: nginx's log names an upstream{} block without a port, and its port is 0 then."""
    if text.startswith("unix:"):
        return Address("", 0, text[len("unix:") :])
    where = text[len("tcp:") :]
    host, colon, port = where.rpartition(":")
    if not colon or where.endswith("]"):
        return Address(where.strip("[]"), 0)
    return Address(host.strip("[]"), int(port) if port.isdecimal() else 0)


def tcp_address(host: str, port: int) -> str:
    """The canonical text of a TCP address; without a port where that is 0."""
    return "tcp:%s:%d" % (bracketed(host), port) if port else "tcp:" + bracketed(host)


def bracketed(host: str) -> str:
    """A host as it stands before a colon and a port: an IPv6 address in brackets, anything else as it is."""
    return "[%s]" % host if ":" in host else host


def is_number(host: str) -> bool:
    """Whether a host (without brackets) is the number of an address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host is a loopback address, or localhost."""
    return ipaddress.ip_address(host).is_loopback if is_number(host) else host == "localhost"


def is_any(host: str) -> bool:
    """Whether a listener on this host takes connections to every address."""
    return host in ("0.0.0.0", "::", "*", "")  # noqa: S104 - compared with what others listen on, nothing is bound here


def covers(listening: str, host: str) -> bool:
    """Whether a listener on one host takes connections to another. "::" takes IPv4 too, unless its socket is for IPv6 only."""
    if is_any(listening):
        return listening == "::" or ":" not in host
    if is_number(listening) and is_number(host):
        return ipaddress.ip_address(listening) == ipaddress.ip_address(host)
    return listening == host or (host == "localhost" and is_loopback(listening))
