# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked: a URL that really lands in each route, failing requests again, the user's URLs only where they are served."""

import urllib.parse

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Ask
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.own_urls import OwnUrls
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.urls_to_ask import (
    OFTEN,
    urls_beside,
    urls_to_ask,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    Doors,
    logged_requests,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    config_of,
    written,
)


def record(path="/", host="shop.example", server="shop.example", method="GET", last=5.0, **more):
    return {
        "last": last,
        "host": host,
        "server": server,
        "request": {"method": method, "path": path},
        "signature": "backend_port_closed",
        "upstream": None,
        "action": None,
        **more,
    }


def asks(config, listeners, records, *more, **others):
    doors = Doors(Routing(config), listeners)
    return urls_to_ask(OwnUrls(doors), doors.failed(logged_requests(records)), *more, **others)


def urls_of(found):
    return [ask.url for ask in found]


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("debian", ["http://localhost/index.php", "https://shop.example/api/", "https://shop.example/api/export/", "https://shop.example/ping",
                    "https://shop.example/index.php", "https://shop.example/app/", "https://shop.example/dynamic/"]),
        ("rhel", ["http://localhost/index.php"]),
        ("plesk", ["https://example.org/", "https://example.org/1.ac3", "http://example.org/"]),
    ],
)  # fmt: skip
def test_a_url_for_each_route(tree, expected):
    assert urls_of(asks(config_of(tree), None, [])) == expected


def test_the_way_to_ask():
    found = asks(config_of("plesk"), None, [])
    assert found[0] == Ask("https://example.org/", "tcp:192.0.2.10:443", "GET", False, 0)


SERVERS = [
    ("server { listen 8080; server_name a.example; IN }", ("http://a.example:8080/x", "tcp:127.0.0.1:8080")),
    ("server { listen [::]:8080; server_name a.example; IN }", ("http://a.example:8080/x", "tcp:[::1]:8080")),
    ("server { listen 192.0.2.7:80; IN }", ("http://192.0.2.7/x", "tcp:192.0.2.7:80")),
    ("server { listen unix:/run/n.sock; server_name a.example; IN }", ("http://a.example/x", "unix:/run/n.sock")),
    ("server { listen 443 ssl; listen 80; server_name a.example; IN }", ("http://a.example/x", "tcp:127.0.0.1:80")),
    ("server { listen 443 ssl; listen 80; server_name a.example; if ($scheme = http) { return 301 https://$host; } IN }",
     ("https://a.example/x", "tcp:127.0.0.1:443")),
    ("server { listen 8443 ssl; server_name a.example; IN }", ("https://a.example:8443/x", "tcp:127.0.0.1:8443")),
    ("server { listen 80 proxy_protocol; listen 8080; server_name a.example; IN }", ("http://a.example:8080/x", "tcp:127.0.0.1:8080")),
    ("server { server_name _; IN }", ("http://localhost/x", "tcp:127.0.0.1:80")),
    ("server { server_name localhost; return 404; } server { listen 80 default_server; IN }", ("http://127.0.0.1/x", "tcp:127.0.0.1:80")),
    ("server { server_name *.a.example; IN }", ("http://www.a.example/x", "tcp:127.0.0.1:80")),
    ("server { server_name www.a.example; return 404; } server { server_name *.a.example; IN }", ("http://bad-gateway-probe.a.example/x", "tcp:127.0.0.1:80")),
    ("server { server_name .a.example; IN }", ("http://a.example/x", "tcp:127.0.0.1:80")),
    ("server { server_name mail.*; IN }", ("http://mail.example/x", "tcp:127.0.0.1:80")),
    ("server { return 404; } server { server_name ~^u\\d+\\.a\\.example$; IN }", ("http://u1.a.example/x", "tcp:127.0.0.1:80")),
    ("server { return 404; } server { server_name _; IN }", None),
    ("server { server_name a.example; return 301 https://b.example; IN }", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SERVERS, ids=[text for text, _expected in SERVERS])
def test_names_and_listeners(text, expected):
    found = asks(written(text.replace("IN", "location /x { proxy_pass http://b; }")), None, [])
    assert [(ask.url, ask.connect) for ask in found] == ([expected] if expected else [])


def test_a_listener_that_only_speaks_the_proxy_protocol():
    found = asks(
        written("server { listen 80 proxy_protocol; server_name a; location / { proxy_pass http://b; } }"), None, []
    )
    assert [(ask.url, ask.proxy_protocol) for ask in found] == [("http://a/", True)]


def test_a_listener_that_is_open_goes_first():
    config = written("server { listen 81; listen 82; server_name a; location / { proxy_pass http://b; } }")
    assert urls_of(asks(config, {"tcp": [{"address": "::", "port": 82}]}, [])) == ["http://a:82/"]


PATHS = [
    ("location = /x { PASS }", "/x"),
    ("location ^~ /x/ { PASS }", "/x/"),
    ("location / { PASS } location = / { return 200; }", "/bad-gateway-probe"),
    (r"location ~ \.php$ { PASS }", "/index.php"),
    (r"index app.php; location ~ ^/app\.php { PASS }", "/app.php"),
    (r"location ~ ^/(api|v2)/ { PASS }", "/api/"),
    (r"location ~ '^/u/(\d{3})/x-[a-z]{2}\.html$' { PASS }", "/u/123/x-de.html"),
    ("location /a { location ~ b$ { PASS } }", None),
    ("location / { try_files $uri @app; } location @app { PASS }", "/"),
    ("error_page 404 = @app; location /s/ { } location @app { PASS }", "/s/"),
    ("location @app { PASS }", None),
    ("location /x { internal; PASS }", None),
    ("location /x { return 204; PASS }", None),
    ("location /x { limit_except GET { PASS } }", None),
    ("location '/a b' { PASS }", "/a%20b"),
]


@pytest.mark.parametrize(("text", "path"), PATHS, ids=[text for text, _path in PATHS])
def test_paths_land_in_their_route(text, path):
    config = written("server { server_name a; %s }" % text.replace("PASS", "proxy_pass http://b;"))
    found = asks(config, None, [record("/u/123/x-de.html", "other.example", "other.example", last=9.0)])
    found = [ask for ask in found if ask.url.startswith("http://a/")]
    assert urls_of(found) == (["http://a" + path] if path else [])
    routing = Routing(config)
    for ask in found:
        server = routing.server_for("127.0.0.1", 80, "a")
        assert routing.route_for(server, urllib.parse.urlsplit(ask.url).path)["id"] == ask.route


def test_where_requests_are_mirrored_only_a_routes_own_url_is_asked_once():
    """Each copy of a request may be acted upon by whoever gets it."""
    server = "server { server_name a; %s location / { proxy_pass http://b; } location = /copy { internal; proxy_pass http://c; } }"
    records = [record("/", "a", "a"), record("/order", "a", "a")]
    plain = asks(written(server % ""), None, records)
    assert sorted((ask.url, ask.times) for ask in plain) == [("http://a/", OFTEN), ("http://a/order", OFTEN)]
    mirrored = asks(written(server % "mirror /copy;"), None, records)
    assert [(ask.url, ask.times) for ask in mirrored] == [("http://a/", 1)]


def test_failing_requests_first_the_latest_first():
    config = config_of("debian")
    records = [
        record("/api/x", last=1.0), record("/cart", last=3.0), record("/cart", last=2.0), record("/order", method="POST", last=4.0),
        record("/a b", last=4.0), record("/x?y", last=4.0), record("/y", host="evil/../", last=4.0), record("/z", host=None, server=None, last=4.0),
    ]  # fmt: skip
    found = asks(config, None, records)
    assert urls_of(found)[:3] == [
        "https://shop.example/cart",
        "https://shop.example/api/x",
        "http://localhost/index.php",
    ]
    assert [config["routes"][ask.route]["location"]["path"] for ask in found[:2]] == [r"[^/]\.php(/|$)", "/api/"]
    assert not any("order" in url or "evil" in url or url.endswith("/z") for url in urls_of(found))


def test_a_failing_request_is_asked_of_the_server_that_logged_it():
    config = config_of("debian")
    found = asks(
        config,
        None,
        [record("/x.php", "192.0.2.1:80", "_"), record("/y.php", "www.shop.example", "shop.example", "HEAD")],
    )
    assert found[0].url == "http://192.0.2.1/x.php"
    assert found[1].url == "https://www.shop.example/y.php"
    assert found[1].method == "HEAD"


@pytest.mark.parametrize(
    ("listens", "expected"), [("80 default_server", "http://localhost/y.php"), ("80", "http://_/y.php")]
)
def test_a_server_without_a_name_is_asked_by_one_that_can_be_opened(listens, expected):
    """Where localhost leads to another server, its own name has to do."""
    inside = "location / { proxy_pass http://127.0.0.1:7000; }"
    config = written("server { listen 80; server_name a; } server { listen %s; server_name _; %s }" % (listens, inside))
    assert urls_of(asks(config, None, [record("/y.php", None, "_")]))[0] == expected


def test_the_limit_leaves_room_for_routes():
    config = config_of("debian")
    found = asks(config, None, [record("/%d" % number, last=float(number)) for number in range(50)], limit=6)
    assert urls_of(found) == [
        "https://shop.example/49", "https://shop.example/48", "https://shop.example/47",
        "http://localhost/index.php", "https://shop.example/api/", "https://shop.example/api/export/",
    ]  # fmt: skip


def test_where_there_are_too_many_each_server_and_each_file_has_its_turn():
    """Some of these may be a customer's, who would hide his neighbours' sites else."""
    many = "".join("location /%d/ { proxy_pass http://127.0.0.1:9; } " % number for number in range(9))
    servers = "".join("server { listen 80; server_name eve%d; %s} " % (number, many) for number in range(3))
    shop = "server { listen 80; server_name shop; location / { proxy_pass http://127.0.0.1:8; } location /api/ { proxy_pass http://127.0.0.1:7; } }"
    config = written(
        "include eve.conf; include shop.conf;", {"/etc/nginx/eve.conf": servers, "/etc/nginx/shop.conf": shop}
    )
    assert urls_of(asks(config, None, [], limit=4)) == [
        "http://eve0/0/",
        "http://shop/",
        "http://eve1/0/",
        "http://shop/api/",
    ]
    assert len(asks(config, None, [])) == 29


@pytest.mark.parametrize(
    ("url", "connect"),
    [
        ("https://shop.example/cart?x=y", "tcp:127.0.0.1:443"),
        ("http://shop.example/", "tcp:127.0.0.1:80"),
        ("http://shop.example:8080/", None),
        ("https://other.example/", None),
        ("http://other.example/", "tcp:127.0.0.1:80"),
        ("http://192.0.2.1/", "tcp:127.0.0.1:80"),
        ("http://192.0.2.2/", None),
        ("http://localhost/", "tcp:127.0.0.1:80"),
        ("ftp://shop.example/", None),
        ("http://[::1", None),
        ("http://shop.example:x/", None),
    ],
)
def test_the_users_urls_where_they_are_served(url, connect):
    found = asks(config_of("debian"), None, [record()], [url], addresses=["192.0.2.1"])
    assert [(ask.url, ask.connect) for ask in found] == ([(url, connect)] if connect else [])


def test_the_users_url_knows_its_route():
    config = config_of("debian")
    found = asks(config, None, [], ["https://shop.example/cart?x=y", "https://shop.example/static/a.css"])
    assert [ask.route and config["routes"][ask.route]["location"]["path"] for ask in found] == [
        r"[^/]\.php(/|$)",
        None,
    ]


def test_a_password_in_the_users_url_is_left_out():
    config = written("server { server_name a; }")
    assert urls_of(asks(config, None, [], ["http://me:s3cret@a/x"])) == ["http://a/x"]


def test_behind_a_pattern_that_cannot_be_matched_nothing_is_asked():
    inside = "location /a { proxy_pass http://b; } location ~ '(?(1)a|b)' { } location ^~ /c { proxy_pass http://c; }"
    found = asks(written("server { server_name a; %s }" % inside), None, [record("/a", "a", "a")])
    assert [(ask.url, ask.route) for ask in found] == [("http://a/a", None), ("http://a/c", 1)]


def test_a_request_that_hangs_other_matchers():
    evil = "^(([a-z])+.)+[A-Z]([a-z])+$"
    config = written(
        "server { server_name a; location ~ '%s' { proxy_pass http://b; } location / { proxy_pass http://c; } }" % evil
    )
    found = asks(config, None, [record("/" + "a" * 60, "a", "a")])
    assert [(ask.url, ask.route) for ask in found] == [("http://a/" + "a" * 60, 1), ("http://a/", 1)]


def test_the_first_page_of_a_server_that_passes_nothing_on():
    passing = "server { server_name a; location / { proxy_pass http://b; } }"
    others = "server { server_name b.example; listen 8080; root /var/www; } server { server_name c; return 301 /x; }"
    found = urls_beside(Doors(Routing(written(passing + others)), None))
    assert [(ask.url, ask.connect, ask.route) for ask in found] == [
        ("http://b.example:8080/", "tcp:127.0.0.1:8080", None),
        ("http://c/", "tcp:127.0.0.1:80", None),
    ]


def test_servers_beside_are_asked_to_a_limit():
    text = " ".join("server { server_name s%d; }" % number for number in range(30))
    assert len(urls_beside(Doors(Routing(written(text)), None), limit=4)) == 4


def test_nothing_to_ask():
    assert asks(written(""), None, []) == []
    assert asks(written(""), None, [record()], ["http://a/"]) == []


class TestWhatOnlyTheLogNames:
    """Any visitor can bring a path into the log, and applications do things for 127.0.0.1 alone."""

    OWN = ["127.0.0.1", "192.0.2.7"]

    def where(self, locations, path, listen="listen 80;"):
        config = written("server { %s server_name shop.example; %s }" % (listen, locations))
        found = asks(config, None, [record(path)], addresses=self.OWN)
        return {urllib.parse.urlsplit(ask.url).path: ask.connect for ask in found}

    def test_it_is_asked_as_visitors_ask_and_the_routes_own_url_as_before(self):
        found = self.where("location / { proxy_pass http://127.0.0.1:1; }", "/cron.php")
        assert found == {"/cron.php": "tcp:192.0.2.7:80", "/": "tcp:127.0.0.1:80"}

    def test_what_the_configuration_names_is_no_news_of_the_log(self):
        found = self.where("location = /pay.php { proxy_pass http://127.0.0.1:1; }", "/pay.php")
        assert found == {"/pay.php": "tcp:127.0.0.1:80"}

    def test_a_pattern_names_no_path(self):
        found = self.where("location ~ ^/(?:a|b)/run[.]php$ { proxy_pass http://127.0.0.1:1; }", "/b/run.php")
        assert found == {"/b/run.php": "tcp:192.0.2.7:80"}

    def test_a_server_of_the_loopback_alone_is_asked_there(self):
        found = self.where("location / { proxy_pass http://127.0.0.1:1; }", "/cron.php", "listen 127.0.0.1:80;")
        assert found == {"/cron.php": "tcp:127.0.0.1:80", "/": "tcp:127.0.0.1:80"}


class TestWhatTheConfigurationNamesForOthers:
    """A cron job, a webhook, a script: a look must not do their work, least of all as 127.0.0.1."""

    def asked(self, location, *records):
        config = written(
            "server { listen 80; server_name shop.example; location = %s { proxy_pass http://b; } }" % location
        )
        found = asks(config, None, records, addresses=["127.0.0.1", "192.0.2.7"])
        return [(ask.method, ask.connect) for ask in found]

    @pytest.mark.parametrize("location", ["/cron.php", "/admin/cron/run", "/hooks/deploy", "/pay.php"])
    def test_it_is_asked_with_head_as_visitors_ask(self, location):
        assert self.asked(location) == [("HEAD", "tcp:192.0.2.7:80")]

    def test_a_script_that_was_seen_failing_is_asked_as_it_was(self):
        assert self.asked("/pay.php", record("/pay.php")) == [("GET", "tcp:127.0.0.1:80")]

    @pytest.mark.parametrize("location", ["/", "/index.php", "/api/", "/ping"])
    def test_a_page_is_asked_as_before(self, location):
        assert self.asked(location) == [("GET", "tcp:127.0.0.1:80")]
