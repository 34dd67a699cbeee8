# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that come round, over one nginx or two, and those that end somewhere."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import proxy_loop
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import written
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet


def host(http, *addresses, reach=(), answers=()):
    nginx = {"master": {"pid": 1}, "workers": [], "test": {"sound": True}, "config": written(http)}
    rows = [small_fleet.reached(address, small_fleet.tried(number)) for address, number in reach]
    return small_fleet.host(*addresses, nginx=nginx, reach=rows, answers=list(answers))


def found(url="http://shop.test/", **hosts):
    answer = small_fleet.answer(500, url=url, signature="nginx_worker_connections")
    hosts["web"]["answers"] = [answer]
    return list(proxy_loop.find(small_fleet.fleet(**hosts)))


ITSELF = [("tcp:127.0.0.1:80", "tcp:127.0.0.1:80")]


@pytest.mark.parametrize(
    "http",
    [
        "server { listen 80; location / { proxy_pass http://127.0.0.1:80; } }",
        "server { listen 80; location / { proxy_pass http://127.0.0.1:80/again/; } }",
        "server { listen 80; server_name shop.test; location / { proxy_set_header Host $host; proxy_pass http://127.0.0.1:80; } }"
        " server { listen 80 default_server; return 204; }",
        "server { listen 80; location / { proxy_set_header Host $server_name; proxy_pass http://127.0.0.1:80; } }",
        "server { listen 80; location / { proxy_set_header Host fixed.test; proxy_pass http://127.0.0.1:80; } }",
        "upstream app { server 127.0.0.1:80; } server { listen 80; location / { proxy_set_header Host $proxy_host; proxy_pass http://app; } }",
    ],
)
def test_to_itself(http):
    (finding,) = found(web=host(http, "10.0.0.1", reach=ITSELF))
    assert (finding.on, finding.remedy, finding.routes) == ("web", None, frozenset({0}))
    assert "web: " in finding.evidence[-1].text


@pytest.mark.parametrize(
    "http",
    [
        # another server of the same nginx answers that name
        "server { listen 80; server_name shop.test; location / { proxy_pass http://127.0.0.1:80; } } server { listen 80 default_server; return 204; }",
        "server { listen 80; location / { proxy_pass http://127.0.0.1:8080; } } server { listen 8080; return 204; }",
        # the path leads elsewhere the second time
        "server { listen 80; location / { proxy_pass http://127.0.0.1:80/files/; } location /files/ { return 204; } }",
        # a name that nobody knows
        "server { listen 80; location / { proxy_set_header Host $name; proxy_pass http://127.0.0.1:80; } }",
    ],
)
def test_that_ends_somewhere(http):
    reach = [*ITSELF, ("tcp:127.0.0.1:8080", "tcp:127.0.0.1:8080")]
    assert found(web=host(http, "10.0.0.1", reach=reach)) == []


def test_over_two_hosts_by_a_name():
    front = "server { listen 80; location / { proxy_pass http://10.0.0.2:8080/app/; } }"
    back = "server { listen 8080; location /app/ { proxy_set_header Host $host; proxy_pass http://shop.test/; } }"
    web = host(front, "10.0.0.1", reach=[("tcp:10.0.0.2:8080", "tcp:10.0.0.2:8080")])
    app = host(back, "10.0.0.2", reach=[("tcp:shop.test:80", "tcp:10.0.0.1:80")])
    (finding,) = found(web=web, app=app)
    assert [item.text.split(" passes ")[0].split(":")[0] for item in finding.evidence[1:]] in (
        ["web", "app"],
        ["app", "web"],
    )
    assert "app " in finding.why and "web " in finding.why
    assert finding.seen_from == "web"


def test_a_route_that_is_not_known():
    web = host("server { listen 80; location / { proxy_pass http://127.0.0.1:80; } }", "10.0.0.1", reach=ITSELF)
    web["answers"] = [
        small_fleet.answer(500, route=None, signature="x"),
        small_fleet.answer(500, route=9, signature="x"),
    ]
    assert list(proxy_loop.find(small_fleet.fleet(web=web))) == []
