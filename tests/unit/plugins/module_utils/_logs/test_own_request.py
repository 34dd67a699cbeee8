# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import parse_line
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.own_request import NOTHING, Blame, Request, blame

OURS = Request("GET", "/big.php", "a.test", "127.0.0.1")
TAIL = 'client: %s, server: a.test, request: "%s HTTP/1.1", upstream: "fastcgi://unix:/run/php/a.sock:", host: "%s"'


def line(message, client="127.0.0.1", request="GET /big.php?n=6000", host="a.test"):
    return "2026/11/22 14:50:31 [error] 29284#29284: *12 %s, %s" % (message, TAIL % (client, request, host))


# Written by nginx 1.22 on Debian 12.
BIG = line("upstream sent too big header while reading response header from upstream")
GONE = (
    "2026/11/22 14:50:31 [crit] 29284#29284: *17 connect() to unix:/run/php/gone.sock failed (2: No such file or directory) while connecting to upstream, "
    'client: 127.0.0.1, server: a.test, request: "GET /gone HTTP/1.1", upstream: "fastcgi://unix:/run/php/gone.sock:", host: "a.test"'
)
TWO = [
    "2026/11/22 14:50:31 [error] 29284#29284: *18 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: a.test, "
    'request: "GET /two HTTP/1.1", upstream: "http://%s/two", host: "a.test"' % peer
    for peer in ("[::1]:1", "127.0.0.1:1")
]
RESOLVER = (
    "2026/11/22 14:50:32 [error] 29284#29284: *30 nowhere.test could not be resolved (110: Operation timed out), client: 127.0.0.1, server: a.test, "
    'request: "GET /res HTTP/1.1", host: "a.test"'
)
NOLIVE = (
    "2026/11/22 14:50:33 [error] 29284#29284: *19 no live upstreams while connecting to upstream, client: 127.0.0.1, server: a.test, "
    'request: "GET /two HTTP/1.1", upstream: "http://localhost/two", host: "a.test"'
)
LOG = [GONE, BIG, *TWO, RESOLVER]


def blamed(request, texts):
    return blame(request, [line for line in map(parse_line, texts) if line])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/big.php", Blame("response_header_too_big", "unix:/run/php/a.sock")),
        ("/gone", Blame("unix_socket_missing", "unix:/run/php/gone.sock")),
        ("/two", Blame("backend_port_closed", "tcp:127.0.0.1:1")),
        ("/res", Blame("resolver_failure", None)),
        ("/other", NOTHING),
    ],
)
def test_each_request_finds_its_own_line(path, expected):
    assert blamed(OURS._replace(path=path), LOG) == expected


@pytest.mark.parametrize(
    "other",
    [
        OURS._replace(method="HEAD"),
        OURS._replace(host="b.test"),
        OURS._replace(client="10.0.0.9"),
        OURS._replace(path="/big"),
    ],
)
def test_lines_of_others_are_left_to_them(other):
    assert blamed(other, LOG) == NOTHING


def test_a_client_that_the_log_does_not_name_is_not_compared():
    assert blamed(OURS._replace(client=None), LOG).signature == "response_header_too_big"


def test_a_line_that_only_reports_failures_before_it_does_not_decide():
    two = OURS._replace(path="/two")
    assert blamed(two, [*LOG, NOLIVE]).signature == "backend_port_closed"
    assert blamed(two, [NOLIVE]).signature == "no_live_upstreams"


def test_a_line_that_was_cut_before_its_host_still_is_ours():
    assert blamed(OURS, [BIG[: BIG.index(", upstream")]]).signature == "response_header_too_big"


def test_a_request_of_ours_quoted_by_another_client_is_not_ours():
    forged = line(
        "upstream sent too big header while reading response header from upstream",
        client="203.0.113.7",
        request='GET /x", request: "GET /big.php',
    )
    assert blamed(OURS, [forged]) == NOTHING


@given(st.text(max_size=300))
def test_no_line_breaks_it(text):
    assert blamed(OURS, [text, BIG[:80] + text]) is not None
