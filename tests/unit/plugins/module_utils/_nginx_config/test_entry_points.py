# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listeners lead where, the best first, and what that costs. Which of them a logged request came in by is tested with urls_to_ask.py as well."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    WAYS_LIMIT,
    Doors,
    Logged,
    door_of,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import ALL_STEPS_LIMIT, STEPS_LIMIT
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written

LISTENS = ("80", "81", "[::]:80", "443 ssl", "10.0.0.1:80", "10.0.0.2:80 proxy_protocol", "unix:/run/a.sock")
NAMES = ("a", "b", "*.b", "~^a", "~c$")
LISTENERS = {"tcp": [{"address": "0.0.0.0", "port": 80}], "unix": []}  # noqa: S104  nothing is bound here
SERVERS = some.lists(
    some.tuples(
        some.lists(some.sampled_from(LISTENS), min_size=1, max_size=3, unique=True),
        some.sampled_from(NAMES),
        some.sampled_from(("return 301 https://$host/;", "location / { proxy_pass http://10.0.0.9; }", "")),
    ),
    min_size=1,
    max_size=5,
)


def doors_of(servers):
    http = "".join(
        "server { %s server_name %s; %s }\n" % ("".join("listen %s; " % listen for listen in listens), name, inside)
        for listens, name, inside in servers
    )
    return Doors(Routing(written(http)), LISTENERS)


def logged(host, path="/", server=None):
    return Logged(host, server, "GET", path, None)


@given(SERVERS, some.sampled_from(("a", "b", "x.b", "c", "none")), some.sampled_from((None, 80, 443)))
def test_all_ways_come_the_best_first(servers, host, port):
    doors = doors_of(servers)
    ways = list(doors.ways(host, port=port))
    assert [way.rank for way in ways] == sorted(way.rank for way in ways)
    reached = {}
    for listen in itertools.chain.from_iterable(server["listens"] for server in doors.routing.servers):
        door = door_of(listen)
        if port in (None, door.port):
            address = listen.get("path") or door.connect[len("tcp:") :].rpartition(":")[0]
            found = doors.routing.server_for(address, 0 if "path" in listen else door.port, host)
            reached[door.connect] = found["id"] if found else None
    assert {way.door.connect: way.server["id"] for way in ways} == {
        connect: server for connect, server in reached.items() if server is not None
    }


@pytest.mark.parametrize(
    ("host", "connect", "name"),
    [
        ("a:80", "tcp:127.0.0.1:80", "a"),  # nothing is passed on there
        ("b", "tcp:127.0.0.1:80", "b"),
        ("b:81", "tcp:127.0.0.1:81", "b"),
        ("b:82", "tcp:127.0.0.1:80", "b"),  # something in front has another port
    ],
)
def test_a_request_comes_in_where_it_is_passed_on(host, connect, name):
    passes = "location / { proxy_pass http://10.0.0.9; }"
    entered = doors_of([(["80"], "a", ""), (["80", "81"], "b", passes)]).entered(logged(host))
    assert (entered.door.connect, entered.server["server_names"]) == (connect, [name])


def test_of_two_ways_the_one_to_a_server_that_passes_it_on():
    servers = [(["80"], "a", "return 404;"), (["10.0.0.1:8080"], "b", "location / { proxy_pass http://10.0.0.9; }")]
    assert doors_of(servers).entered(logged("c")).door.connect == "tcp:10.0.0.1:8080"
    assert doors_of(servers[:1]).entered(logged("c")).door.connect == "tcp:127.0.0.1:80"


@pytest.mark.parametrize(
    "inside", ["", "location / { proxy_pass http://10.0.0.9; }", "location /b { proxy_pass http://10.0.0.9; }"]
)
def test_a_socket_for_each_of_two_thousand_servers_and_names_that_are_made_to_hurt(inside, monkeypatch):
    servers = [
        (["10.%d.%d.1:80" % divmod(number, 250)], r"~^(([a-z0-9.-])+.)+[^a-z0-9.%d]$" % number, inside)
        for number in range(2000)
    ]
    doors = doors_of(servers)
    tried, ways = [], Doors._ways
    monkeypatch.setattr(Doors, "_ways", lambda *asked: (tried.append(way) or way for way in ways(*asked)))
    requests = [logged("%s%d.invalid" % ("nobody." * 8, number), "/a") for number in range(200)]
    doors.failed(requests)
    assert 0 < len(tried) <= len(requests) * WAYS_LIMIT
    assert -STEPS_LIMIT <= doors.routing.patterns.left < ALL_STEPS_LIMIT


def test_a_name_that_is_written_out_is_found_when_no_pattern_may_be_matched_any_more():
    doors = doors_of([(["80"], "a", ""), (["80"], "~^b", "")])
    doors.routing.patterns.left = 0
    found = {host: next(iter(doors.ways(host)), None) for host in ("a", "b")}
    assert found["b"] is None
    assert found["a"].server["server_names"] == ["a"]
    assert list(doors.routing.patterns.unknown) == [""]
