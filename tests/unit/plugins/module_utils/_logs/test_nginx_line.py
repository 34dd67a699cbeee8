# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each field of a line is taken from its own place, whatever the client wrote."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import (
    ErrorLine,
    Request,
    Upstream,
    parse_line,
)

HEAD = "2026/01/02 03:04:05 [error] 71#72: *5 "
CONNECT = (
    HEAD
    + "connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: a.example"
)


def parsed(rest):
    return parse_line(CONNECT + rest)


def test_every_field():
    line = parsed(
        ', request: "GET /x?token=1 HTTP/1.1", upstream: "http://10.0.0.2:3000/x?token=1", host: "a.example", referrer: "http://b/"'
    )
    assert line == ErrorLine(
        when="2026/01/02 03:04:05",
        level="error",
        pid=71,
        connection=5,
        message="connect() failed (111: Connection refused)",
        errno=111,
        action="connecting to upstream",
        client="192.0.2.1",
        server="a.example",
        request=Request("GET", "/x", query=True),
        upstream=Upstream("http", Address("10.0.0.2", 3000), "http://10.0.0.2:3000/x"),
        host="a.example",
        http=True,
    )


@pytest.mark.parametrize(
    ("printed", "scheme", "address", "text"),
    [
        ("fastcgi://unix:/run/php.sock:", "fastcgi", "unix:/run/php.sock", "fastcgi://unix:/run/php.sock:"),
        (
            "passenger:unix:/tmp/passenger.K/agents.s/core:",
            "passenger",
            "unix:/tmp/passenger.K/agents.s/core",
            "passenger:unix:/tmp/passenger.K/agents.s/core:",
        ),
        ("http://unix:/run/a.sock:/uri?x=1", "http", "unix:/run/a.sock", "http://unix:/run/a.sock:/uri"),
        ("fastcgi://127.0.0.1:9000", "fastcgi", "tcp:127.0.0.1:9000", "fastcgi://127.0.0.1:9000"),
        ("http://[::1]:80/", "http", "tcp:[::1]:80", "http://[::1]:80/"),
        ("https://[fd00::2]:8443/a", "https", "tcp:[fd00::2]:8443", "https://[fd00::2]:8443/a"),
        ("http://backend/app", "http", "tcp:backend", "http://backend/app"),
        ("grpc://10.0.0.2:50051", "grpc", "tcp:10.0.0.2:50051", "grpc://10.0.0.2:50051"),
        ("fastcgi://unix:/run/php.sock", "fastcgi", "unix:/run/php.sock", "fastcgi://unix:/run/php.sock"),
        ("uwsgi://unix:///run/u.sock:", "uwsgi", "unix:///run/u.sock", "uwsgi://unix:///run/u.sock:"),
    ],
)
def test_upstreams(printed, scheme, address, text):
    line = parsed(', request: "GET / HTTP/1.1", upstream: "%s", host: "a"' % printed)
    found = line.upstream
    assert (found.scheme, str(found.address), found.text) == (scheme, address, text)
    assert line.host == "a"


@pytest.mark.parametrize(
    "request_line",
    [
        'GET /", upstream: "http://6.6.6.6:1/", host: "evil HTTP/1.1',
        'GET /a b", upstream: "fastcgi://unix:/evil:", referrer: " HTTP/1.0',
        "GET /%22,%20upstream:%20%22http://6.6.6.6:1/ HTTP/2.0",
        'POST /", subrequest: "/x", upstream: "http://6.6.6.6:1/ HTTP/1.1',
    ],
)
def test_a_request_cannot_name_the_upstream(request_line):
    line = parsed(', request: "%s", upstream: "http://10.0.0.2:3000/x", host: "a.example"' % request_line)
    assert line.upstream.address == Address("10.0.0.2", 3000)
    assert line.host == "a.example"


def test_the_referrer_cannot_name_the_host():
    line = parsed(
        ', request: "GET / HTTP/1.1", upstream: "http://10.0.0.2:3000/x", host: "a.example", referrer: ", host: "evil"'
    )
    assert line.host is None


def test_a_subrequest():
    line = parsed(', request: "GET / HTTP/1.1", subrequest: "/auth", upstream: "http://10.0.0.2:3000/auth", host: "a"')
    assert (line.request, line.upstream.address, line.host) == (Request("GET", "/"), Address("10.0.0.2", 3000), "a")


def test_a_request_of_http_0_9_and_one_cut_off():
    assert parsed(', request: "GET /old", upstream: "http://10.0.0.2:1/"').upstream.address == Address("10.0.0.2", 1)
    cut = parsed(', request: "GET /' + "a" * 2000)
    assert cut.request.path == "/" + "a" * 299
    assert (cut.upstream, cut.host) == (None, None)


def test_an_immediate_failure_names_the_address_itself():
    line = parse_line(
        HEAD + "connect() to unix:/run/x.sock failed (2: No such file or directory) while connecting to upstream"
    )
    assert line.upstream.address == Address("", 0, "/run/x.sock")


@pytest.mark.parametrize(
    ("message", "errno"),
    [
        ("connect() failed (111: Connection refused)", 111),
        ("connect() failed (111: Unknown error)", 111),
        ("connect() failed (111: Conn", 111),
        ('open() "/etc/x" failed (2: No such file or directory) in /etc/nginx/nginx.conf:3', 2),
        ('open() "/a (24: x)" failed (2: No such file or directory)', 2),
        ("a.example could not be resolved (3: Host not found)", None),
        ("upstream SSL certificate verify error: (20:unable to get local issuer certificate)", None),
        ("upstream sent too big header", None),
    ],
)
def test_errno_is_the_last_one_of_the_message(message, errno):
    assert parse_line(HEAD + message).errno == errno


def test_lines_of_stream_and_mail_are_not_http():
    context = 'client: 192.0.2.1, server: 0.0.0.0:3306, upstream: "10.0.0.2:3306", bytes from/to client:0/0'
    stream = "connect() failed (111: x) while connecting to upstream, " + context
    assert parse_line(HEAD + stream).http is False
    assert parse_line(HEAD + "x while connecting to upstream, udp client: 192.0.2.1, server: 0.0.0.0:53").http is False
    assert (
        parse_line(
            HEAD
            + 'x while connecting to upstream, client: 192.0.2.1, server: 0.0.0.0:143, login: "a", upstream: 127.0.0.1:1'
        ).http
        is False
    )


def test_what_nginx_says_while_it_starts():
    line = parse_line('nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:3')
    assert (line.when, line.level, line.pid, line.message) == (
        None,
        "emerg",
        None,
        'unknown directive "x" in /etc/nginx/nginx.conf:3',
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "2026/01/02 03:04:05 [loud] 1#1: x",
        "[02-Jan-2026 03:04:05] ERROR: x",
        "2026/01/02 03:04:05 error x",
    ],
)
def test_other_lines(line):
    assert parse_line(line) is None


def test_paths_are_escaped_and_bounded():
    line = parsed(', request: "GET /\x1b[31m\u202e HTTP/1.1", upstream: "http://a:1/"')
    assert line.request.path.isprintable()
    assert line.request.path == "/\\x1b[31m\\u202e"


@given(st.text())
def test_any_rest_of_a_line_is_taken(rest):
    line = parsed(rest)
    assert line.message == "connect() failed (111: Connection refused)"
    assert line.errno == 111


def test_of_two_hosts_one_of_which_a_client_has_written_none_is_believed():
    forged = '/", host: "evil'
    line = parsed(
        ', request: "GET %s HTTP/1.1", upstream: "http://10.0.0.2:80%s", host: "a.example"' % (forged, forged)
    )
    assert (line.upstream.text, line.host) == ("http://10.0.0.2:80/", None)


def test_of_two_upstreams_in_a_line_without_a_version_none_is_believed():
    line = parsed(', request: "GET /", upstream: "http://10.6.6.6:80/", upstream: "http://10.0.0.2:80/", host: "a"')
    assert (line.upstream, line.host) == (None, None)
