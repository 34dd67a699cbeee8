# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which protocol a backend speaks that gives no answer in the one that nginx speaks to it."""

import contextlib
import socket
import ssl

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.other_protocol import (
    answers_plainly,
    heard_instead,
    wants_line,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import over_tls, resets, says, silent

SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
#: What PHP-FPM answers when it is asked for its values.
VALUES = b"\x01\x0a\x00\x00\x00\x00\x00\x00"
#: How an SCGI request may begin: with its length.
NETSTRING = tuple(b"%d" % digit for digit in range(1, 10))


def speaks(begins, answer):
    """A server that hangs up on all that does not begin so."""

    def behaviour(connection):
        if connection.recv(65536).startswith(begins):
            connection.sendall(answer)

    return behaviour


def dialling(port):
    def dial(limit):
        with contextlib.suppress(OSError):
            return socket.create_connection(("127.0.0.1", port), limit.left())
        return None

    return dial


def heard(peer, behaviour, family, version="1.0", **reply):
    port = peer(behaviour).port
    given = {
        "protocol": "unknown",
        "error": "connection closed without an answer",
        "ended": "closed",
        "began": "",
        **reply,
    }

    heard_instead(dialling(port), family, given, Deadline(20.0), version)
    return given["protocol"]


@pytest.mark.parametrize(
    "family,behaviour,protocol",
    [
        ("proxy", over_tls(silent), "tls"),
        ("proxy", speaks(b"\x01", VALUES), "fastcgi"),
        ("proxy", speaks(b"PRI ", SETTINGS), "http2"),
        ("fastcgi", speaks(b"HEAD ", b"HTTP/1.0 200 OK\r\n\r\n"), "http"),
        ("proxy", speaks(b"\x00", b"HTTP/1.1 200 OK\r\n\r\n"), "uwsgi"),
        ("fastcgi", speaks(b"\x00", b"Status: 200 OK\r\n\r\n"), "uwsgi"),
        # An application behind uwsgi may refuse the request; what breaks off at each request of HTTP is a server of HTTP where it refuses nonsense, too.
        ("proxy", speaks(b"\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n"), "uwsgi"),
        ("proxy", speaks((b"\x00", b"\xff"), b"HTTP/1.1 400 Bad Request\r\n\r\n"), "unknown"),
        ("proxy", speaks(NETSTRING, b"Status: 200 OK\r\n\r\n"), "cgi"),
        ("uwsgi", speaks(b"\x00", b"HTTP/1.1 200 OK\r\n\r\n"), "unknown"),
        ("scgi", speaks(b"\x00", b"HTTP/1.1 200 OK\r\n\r\n"), "uwsgi"),
        ("grpc", over_tls(silent), "tls"),
        ("proxy", resets, "unknown"),
        ("proxy", speaks(b"PROXY TCP4 127.0.0.1 127.0.0.1 ", b"HTTP/1.1 200 OK\r\n\r\n"), "proxy_protocol"),
        # Its application is slow, its parser is not.
        ("proxy", speaks(b"PROXY ", b"HTTP/1.1 400 Bad Request\r\n\r\n"), "unknown"),
        ("fastcgi", speaks(b"PROXY ", b"HTTP/1.1 400 Bad Request\r\n\r\n"), "http"),
        # It does speak what nginx speaks: this one request fails.
        ("proxy", speaks((b"HEAD ", b"PRI "), b"HTTP/1.0 200 OK\r\n\r\n"), "unknown"),
    ],
)
def test_what_is_heard(peer, family, behaviour, protocol):
    assert heard(peer, behaviour, family) == protocol


def test_one_that_breaks_off_now_and_then_is_asked_more_than_once(peer):
    """The first message that is none ends with the worker that took it."""
    asked = []

    def behaviour(connection):
        data = connection.recv(65536)
        asked.append(data[:1])
        if data[:1] == b"\x00" or (data[:1] == b"\xff" and asked.count(b"\xff") > 1):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    assert heard(peer, behaviour, "proxy") == "unknown"
    assert asked.count(b"\xff") == 2


def in_1_1_alone(connection):
    if b"HTTP/1.1\r\n" in connection.recv(65536):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


@pytest.mark.parametrize(
    ("asked", "heard_of_it"),
    [
        ({}, "http/1.1"),
        # nginx speaks it already: then it is this one request.
        ({"version": "1.1"}, "unknown"),
        ({"family": "fastcgi", "version": None}, "unknown"),
        # One that is silent would keep the look waiting.
        ({"ended": "late"}, "unknown"),
    ],
)
def test_a_server_that_hangs_up_on_http_1_0(peer, asked, heard_of_it):
    assert heard(peer, in_1_1_alone, **{"family": "proxy", **asked}) == heard_of_it


@pytest.mark.parametrize("reply", [{"error": None}, {"protocol": "http"}, {"began": "SSH-2.0"}])
def test_nobody_is_asked_again_where_the_reply_says_something(peer, reply):
    made = reply.get("protocol", "unknown")
    assert heard(peer, says(b"HTTP/1.0 200 OK\r\n\r\n"), "fastcgi", **reply) == made


def after_the_line(behaviour):
    """A server that wants the line of the PROXY protocol first, and hangs up on all else."""

    def met(connection):
        if connection.recv(6, socket.MSG_PEEK) == b"PROXY ":
            while connection.recv(1) != b"\n":
                pass
            behaviour(connection)

    return met


@pytest.mark.parametrize(
    ("behaviour", "wants"),
    [
        (after_the_line(over_tls(silent)), True),
        (over_tls(silent), False),
        (after_the_line(silent), False),
        (resets, False),
        (None, False),
    ],
)
def test_tls_after_the_line_of_the_proxy_protocol(peer, behaviour, wants):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    dial = dialling(peer(behaviour).port) if behaviour else lambda _limit: None
    assert wants_line(dial, made, None, Deadline(5.0)) is wants


@pytest.mark.parametrize(
    ("behaviour", "plain"), [(speaks(b"HEAD ", b"HTTP/1.0 200 OK\r\n\r\n"), True), (speaks(b"\x16", b"x"), False)]
)
def test_a_server_that_is_silent_in_the_handshake_may_answer_without_tls(peer, behaviour, plain):
    assert answers_plainly(dialling(peer(behaviour).port), Deadline(5.0)) is plain
