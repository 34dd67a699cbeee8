# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import socket
import struct

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import small_protocols
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import resets, says, silent


def spoken(peer, speak, answer, *arguments, seconds=30.0):
    made = peer(says(answer) if isinstance(answer, bytes) else answer)
    with socket.create_connection(("127.0.0.1", made.port)) as sock:
        return speak(sock, *arguments, Deadline(seconds))


def test_a_uwsgi_packet():
    assert small_protocols.uwsgi_request({"A": "bc"}) == b"\x00\x07\x00\x00\x01\x00A\x02\x00bc"
    with pytest.raises(ValueError, match="65535"):
        small_protocols.uwsgi_request({"A": "x" * 70000})


def test_an_scgi_netstring():
    assert (
        small_protocols.scgi_request({"SCGI": "forged", "CONTENT_LENGTH": "7", "A": "b"})
        == b"28:CONTENT_LENGTH\x000\x00SCGI\x001\x00A\x00b\x00,"
    )


@pytest.mark.parametrize(
    ("answer", "protocol", "status", "size"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "http", 404, 26),
        (b"Status: 404 Not Found\r\n\r\n", "cgi", 404, 25),
        (b"Location: /x\r\n\r\n", "cgi", 302, 16),
        (b"what\r\n\r\n", "unknown", None, 8),
    ],
)
def test_uwsgi_and_scgi_replies(peer, answer, protocol, status, size):
    result = spoken(peer, small_protocols.speak_cgi, answer + b"body", b"0:,")
    assert (result["protocol"], result["status"], result["header_bytes"], result["error"]) == (
        protocol,
        status,
        size,
        None,
    )


@pytest.mark.parametrize("status", [b"HTTP/1.1 200 OK\r\n", b"Status: 200\r\n"])
def test_faults_of_a_uwsgi_or_scgi_header_are_reported(peer, status):
    result = spoken(peer, small_protocols.speak_cgi, status + b"X Debug: on\r\n\r\n", b"0:,")
    assert result["faults"] == ['invalid header name "X Debug"']


@pytest.mark.parametrize(
    ("answer", "seconds", "error"),
    [
        (b"", 30, "connection closed without an answer"),
        (b"Status: 2", 30, "connection closed before the header was complete"),
        (silent, 0.1, "no answer in 0.1 seconds"),
    ],
)
def test_uwsgi_and_scgi_without_a_reply(peer, answer, seconds, error):
    assert spoken(peer, small_protocols.speak_cgi, answer, b"0:,", seconds=seconds)["error"] == error


SETTINGS = struct.pack(">I", 12)[1:] + b"\x04\x00\x00\x00\x00\x00" + b"\0" * 12


@pytest.mark.parametrize(
    ("speak", "answer", "protocol", "error"),
    [
        (small_protocols.speak_http2, SETTINGS, "http2", None),
        (small_protocols.speak_http2, b"HTTP/1.1 400 Bad Request\r\n\r\n", "http", "not an HTTP/2 server"),
        (
            small_protocols.speak_http2,
            b"\x15\x03\x01\x00\x02\x02\x46",
            "tls",
            "connection closed before the header was complete",
        ),
        (small_protocols.speak_memcached, b"VERSION 1.6.18\r\n", "memcached", None),
        (small_protocols.speak_ajp, b"AB\x00\x01\x09", "ajp", None),
        (small_protocols.speak_ajp, b"HTTP/1.1 400 Bad Request\r\n\r\n", "http", "not an AJP connector"),
        (small_protocols.speak_memcached, b"HTTP/1.1 400 Bad Request\r\n\r\n", "http", "not a memcached server"),
    ],
)
def test_openings(peer, speak, answer, protocol, error):
    result = spoken(peer, speak, answer)
    assert (result["protocol"], result["error"]) == (protocol, error)


def test_a_reset(peer):
    assert spoken(peer, small_protocols.speak_http2, resets)["error"] in (
        "Connection reset by peer (104)",
        "Broken pipe (32)",
    )
