# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and locations are chosen as nginx itself chose them, and internal redirects are followed."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import sample, search
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import (
    landing,
    location_for,
    normal_path,
    route_for,
    server_for,
    servers_of,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    config_of,
    written,
)

CHOICES = yaml.safe_load((pathlib.Path(__file__).parent / "nginx_choices.yml").read_text())


def name_of(block, http):
    """What the block returns, as nginx was told to in the file."""
    if block is None:
        return None
    return re.search(r'return 200 "(\w+)', "\n".join(("\n\n" + http).split("\n")[block["place"]["line"] - 1 :])).group(
        1
    )


@pytest.mark.parametrize(
    "case", [case for case in CHOICES if "locations" in case], ids=lambda case: case["locations"][0][0]
)
def test_locations_as_nginx_chose_them(case):
    config = written(case["http"])
    server = servers_of(config)[0]
    chosen = [(path, location_for(config, server, path)) for path, _name in case["locations"]]
    assert [
        [path, name_of(block, case["http"]) if block["name"] == "location" else None] for path, block in chosen
    ] == case["locations"]


@pytest.mark.parametrize(
    "case", [case for case in CHOICES if "servers" in case], ids=lambda case: case["servers"][0][2]
)
def test_servers_as_nginx_chose_them(case):
    config = written(case["http"])
    asked = [(address, port, host) for address, port, host, _name in case["servers"]]
    assert [[*one, name_of(server_for(config, *one), case["http"])] for one in asked] == case["servers"]


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
    config = config_of("debian")
    landed = landing(config, server_for(config, "127.0.0.1", 443, "shop.example"), path)
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
    config = written("server { %s }" % inside)
    route = route_for(config, servers_of(config)[0], path)
    assert (route and route["pass"]["target"]) == target


@pytest.mark.parametrize(
    ("pattern", "start"),
    [(r"\.php$", "/"), (r"^(.+\.php)(/.*)?$", "/"), (r"^/(api|v2)/", "/"), (r"[^/]\.php(/|$)", "/"), (r"^www\d+\.example\.org$", ""),
     (r"^(www\.)?(?<name>.+)\.example\.org$", ""), (r"^/(?:status|ping)$", "/"), (r"^\/(?:index|cron)\.php(?:$|\/)", "/"), (r"^/[[:alpha:]]+\.cgi$", "/")],
)  # fmt: skip
def test_samples_match(pattern, start):
    made = sample(pattern, False, start)
    assert made
    assert made.startswith(start)
    assert search(pattern, made)


@pytest.mark.parametrize("pattern", ["(", r"^/u/(\d{3})/x-[a-z]{2}\.html$", "^(?=a)b$", ""])
def test_no_sample_rather_than_a_wrong_one(pattern):
    made = sample(pattern, False, "/")
    assert made is None or search(pattern, made)
