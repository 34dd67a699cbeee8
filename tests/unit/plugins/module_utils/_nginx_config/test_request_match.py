# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and locations are chosen as nginx itself chose them, and internal redirects are followed."""

import pathlib
import re

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing, normal_path
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    config_of,
    written,
)

CHOICES = yaml.safe_load((pathlib.Path(__file__).parent / "nginx_choices.yml").read_text())


def name_of(block, http):
    """What the block returns, as the file says it."""
    if block is None:
        return None
    return re.search(r'return 200 "(\w+)', "\n".join(("\n\n" + http).split("\n")[block["place"]["line"] - 1 :])).group(
        1
    )


@pytest.mark.parametrize(
    "case", [case for case in CHOICES if "locations" in case], ids=lambda case: case["locations"][0][0]
)
def test_locations_as_nginx_chose_them(case):
    routing = Routing(written(case["http"]))
    server = routing.servers[0]
    chosen = [(path, routing.location_for(server, path)) for path, _name in case["locations"]]
    assert [
        [path, name_of(block, case["http"]) if block["name"] == "location" else None] for path, block in chosen
    ] == case["locations"]


@pytest.mark.parametrize(
    "case", [case for case in CHOICES if "servers" in case], ids=lambda case: case["servers"][0][2]
)
def test_servers_as_nginx_chose_them(case):
    routing = Routing(written(case["http"]))
    asked = [(address, port, host) for address, port, host, _name in case["servers"]]
    assert [[*one, name_of(routing.server_for(*one), case["http"])] for one in asked] == case["servers"]


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("/a%62//c?x=/y", "/ab/c"),
        ("/a/../../b", "/b"),
        ("/a/.", "/a/"),
        ("/a/b/..", "/a/"),
        ("", "/"),
        ("*", "/"),
        ("/%C3%A9", "/é"),
        ("//", "/"),
        ("/a/", "/a/"),
    ],
)
def test_paths_are_compared_decoded(path, normal):
    assert normal_path(path) == normal


@pytest.mark.parametrize(
    ("path", "location", "uri", "query"),
    [
        ("/", r"[^/]\.php(/|$)", "/index.php", ""),
        ("/cart/42?a=b", r"[^/]\.php(/|$)", "/index.php", "a=b"),
        ("/app/x", "@fallback", "/app/x", ""),
        ("/admin.php/users", r"[^/]\.php(/|$)", "/admin.php/users", ""),
        ("/api/x.php", r"[^/]\.php(/|$)", "/api/x.php", ""),
        ("/api/x", "/api/", "/api/x", ""),
        ("/static/x.php", None, "/static/x.php", ""),
        ("/ping", "/ping", "/ping", ""),
        ("/pinged", r"[^/]\.php(/|$)", "/index.php", ""),
    ],
)
def test_requests_land(path, location, uri, query):
    routing = Routing(config_of("debian"))
    landed = routing.landing(routing.server_for("127.0.0.1", 443, "shop.example"), path)
    assert (landed.route and landed.route["location"]["path"], landed.uri, landed.query) == (location, uri, query)


@pytest.mark.parametrize(
    ("inside", "path", "target"),
    [
        ("error_page 404 = @app; location / { } location @app { proxy_pass http://a; }", "/x", "http://a"),
        ("index index.php; location / { } location ~ php$ { fastcgi_pass b:1; }", "/sub/", "b:1"),
        ("index index.php; location / { } location ~ php$ { fastcgi_pass b:1; }", "/sub", None),
        (
            "location / { try_files $uri /front.php?q=$uri&$args; } location = /front.php { fastcgi_pass c:1; }",
            "/x",
            "c:1",
        ),
        ("location / { try_files $uri =404; } location ~ php$ { fastcgi_pass c:1; }", "/x", None),
        ("location / { return 301 https://x; } location /a { proxy_pass http://a; }", "/x", None),
        ("location / { try_files $uri /x; }", "/x", None),
        ("location / { try_files $uri $unknown; }", "/x", None),
    ],
)
def test_internal_redirects(inside, path, target):
    routing = Routing(written("server { %s }" % inside))
    route = routing.route_for(routing.servers[0], path)
    assert (route and route["pass"]["target"]) == target


UNKNOWN = r"(?(1)a|b)"


@pytest.mark.parametrize(
    ("inside", "path", "known"),
    [
        ("location ~ '%s' { } location / { PASS }" % UNKNOWN, "/x", False),
        ("location /a { PASS } location ~ '%s' { }" % UNKNOWN, "/a", False),
        ("location ^~ /a { PASS } location ~ '%s' { }" % UNKNOWN, "/a", True),
        ("location = /a { PASS } location ~ '%s' { }" % UNKNOWN, "/a", True),
        ("location ~ ^/a { PASS } location ~ '%s' { }" % UNKNOWN, "/a", True),
        ("location / { try_files $uri /b; } location ~ '%s' { } location ^~ /b { PASS }" % UNKNOWN, "/a", False),
    ],
)
def test_behind_a_pattern_that_cannot_be_matched_no_route_is_known(inside, path, known):
    routing = Routing(written("server { %s }" % inside.replace("PASS", "proxy_pass http://a;")))
    server = routing.servers[0]
    assert (routing.route_for(server, path) is not None) is known
    assert (routing.location_for(server, path) is not None) is known
    assert list(routing.patterns.unknown) == ([] if known else [UNKNOWN])


def test_behind_a_server_name_that_cannot_be_matched_no_server_is_known():
    routing = Routing(
        written("server { server_name a; } server { server_name '~%s'; } server { server_name ~b; }" % UNKNOWN)
    )
    assert routing.server_for("127.0.0.1", 80, "a") is routing.servers[0]
    assert routing.server_for("127.0.0.1", 80, "b") is None
    assert [routing.answers_to(server, "b") for server in routing.servers] == [False, False, True]


def test_of_two_servers_with_one_name_the_first_has_it():
    names = ["a *.b c.* ~d", "a *.b c.* ~d", "x.b *.y.b x.y.* .e"]
    routing = Routing(written(" ".join("server { server_name %s; }" % name for name in names)))
    hosts = ["a", "A.", "z.b", "c.z", "dd", "x.b", "z.y.b", "x.y.z", "e", "z.e", "other", "b"]
    chosen = [routing.servers.index(routing.server_for("127.0.0.1", 80, host)) for host in hosts]
    assert chosen == [0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 0, 0]


def test_a_socket_whose_path_has_a_colon():
    routing = Routing(written("server { listen unix:/run/a:b.sock; }"))
    assert routing.server_for("/run/a:b.sock", 0, "any") is routing.servers[0]
