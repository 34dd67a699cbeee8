# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/2 as far as the status of one answer."""

import struct

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import parse_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import http2
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.connection import dial, targets_of


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + bytes(bytearray([kind, flags])) + struct.pack("!I", stream) + payload


SETTINGS = frame(4, 0, 0)
HEADERS, RESET, GOAWAY = 1, 3, 7


def answer(block, flags=4):
    return SETTINGS + frame(HEADERS, flags, 1, block)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (answer(b"\x88"), 200),
        (answer(b"\x8d rest"), 404),
        # as nginx writes it: a new value for an indexed name, in plain digits
        (answer(b"\x48\x03502"), 502),
        # never indexed, and without indexing
        (answer(b"\x18\x03503"), 503),
        (answer(b"\x08\x03302"), 302),
        # in the code of Huffman, and filled up with ones
        (answer(b"\x48\x82\x6c\x02"), 502),
        (answer(b"\x48\x83\x68\x0c\xff"), 403),
        # padding, a priority, and a change of the table's size before it
        (answer(b"\x02\x80\x00\x00\x00\x10\x20\x88\x00\x00", flags=4 | 8 | 32), 200),
        (answer(b"\x3f\xe1\x1f\x88"), None),
        (answer(b""), None),
        (answer(b"\x48"), None),
        (answer(b"\x48\x03abc"), None),
        (answer(b"\x40\x01a\x01b"), None),
        (SETTINGS + frame(RESET, 0, 1, b"\0\0\0\7"), None),
        (SETTINGS + frame(HEADERS, 4, 3, b"\x88"), None),
    ],
)
def test_status(data, status):
    assert http2.status_of(data) == status


@pytest.mark.parametrize(
    ("data", "answered"),
    [
        (b"", False),
        (SETTINGS, False),
        (answer(b"\x88")[:-1], False),
        (answer(b"\x88"), True),
        (SETTINGS + frame(RESET, 0, 1, b"\0\0\0\7"), True),
        (SETTINGS + frame(GOAWAY, 0, 0, b"\0" * 8), True),
    ],
)
def test_when_the_answer_has_begun(data, answered):
    assert http2.has_answered(data) is answered


def test_another_protocol_is_refused():
    with pytest.raises(ValueError, match="not an HTTP/2 server"):
        http2.has_answered(b"HTTP/1.1 400 Bad Request")


@pytest.mark.parametrize(("path", "size"), [("/" + "x" * 125, b"\x7e"), ("/" + "x" * 299, b"\x7f\xad\x01")])
def test_a_request(path, size):
    made = http2.request("GET", path, "http", "shop.test", {"X-Real-IP": "192.0.2.1"})
    assert made.startswith(http2.PREFACE)
    head, block = made[len(http2.PREFACE) :][:9], made[len(http2.PREFACE) + 9 :]
    assert struct.unpack("!I", b"\0" + head[:3])[0] == len(block)
    assert head[3:] == b"\x01\x05\x00\x00\x00\x01"
    assert b"\x00\x05:path" + size + path.encode() in block
    assert block.endswith(b"\x00\x09x-real-ip\x09192.0.2.1")


def spoken(peer, behaviour):
    sock = dial(targets_of(parse_address(peer(behaviour).address)), Deadline(30))[0].sock
    with sock:
        return http2.speak(sock, http2.request("GET", "/", "http", "shop.test", {}), Deadline(30))


@pytest.mark.parametrize(
    ("data", "status", "error"),
    [
        (answer(b"\x48\x03502"), 502, None),
        (SETTINGS + frame(RESET, 0, 1, b"\0\0\0\7"), None, "the stream was refused or reset"),
        (SETTINGS, None, "connection closed before the header was complete"),
    ],
)
def test_a_reply(peer, data, status, error):
    def behaviour(connection):
        heard = b""
        while b"shop.test" not in heard:
            heard += connection.recv(1000)
        connection.sendall(data)

    made = spoken(peer, behaviour)
    assert (made["protocol"], made["status"], made["error"]) == ("http2", status, error)
