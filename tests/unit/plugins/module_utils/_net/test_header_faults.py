# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._net.header_faults import cgi_faults, header_faults

STATUS = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        (b"Content-Length: 5\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n", []),
        (b"Transfer-Encoding: Chunked\r\nX_Under(score): x\r\nEmpty\r\n", []),
        (b"X Bad: y\r\n", ['invalid header name "X Bad"']),
        (b": y\r\n", ['invalid header name ""']),
        (b"X-Bad : y\r\n", ['invalid header name "X-Bad "']),
        (b" folded\r\n", ['invalid header name " folded"']),
        (b"X: a\0b\r\n", ['a NUL in the value of "X"']),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", ['both "Content-Length" and "Transfer-Encoding"']),
        (b"Transfer-Encoding: chunked\ntransfer-encoding: chunked\n", ['"transfer-encoding" 2 times']),
        (b"Transfer-Encoding: gzip, chunked\r\n", ['Transfer-Encoding is "gzip, chunked"']),
        (b"Content-Length: -1\r\n", ['Content-Length is "-1"']),
        (b"A: b\r\n\r\nbody here: x\r\n", []),
    ],
)
def test_what_nginx_refuses(lines, faults):
    assert header_faults(STATUS + lines + b"\r\n") == faults


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        (b"Status: 404 Not Found\r\nContent-type: text/html\r\n", []),
        (b"Status: done\r\n", ['Status is "done"']),
        (b"Status: 20\r\n", ['Status is "20"']),
        (b"X Debug: on\r\nContent-type: text/html\r\n", ['invalid header name "X Debug"']),
        (b"Content-Length: 1\r\nContent-length: 1\r\n", ['"content-length" 2 times']),
    ],
)
def test_what_nginx_refuses_of_an_application_behind_cgi(lines, faults):
    assert cgi_faults(lines + b"\r\n") == faults


def test_a_status_header_means_nothing_in_http():
    assert header_faults(STATUS + b"Status: done\r\n\r\n") == []


def test_few_and_short():
    faults = header_faults(
        STATUS + b"".join(b"bad \x01%d: x\r\n" % number + b"y" * 500 + b" z: x\r\n" for number in range(9)) + b"\r\n"
    )
    assert len(faults) == 5
    assert all(len(fault) < 120 and fault.isprintable() for fault in faults)


@given(st.binary(max_size=300))
def test_any_bytes_are_read(header):
    assert all(isinstance(fault, str) and fault.isprintable() for fault in header_faults(header))
