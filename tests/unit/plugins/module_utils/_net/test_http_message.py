# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._net import http_message
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.reply import protocol_of
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import resets, says, silent


@pytest.mark.parametrize(
    ("text", "host", "port", "authority", "target"),
    [
        ("http://example.org", "example.org", 80, "example.org", "/"),
        ("https://example.org/a/b.php?x=1&y=%20#top", "example.org", 443, "example.org", "/a/b.php?x=1&y=%20"),
        ("http://example.org:8080/", "example.org", 8080, "example.org:8080", "/"),
        ("http://example.org:80/", "example.org", 80, "example.org", "/"),
        ("http://[::1]:8080/", "::1", 8080, "[::1]:8080", "/"),
        ("http://10.0.0.1/", "10.0.0.1", 80, "10.0.0.1", "/"),
        ("http://EXAMPLE.org/straße", "example.org", 80, "example.org", "/stra%C3%9Fe"),
        ("http://bücher.example/", "xn--bcher-kva.example", 80, "xn--bcher-kva.example", "/"),
        ('http://example.org/"quoted"', "example.org", 80, "example.org", "/%22quoted%22"),
    ],
)
def test_urls_are_split(text, host, port, authority, target):
    url = http_message.split_url(text)
    assert (url.host, url.port, url.authority, url.target) == (host, port, authority, target)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ftp://example.org/", "begins with"),
        ("example.org", "begins with"),
        ("http://", "begins with"),
        ("http://example.org/a b", "no blanks"),
        ("http://example.org/\r\nHost: x", "no blanks"),
        ("http://user:secret@example.org/", "user name"),
        ("http://example.org:99999/", "[Pp]ort"),
        ("http://[::1/", "IPv6"),
    ],
)
def test_what_is_no_url_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        http_message.split_url(text)


@given(st.text(max_size=100))
def test_no_text_breaks_out_of_the_request_line(text):
    try:
        url = http_message.split_url("http://example.org/" + text)
    except ValueError:
        return
    assert http_message.request("GET", url.target, url.authority, {}).count(b"\r\n") == 6


@pytest.mark.parametrize(
    "arguments",
    [
        ("POST", "/", "a", {}),
        ("GET", "/ x", "a", {}),
        ("GET", "/", "a\r\nX: y", {}),
        ("GET", "/", "a", {"X": "y\nZ: 1"}),
        ("GET", "/", "a", {"X\n": ""}),
    ],
)
def test_a_request_says_only_what_it_should(arguments):
    with pytest.raises(ValueError):
        http_message.request(*arguments)


def test_a_request():
    assert http_message.request("HEAD", "/x?y", "a.test", {"Accept": "text/html"}) == (
        b"HEAD /x?y HTTP/1.0\r\nHost: a.test\r\nUser-Agent: webops.bad_gateway\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("data", "status", "size"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", 200, 25),
        (b"HTTP/1.0 502 Bad Gateway\n\n", 502, 26),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\n\r\n", 404, 19),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 200, 19),
        (b"HTTP/1.1 101 Switching\r\n\r\n", 101, 26),
    ],
)
def test_heads(data, status, size):
    head = http_message.head_of(data)
    assert (head.status, head.size) == (status, size)
    assert all(
        http_message.head_of(data[:place]) is None
        for place in range(data.index(b"\n\r\n" if b"\r" in data else b"\n\n"))
    )


def test_fields_are_found_by_name():
    assert http_message.fields_of(b"HTTP/1.1 200 OK\r\nServer: nginx/1.2 \r\nX-A:b\r\nno field\r\n\r\n") == {
        "server": "nginx/1.2",
        "x-a": "b",
    }


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"status": "404 Not Found"}, 404), ({"location": "/x"}, 302), ({}, 200), ({"status": "zero"}, 200)],
)
def test_status_in_cgi_s_manner(fields, status):
    assert http_message.cgi_status(fields) == status


@pytest.mark.parametrize(
    ("data", "protocol"),
    [
        (b"HTTP/1.1 400 Bad", "http"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "tls"),
        (b"\x16\x03\x03\x00\x7a", "tls"),
        (b"\x01\x06\x00\x01\x00\x2f\x01\x00", "fastcgi"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "http2"),
        (b"\x00\x0a\x12\x04\x00\x00\x00\x00\x00", "http2"),
        (b"VERSION 1.6.18\r\n", "memcached"),
        (b"Status: 200 OK\r\n", "cgi"),
        (b"<html>", "unknown"),
        (b"SSH-2.0-OpenSSH", "unknown"),
        (b"220 mail ESMTP", "unknown"),
        (b"", "unknown"),
    ],
)
def test_protocols_are_known_by_their_first_bytes(data, protocol):
    assert protocol_of(data) == protocol


REFUSED = b"HTTP/1.1 400 Bad Request\r\n\r\n"


def speak(peer, behaviour, seconds=30.0):
    made = peer(behaviour)
    with socket.create_connection(("127.0.0.1", made.port)) as sock:
        return http_message.speak(sock, http_message.request("GET", "/", "a.test", {}), Deadline(seconds))


@pytest.mark.parametrize("size", [60, 6000, 20000])
def test_the_header_is_measured(peer, size):
    header = b"HTTP/1.1 200 OK\r\nX-Big: " + b"x" * (size - 28) + b"\r\n\r\n"
    result = speak(peer, says(header + b"y" * 1000))
    assert (result["protocol"], result["status"], result["header_bytes"], result["wire_bytes"], result["error"]) == (
        "http",
        200,
        size,
        size,
        None,
    )
    assert result["began"] == "HTTP/1.1 200 OK\\x0d"


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (
            says(REFUSED + b"<h1>The plain HTTP request was sent to HTTPS port</h1>"),
            ("tls", 400, "plain HTTP request was sent to a TLS port"),
        ),
        (
            says(REFUSED + b"You're speaking plain HTTP to an SSL-enabled server port."),
            ("tls", 400, "plain HTTP request was sent to a TLS port"),
        ),
        (says(b"HTTP/1.1 400 Bad Request\r\n\r\nwhat?"), ("http", 400, None)),
        (says(b"\x15\x03\x01\x00\x02\x02\x46"), ("tls", None, "not an HTTP reply")),
        (says(b"220 mail ESMTP\r\n"), ("unknown", None, "not an HTTP reply")),
        (says(b""), ("unknown", None, "connection closed without an answer")),
        (says(b"HTTP/1.1 200 OK\r\nA: "), ("http", None, "connection closed before the header was complete")),
        (says(b"HT"), ("unknown", None, "connection closed before the header was complete")),
    ],
)
def test_replies_that_are_not_as_they_should_be(peer, behaviour, expected):
    result = speak(peer, behaviour)
    assert (result["protocol"], result["status"], result["error"]) == expected


def test_a_reset(peer):
    result = speak(peer, resets)
    assert result["error"] in ("Connection reset by peer (104)", "Broken pipe (32)")
    assert result["ended"] == "reset"


@pytest.mark.parametrize(
    "behaviour,ended",
    [
        (says(b""), "closed"),
        (says(b"HTTP/1.1 200 OK\r\nA: "), "closed"),
        (says(b"220 mail ESMTP\r\n"), None),
        (says(b"HTTP/1.1 204 No Content\r\n\r\n"), None),
    ],
)
def test_how_an_exchange_is_broken_off(peer, behaviour, ended):
    assert speak(peer, behaviour)["ended"] == ended


def test_silence(peer):
    result = speak(peer, silent, seconds=0.1)
    assert (result["error"], result["ended"], result["header_bytes"]) == ("no answer in 0.1 seconds", "late", None)


def test_a_header_without_end_is_bounded(peer):
    result = speak(peer, says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 400000))
    assert result["header_bytes"] == 262144
    assert (result["error"], result["ended"]) == ("more than 262144 bytes without an end of the header", "endless")
