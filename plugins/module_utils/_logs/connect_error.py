# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature of a connect to an upstream that failed, whether nginx logged it or it was tried: its errno decides.

Errnos are compared by number, Linux's and those of macOS and the BSDs: the text beside them differs by libc and may say "Unknown error".

Private to this collection: it may change in any release.
"""

from typing import Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address

EPERM, ENOENT, EACCES, EAGAIN, ENOTDIR = (1,), (2,), (13,), (11,), (20,)
EADDRNOTAVAIL, ENETUNREACH, ECONNRESET = (99, 49), (101, 51), (104, 54)
ENETDOWN, EHOSTDOWN = (100, 50), (112, 64)
ETIMEDOUT, ECONNREFUSED, EHOSTUNREACH = (110, 60), (111, 61), (113, 65)

_UNIX = (
    (ENOENT, "unix_socket_missing"),
    (ENOTDIR, "unix_socket_missing"),
    (EACCES, "unix_socket_permission"),
    (EAGAIN, "unix_backlog_full"),
    (ECONNREFUSED, "stale_unix_socket"),
)
_TCP = (
    (ECONNREFUSED, "backend_port_closed"),
    (EACCES, "selinux_network_connect"),
    (EHOSTUNREACH, "firewall_reject"),
    (EPERM, "firewall_reject"),
    (ENETUNREACH, "backend_unreachable"),
    (ENETDOWN, "backend_unreachable"),
    (EHOSTDOWN, "backend_unreachable"),
    (ETIMEDOUT, "connect_timeout"),
    (EADDRNOTAVAIL, "ephemeral_ports_exhausted"),
    (ECONNRESET, "upstream_connection_reset"),  # the server has ended it by the time that nginx looks
)
_LOOPBACK_V6 = {
    "backend_port_closed": "ipv6_localhost_refused",
    "ephemeral_ports_exhausted": "ipv6_unavailable",
    "backend_unreachable": "ipv6_unavailable",
}


def connect_signature(address: Address, errno: Optional[int]) -> Optional[str]:
    """The signature of a connect to this address that failed with this errno; None where it explains no 502."""
    for numbers, signature in _UNIX if address.is_unix else _TCP:
        if errno in numbers:
            return _LOOPBACK_V6.get(signature, signature) if address.host == "::1" else signature
    return None
