# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of peers as one canonical string: tcp:HOST:PORT or unix:PATH.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import posixpath


def is_unix(address: str) -> bool:
    return address.startswith("unix:")


def split_tcp(address: str) -> tuple[str, int]:
    """Host (an IPv6 address without its brackets) and port of a tcp: address."""
    host, _colon, port = address[len("tcp:") :].rpartition(":")
    return host.strip("[]"), int(port) if port.isdecimal() else 0


def is_name(address: str) -> bool:
    """Whether a tcp: address names its host instead of giving its number."""
    if is_unix(address):
        return False
    try:
        ipaddress.ip_address(split_tcp(address)[0])
    except ValueError:
        return True
    return False


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::", "*", "")  # noqa: S104  compared with what others listen on, nothing is bound here


def normal(address: str) -> str:
    """The address told in one way: /run for /var/run, which links to it everywhere; no doubled slashes; numbers in their shortest form."""
    if not is_unix(address):
        return _normal_tcp(address)
    path = posixpath.normpath(address[len("unix:") :])
    return "unix:" + (path[len("/var") :] if path.startswith("/var/run/") else path)


def _normal_tcp(address: str) -> str:
    host, port = split_tcp(address)
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return address
    return ("tcp:[%s]:%d" if number.version == 6 else "tcp:%s:%d") % (number, port)


def covers(listening: str, host: str) -> bool:
    """Whether a listener on this address takes connections to this host address. "::" takes IPv4 too, unless it was told not to."""
    if is_any(listening):
        return listening == "::" or ":" not in host
    try:
        return ipaddress.ip_address(listening) == ipaddress.ip_address(host)
    except ValueError:
        return listening == host or (host == "localhost" and is_loopback(listening))
