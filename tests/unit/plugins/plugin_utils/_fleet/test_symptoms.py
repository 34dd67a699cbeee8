# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failed connect and an answer have the signatures that nginx's error log has."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import parse_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.signature import error_signature
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails, connect_symptom

UNIX, TCP, V6, LOOPBACK_V6 = "unix:/run/php.sock", "tcp:10.0.0.2:80", "tcp:[2001:db8::1]:80", "tcp:[::1]:80"

SYMPTOMS = [
    (UNIX, errno.ENOENT, "unix_socket_missing"),
    (UNIX, errno.EACCES, "unix_socket_permission"),
    (UNIX, errno.EAGAIN, "unix_backlog_full"),
    (UNIX, errno.ECONNREFUSED, "stale_unix_socket"),
    (TCP, errno.ECONNREFUSED, "backend_port_closed"),
    (V6, errno.ECONNREFUSED, "backend_port_closed"),
    (LOOPBACK_V6, errno.ECONNREFUSED, "ipv6_localhost_refused"),
    (TCP, errno.EHOSTUNREACH, "firewall_reject"),
    (TCP, errno.ENETUNREACH, "backend_unreachable"),
    (LOOPBACK_V6, errno.ENETUNREACH, "ipv6_unavailable"),
    (TCP, errno.ETIMEDOUT, "connect_timeout"),
    (TCP, errno.EADDRNOTAVAIL, "ephemeral_ports_exhausted"),
    (LOOPBACK_V6, errno.EADDRNOTAVAIL, "ipv6_unavailable"),
    (TCP, errno.EACCES, "selinux_network_connect"),
]


@pytest.mark.parametrize("address,number,signature", SYMPTOMS)
def test_a_connect_that_failed(address, number, signature):
    assert connect_symptom(parse_address(address), number) == signature


@pytest.mark.parametrize("address,number,signature", SYMPTOMS)
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
    assert connect_symptom(parse_address(address), number) is None


@pytest.mark.parametrize(
    "address,number,signature",
    [(TCP, 61, "backend_port_closed"), (TCP, 60, "connect_timeout"), (UNIX, 61, "stale_unix_socket")],
)
def test_numbers_of_macos(address, number, signature):
    assert connect_symptom(parse_address(address), number) == signature


@pytest.mark.parametrize(
    "status,more,fails",
    [
        (502, {}, True),
        (504, {}, True),
        (500, {}, False),
        (500, {"signature": "disk_full"}, True),
        (503, {"signature": "disk_full"}, False),
        (200, {"signature": "response_header_too_big"}, False),
        (None, {}, False),
        (None, {"timed_out": True}, True),
        (None, {"timed_out": True, "from": "controller"}, False),
        (502, {"from": "controller"}, True),
    ],
)
def test_an_answer_that_is_a_fault_of_the_upstream(status, more, fails):
    assert answer_fails({"status": status, **more}) is fails
