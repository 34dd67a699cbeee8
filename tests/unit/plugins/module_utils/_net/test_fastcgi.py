# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import fastcgi
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.fastcgi import END_REQUEST, STDERR, STDOUT, record
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says, silent

END = record(END_REQUEST, struct.pack(">IB3x", 0, 0))
PARAMS_END = record(fastcgi.STDIN, b"")
# What PHP-FPM 8.2 answered to FCGI_GET_VALUES.
VALUES = b"\x01\x0a\x00\x00\x00\x12\x06\x00\x0f\x01FCGI_MPXS_CONNS0\x00\x00\x00\x00\x00\x00"


def padded(kind, content, padding):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), padding) + content + b"\0" * padding


def ask(peer, answer, seconds=30.0, unix=None):
    made = peer(says(answer, after=PARAMS_END) if isinstance(answer, bytes) else answer, unix=unix)
    sock = socket.socket(socket.AF_INET)
    with sock:
        sock.connect(("127.0.0.1", made.port))
        return fastcgi.speak(
            sock,
            fastcgi.request(fastcgi.params_for("GET", "/x.php?y=1", "a.test", {"SCRIPT_FILENAME": "/srv/x.php"})),
            Deadline(seconds),
        )


@pytest.mark.parametrize("size", [42, 6000, 20000])
def test_the_header_is_measured_over_all_its_records(peer, size):
    header = b"Status: 404 Not Found\r\nX: " + b"x" * (size - 30) + b"\r\n\r\n"
    output = header + b"body"
    records = b"".join(padded(STDOUT, output[place : place + 8184], 3) for place in range(0, len(output), 8184))
    result = ask(peer, records + END)
    assert (result["protocol"], result["status"], result["header_bytes"], result["stderr_bytes"], result["error"]) == (
        "fastcgi",
        404,
        size,
        0,
        None,
    )
    whole = (size - 1) // 8184
    assert result["wire_bytes"] == size + 8 * (whole + 1) + 3 * whole


def test_stderr_before_the_header_is_counted_and_later_stderr_is_not(peer):
    before = (
        padded(STDERR, b"e" * 500, 4) + record(STDERR, b"") + record(STDOUT, b"A: b\r\n") + record(STDERR, b"e" * 70)
    )
    answer = before + record(STDOUT, b"\r\n") + record(STDERR, b"later") + END
    result = ask(peer, answer)
    assert (result["header_bytes"], result["stderr_bytes"], result["wire_bytes"]) == (
        8,
        570,
        8 + 504 + 8 + 14 + 78 + 10,
    )


def test_faults_of_the_header_are_reported(peer):
    assert ask(peer, record(STDOUT, b"X Debug: on\r\nStatus: done\r\n\r\n") + END)["faults"] == [
        'invalid header name "X Debug"',
        'Status is "done"',
    ]
    assert ask(peer, record(STDOUT, b"Status: 404 Not Found\r\n\r\n") + END)["faults"] == []


@pytest.mark.parametrize(
    ("answer", "protocol", "error"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "http", "not a FastCGI reply"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "tls", "not a FastCGI reply"),
        (b"\x01\xff\x00\x01\x00\x00\x00\x00", "unknown", "not a FastCGI reply"),
        (b"", "unknown", "connection closed without an answer"),
        (record(STDOUT, b"A: b\r\n"), "fastcgi", "connection closed before the header was complete"),
        (record(STDERR, b"PHP message: out of memory") + END, "fastcgi", "FastCGI request ended without a header"),
        (
            record(END_REQUEST, struct.pack(">IB3x", 0, 2)),
            "fastcgi",
            "FastCGI application refused the request: overloaded",
        ),
        (record(END_REQUEST, struct.pack(">IB3x", 0, 9)), "fastcgi", "FastCGI application refused the request: 9"),
    ],
)
def test_replies_that_are_not_as_they_should_be(peer, answer, protocol, error):
    result = ask(peer, answer)
    assert (result["protocol"], result["status"], result["error"]) == (protocol, None, error)


def test_silence(peer):
    assert ask(peer, silent, seconds=0.1)["error"] == "no answer in 0.1 seconds"


def test_stderr_without_end_is_bounded(peer):
    result = ask(peer, record(STDERR, b"e" * 60000) * 8)
    assert result["error"] == "more than 262144 bytes without an end of the header"
    assert result["stderr_bytes"] > 200000


def test_the_question_that_no_application_sees(peer):
    made = peer(says(VALUES))
    with socket.create_connection(("127.0.0.1", made.port)) as sock:
        result = fastcgi.speak(sock, fastcgi.question(), Deadline(30))
    assert (result["protocol"], result["error"], result["status"]) == ("fastcgi", None, None)
    assert fastcgi.question() == b"\x01\x09\x00\x00\x00\x11\x00\x00\x0f\x00FCGI_MPXS_CONNS"


def test_params_are_nginx_s_own_and_what_is_given_wins():
    params = fastcgi.params_for("HEAD", "/a/b.php?x=1", "a.test", {"SCRIPT_NAME": "/other.php"})
    assert (params["REQUEST_METHOD"], params["QUERY_STRING"], params["DOCUMENT_URI"]) == ("HEAD", "x=1", "/a/b.php")
    assert params["SCRIPT_NAME"] == "/other.php"
    with pytest.raises(ValueError, match="only GET and HEAD"):
        fastcgi.params_for("POST", "/", "a", {})


def test_long_parameters_are_split_into_records_that_join_again():
    params = {"A": "short", "B": "x" * 200000, "C": ""}
    message = fastcgi.request(params)
    place, joined = 16, b""
    while message[place + 1] == fastcgi.PARAMS:
        length = struct.unpack_from(">H", message, place + 4)[0]
        joined += message[place + 8 : place + 8 + length]
        place += 8 + length
    assert joined == fastcgi.pairs(params)
    assert joined.startswith(b"\x01\x05Ashort\x01" + struct.pack(">I", 200000 | 0x80000000) + b"B")
    assert message[place:] == PARAMS_END


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x01", b"\x01\x06\x00\x01\x00\x20\x00\x00", b"\x01\x03\x00\x01\x00\x08\x00\x00"]),
)
def test_no_bytes_break_the_reader(data, start):
    try:
        seen = fastcgi.read_records(start + data)
    except ValueError as error:
        assert str(error) == "not a FastCGI reply"
    else:
        assert seen.stderr <= len(data)


@given(st.integers(0, 60))
def test_cut_anywhere_it_is_incomplete_and_not_wrong(place):
    whole = record(STDERR, b"eee") + record(STDOUT, b"A: b\r\n\r\nbody") + END
    seen = fastcgi.read_records(whole[:place])
    assert seen.header in (None, b"A: b\r\n\r\n")
    assert seen.ended is (place >= len(whole))
