# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connect that was tried and failed has the signature that nginx's error log has for it."""

import errno
import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import parse_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.connect_error import connect_signature
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.signature import error_signature

UNIX, TCP, V6, LOOPBACK_V6 = "unix:/run/php.sock", "tcp:10.0.0.2:80", "tcp:[2001:db8::1]:80", "tcp:[::1]:80"

SIGNATURES = [
    (UNIX, errno.ENOENT, "unix_socket_missing"),
    (UNIX, errno.ENOTDIR, "unix_socket_missing"),
    (UNIX, errno.EACCES, "unix_socket_permission"),
    (UNIX, errno.EAGAIN, "unix_backlog_full"),
    (UNIX, errno.ECONNREFUSED, "stale_unix_socket"),
    (TCP, errno.ECONNREFUSED, "backend_port_closed"),
    (V6, errno.ECONNREFUSED, "backend_port_closed"),
    (LOOPBACK_V6, errno.ECONNREFUSED, "ipv6_localhost_refused"),
    (TCP, errno.EHOSTUNREACH, "firewall_reject"),
    (TCP, errno.EPERM, "firewall_reject"),
    (TCP, errno.ENETUNREACH, "backend_unreachable"),
    (LOOPBACK_V6, errno.ENETUNREACH, "ipv6_unavailable"),
    (TCP, errno.ETIMEDOUT, "connect_timeout"),
    (TCP, errno.ECONNRESET, "upstream_connection_reset"),
    (TCP, errno.EADDRNOTAVAIL, "ephemeral_ports_exhausted"),
    (LOOPBACK_V6, errno.EADDRNOTAVAIL, "ipv6_unavailable"),
    (TCP, errno.EACCES, "selinux_network_connect"),
]


@pytest.mark.parametrize(("address", "number", "signature"), SIGNATURES)
def test_a_connect_that_failed(address, number, signature):
    assert connect_signature(parse_address(address), number) == signature


@pytest.mark.parametrize(("address", "number", "signature"), SIGNATURES)
def test_nginx_would_have_said_the_same(address, number, signature):
    peer = address if address == UNIX else address[len("tcp:") :]
    what = "upstream timed out" if number == errno.ETIMEDOUT else "connect() to %s failed" % peer
    line = (
        '2026/11/22 14:30:00 [error] 72#72: *5 %s (%d: %s) while connecting to upstream, client: 10.0.0.9, server: _, request: "GET / HTTP/1.1", %s'
        % (
            what,
            number,
            os.strerror(number),
            'upstream: "%s://%s", host: "site"'
            % (("fastcgi", peer + ":") if address == UNIX else ("http", peer + "/")),
        )
    )
    assert error_signature(line) == signature


@pytest.mark.parametrize("address", [UNIX, TCP, LOOPBACK_V6])
@pytest.mark.parametrize("number", [None, 0, errno.EINTR])
def test_other_numbers_say_nothing(address, number):
    assert connect_signature(parse_address(address), number) is None


@pytest.mark.parametrize(
    ("address", "number", "signature"),
    [(TCP, 61, "backend_port_closed"), (TCP, 60, "connect_timeout"), (UNIX, 61, "stale_unix_socket")],
)
def test_numbers_of_macos(address, number, signature):
    assert connect_signature(parse_address(address), number) == signature
