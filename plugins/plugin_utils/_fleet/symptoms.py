# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a connect from the proxy says, in the same words as an error-log line.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address

#: errno on Linux and on macOS or BSD
EPERM, ENOENT, EACCES, EAGAIN = (1,), (2,), (13,), (11,)
ECONNREFUSED, EHOSTUNREACH, ENETUNREACH = (111, 61), (113, 65), (101, 51)
ETIMEDOUT, EADDRNOTAVAIL, ECONNRESET = (110, 60), (99, 49), (104, 54)

_UNIX = (
    (ENOENT, "unix_socket_missing"),
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
    (ETIMEDOUT, "connect_timeout"),
    (EADDRNOTAVAIL, "ephemeral_ports_exhausted"),
)
_LOOPBACK_V6 = {
    "backend_port_closed": "ipv6_localhost_refused",
    "ephemeral_ports_exhausted": "ipv6_unavailable",
    "backend_unreachable": "ipv6_unavailable",
}

#: statuses that nginx makes itself when an upstream fails
GATEWAY_STATUSES = frozenset({502, 504})

#: statuses that nginx may give before a request gets to any upstream: a login, a ban, a limit, a client's certificate
BARRED_STATUSES = frozenset({400, 401, 403, 421, 429, 503})


def connect_symptom(address: Address, errno: int | None) -> str | None:
    """The signature that nginx's error log has for a connect to this address that failed with this errno."""
    for numbers, signature in _UNIX if address.is_unix else _TCP:
        if errno in numbers:
            return _LOOPBACK_V6.get(signature, signature) if address.host == "::1" else signature
    return None


def is_barred(answer: t.Mapping[str, t.Any]) -> bool:
    """Whether this answer says nothing of the upstream: it may come from nginx alone (one with an error-log line has met the upstream), or is none."""
    return (
        answer.get("status") in (*BARRED_STATUSES, None) and not answer.get("signature") and not answer.get("timed_out")
    )


def answer_fails(answer: t.Mapping[str, t.Any]) -> bool:
    """Whether nginx answered with a fault of its upstream. No answer in time is one: the upstream keeps nginx waiting.

    From the controller a firewall may well be in the way: there only what was answered counts.
    """
    status = answer.get("status")
    if status is None:
        return bool(answer.get("timed_out")) and answer.get("from", "host") == "host"
    return status in GATEWAY_STATUSES or (status == 500 and bool(answer.get("signature")))
