# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstreams with their servers, and which of these take requests."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.peers import peers_in_use, upstream_id
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written

POOL = """upstream app { server 10.0.0.1 down; server 10.0.0.2:81 backup; server unix:/run/a.sock; server b.example resolve;
  server $none:x; keepalive 8; keepalive_timeout 4s; zone z 64k; }
upstream app { server 10.9.9.9; }
server { location / { proxy_pass http://app; } location /d { proxy_pass http://10.0.0.1; } }"""


def test_servers_and_what_they_share():
    app = written(POOL)["upstreams"]["app"]
    assert (app["keepalive"], app["keepalive_timeout"], app["zone"]) == (8, "4s", "z")
    assert [(one["address"], one["down"], one["backup"], one["resolve"]) for one in app["servers"]] == [
        ("tcp:10.0.0.1:80", True, False, False),
        ("tcp:10.0.0.2:81", False, True, False),
        ("unix:/run/a.sock", False, False, False),
        ("tcp:b.example:80", False, False, True),
    ]


def test_an_upstream_without_settings_has_none():
    app = written("upstream app { server 10.0.0.1; keepalive x; }")["upstreams"]["app"]
    assert (app["keepalive"], app["keepalive_timeout"], app["zone"]) == (None, None, None)


def test_how_nginx_itself_checks_servers():
    asked = (
        r'check interval=3000 type=http; check_http_send "HEAD / HTTP/1.0\r\n\r\n"; check_http_expect_alive http_2xx;'
    )
    text = "upstream app { server 10.0.0.1; %s } upstream b { server 10.0.0.1; check interval=9; } upstream c { server 10.0.0.1; }"
    made = {name: one["check"] for name, one in written(text % asked)["upstreams"].items()}
    assert (made["app"]["type"], made["app"]["send"], made["app"]["expects"]) == (
        "http",
        "HEAD / HTTP/1.0\r\n\r\n",
        ["http_2xx"],
    )
    assert (made["b"]["type"], made["c"]) == ("tcp", None)


def test_a_server_that_is_down_takes_no_requests_but_for_another_upstream():
    config = written(POOL)
    by_pool, direct = config["routes"]
    assert "tcp:10.0.0.1:80" not in peers_in_use(config, by_pool)
    assert peers_in_use(config, direct) == ["tcp:10.0.0.1:80"]


def test_what_is_spoken_to_in_two_ways_has_two_ids():
    assert upstream_id("proxy", "http", "tcp:a:1") == "proxy tcp:a:1"
    assert upstream_id("proxy", "https", "tcp:a:1") == "https tcp:a:1"
