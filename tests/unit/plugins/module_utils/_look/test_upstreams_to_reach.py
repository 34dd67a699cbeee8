# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstreams to connect to, and the request that nginx would send to one over which a request is known to fail."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import upstreams_to_reach as look_upstreams
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    Doors,
    logged_requests,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.peers import peers_in_use
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    config_of,
    written,
)


def record(path, upstream, host="a", server="a", method="GET", signature="upstream_connection_reset", last=1.0):
    request = {"method": method, "path": path}
    return {
        "last": last,
        "host": host,
        "server": server,
        "request": request,
        "action": None,
        "signature": signature,
        "upstream": {"address": upstream},
    }


def upstreams_to_reach(config, records=(), version=""):
    routing = Routing(config)
    return look_upstreams.upstreams_to_reach(routing, Doors(routing).failed(logged_requests(records)), version)


def request_of(http, *records):
    found = [upstream for upstream in upstreams_to_reach(written(http), records) if "request" in upstream]
    assert len(found) == 1
    return found[0]["request"]


def test_each_once_without_those_marked_down_and_without_requests():
    found = upstreams_to_reach(config_of("debian"), [])
    assert [upstream["id"] for upstream in found] == [
        "fastcgi unix:/run/php/php8.2-fpm.sock",
        "proxy tcp:10.0.0.11:8080",
        "proxy tcp:backup.example:8081",
        "proxy unix:/run/shop.sock",
        "https tcp:status.example:443",
        "https tcp:verbose.example:8443",
        "fastcgi unix:/run/php/php8.2-fpm-shop.sock",
        "proxy unix:/run/gunicorn/shop.sock",
        "proxy tcp:localhost:8090",
    ]
    assert found[0] == {
        "id": found[0]["id"],
        "address": "unix:/run/php/php8.2-fpm.sock",
        "family": "fastcgi",
        "scheme": "fastcgi",
    }
    assert found[4]["tls"] == {"verify": False, "server_name": "status.example", "spare_name": "shop.example"}


def test_one_address_spoken_to_in_two_ways_is_two_upstreams():
    found = upstreams_to_reach(
        written(
            "server { location / { proxy_pass http://10.0.0.2:8443; } location /s { proxy_pass https://10.0.0.2:8443; } }"
        )
    )
    assert [(one["id"], "tls" in one) for one in found] == [
        ("proxy tcp:10.0.0.2:8443", False),
        ("https tcp:10.0.0.2:8443", True),
    ]


def test_an_address_is_left_out_only_where_it_is_down():
    config = written(
        "upstream a { server 10.0.0.2:80 down; server 10.0.0.3:80; } upstream b { server 10.0.0.2:80; server 10.0.0.4:80 down; server 10.0.0.4:80; }"
        "server { location /a { proxy_pass http://a; } location /b { proxy_pass http://b; } }"
    )
    assert [peers_in_use(config, route) for route in config["routes"]] == [
        ["tcp:10.0.0.3:80"],
        ["tcp:10.0.0.2:80", "tcp:10.0.0.4:80"],
    ]
    assert {one["address"] for one in upstreams_to_reach(config)} == {
        "tcp:10.0.0.2:80",
        "tcp:10.0.0.3:80",
        "tcp:10.0.0.4:80",
    }


def test_fastcgi_params_of_the_failing_request():
    found = upstreams_to_reach(
        config_of("debian"),
        [record("/cart/42", "unix:/run/php/php8.2-fpm-shop.sock", "www.shop.example:443", "shop.example")],
    )
    request = next(upstream["request"] for upstream in found if "request" in upstream)
    assert (request["method"], request["uri"], request["host"]) == ("GET", "/cart/42", "www.shop.example")
    params = request["params"]
    assert params["SCRIPT_FILENAME"] == "/srv/shop/public/index.php"
    assert params["SCRIPT_NAME"] == "/index.php"
    assert params["REQUEST_URI"] == "/cart/42"
    assert params["PATH_INFO"] == ""
    assert params["QUERY_STRING"] == ""
    assert params["APP_ENV"] == "production"
    assert params["HTTPS"] == "on"
    assert params["SERVER_NAME"] == "shop.example"
    assert params["DOCUMENT_ROOT"] == "/srv/shop/public"
    assert params["REDIRECT_STATUS"] == "200"


def test_path_info_alias_captures_and_set():
    http = (
        "server { server_name a; root /r; set $app /srv/app; fastcgi_param HTTPS $https;"
        r" location ~ ^(?<script>/x\.php)(/.*)$ { fastcgi_split_path_info ^(.+\.php)(/.*)$; fastcgi_pass b:1; fastcgi_param P $fastcgi_path_info;"
        " fastcgi_param S $app$script; fastcgi_param N $fastcgi_script_name; fastcgi_param T $2-$nothing; }"
        " location /al/ { alias /srv/al/; fastcgi_pass c:1; fastcgi_param F $request_filename; fastcgi_param D $document_root; } }"
    )
    assert request_of(http, record("/x.php/p/q", "tcp:b:1"))["params"] == {
        "P": "/p/q",
        "S": "/srv/app/x.php",
        "N": "/x.php",
        "T": "/p/q-",
    }
    assert request_of(http, record("/al/z.cgi", "tcp:c:1"))["params"] == {"F": "/srv/al/z.cgi", "D": "/srv/al"}
    inherited = "fastcgi_param HTTPS $https; fastcgi_index i.php; fastcgi_param N $fastcgi_script_name; location / { fastcgi_pass b:1; }"
    assert request_of("server { server_name a; %s }" % inherited, record("/", "tcp:b:1"))["params"] == {"N": "/i.php"}


def test_requests_as_proxy_pass_sends_them():
    request = request_of(
        "server { server_name a; location /api/ { proxy_pass http://b:1/v1/; proxy_set_header Host $host; proxy_set_header X-Up $http_upgrade;"
        ' proxy_set_header Connection ""; proxy_set_header X-Forwarded-Proto $scheme; proxy_http_version 1.1; } }',
        record("/api/x%20y", "tcp:b:1"),
    )
    assert request == {
        "method": "GET",
        "uri": "/v1/x%20y",
        "host": "a",
        "version": "1.1",
        "headers": {"X-Forwarded-Proto": "http"},
    }


def test_proxy_pass_without_headers():
    request = request_of(
        "upstream pool { server b:1; }\nserver { server_name a; location / { proxy_pass http://pool; } }",
        record("/x%20y", "tcp:b:1"),
    )
    assert request == {"method": "GET", "uri": "/x%20y", "host": "pool", "version": "1.0", "headers": {}}


def test_the_line_that_tells_of_a_header_goes_first():
    http = "server { server_name a; location / { proxy_pass http://b:1; } }"
    records = [
        record("/new", "tcp:b:1", last=9.0),
        record("/big", "tcp:b:1", signature="response_header_too_big", last=1.0),
    ]
    assert request_of(http, *records)["uri"] == "/big"
    assert request_of(http, *records[:1])["uri"] == "/new"


def test_only_get_and_head_are_sent_again():
    http = "server { server_name a; location / { proxy_pass http://b:1; } }"
    assert all(
        "request" not in upstream
        for upstream in upstreams_to_reach(written(http), [record("/x", "tcp:b:1", method="POST")])
    )


def test_whom_a_line_blames():
    http = (
        "server { server_name a; location / { proxy_pass http://app.example:8080; }"
        " location /v/ { proxy_pass http://$arg_b; } location /w/ { proxy_pass http://c:1; } }"
    )
    found = upstreams_to_reach(
        written(http),
        [record("/x", "tcp:10.0.0.5:8080"), record("/v/x", "tcp:10.0.0.6:81"), record("/w/", "tcp:10.0.0.7:99")],
    )
    assert [(upstream["address"], (upstream.get("request") or {}).get("uri")) for upstream in found] == [
        ("tcp:app.example:8080", "/x"),
        ("tcp:c:1", None),
        ("tcp:10.0.0.6:81", "/v/x"),
    ]


def test_tls_as_the_directives_say():
    http = (
        "server { server_name a *.a; location / { proxy_pass https://b; proxy_ssl_server_name on; proxy_ssl_name $host; proxy_ssl_verify on;"
        " proxy_ssl_trusted_certificate /etc/ca.pem; proxy_ssl_certificate $cert; }"
        " location /g { grpc_pass grpcs://g:1; } location /p { proxy_pass http://b; } }"
    )
    assert [upstream.get("tls") for upstream in upstreams_to_reach(written(http))] == [
        {"verify": True, "server_name": "a", "trusted_certificate": "/etc/ca.pem"},
        {"verify": False},
        None,
    ]


@pytest.mark.parametrize(
    "version,settings,tls",
    [
        (
            "1.26.0",
            "proxy_ssl_protocols TLSv1.2 TLSv1.3; proxy_ssl_ciphers HIGH;",
            {"protocols": "TLSv1.2 TLSv1.3", "ciphers": "HIGH"},
        ),
        ("1.22.1", "proxy_ssl_protocols TLSv1.3;", {"protocols": "TLSv1.3"}),
        ("1.22.1", "", {"protocols": "TLSv1 TLSv1.1 TLSv1.2"}),
        ("1.23.4", "", {}),
        ("", "", {}),
    ],
)
def test_versions_and_ciphers_of_tls(version, settings, tls):
    http = "server { location / { proxy_pass https://10.0.0.2; %s } }" % settings
    (upstream,) = upstreams_to_reach(written(http), version=version)
    assert upstream["tls"] == {"verify": False, **tls}


def test_the_name_that_is_worth_a_try_where_none_is_sent():
    http = (
        "upstream app.pool { server 10.0.0.1:443; } server { server_name shop.test; location /a { proxy_pass https://app.test; }"
        " location /b { proxy_pass https://10.0.0.2; } location /c { proxy_pass https://app.pool; }"
        " location /d { proxy_pass https://10.0.0.3; proxy_ssl_name api.test; }"
        " location /e { proxy_pass https://10.0.0.5; proxy_set_header Host asked.test:443; } } server { location / { proxy_pass https://10.0.0.4; } }"
    )
    found = [upstream["tls"].get("spare_name") for upstream in upstreams_to_reach(written(http))]
    assert found == ["app.test", "shop.test", "shop.test", "api.test", "asked.test", None]


def test_a_number_is_never_sent_as_a_name():
    http = (
        "proxy_ssl_server_name on; server { server_name shop.test; location /a { proxy_pass https://app.test; }"
        " location /b { proxy_pass https://10.0.0.2; } }"
    )
    found = [upstream["tls"] for upstream in upstreams_to_reach(written(http))]
    assert [one["server_name"] for one in found] == ["app.test", "10.0.0.2"]
    assert [one.get("spare_name") for one in found] == ["shop.test", "shop.test"]


@pytest.mark.parametrize(
    ("target", "settings", "tls"),
    [
        ("https://d1.cdn.test", "proxy_ssl_name $host;", ("shop.test", "d1.cdn.test")),
        ("https://cdn", "", ("cdn", "d1.cdn.test")),
        ("https://cdn", "proxy_ssl_name d1.cdn.test;", ("d1.cdn.test", "shop.test")),
        ("https://d1.cdn.test", "", ("d1.cdn.test", "shop.test")),
    ],
)
def test_beside_the_name_that_is_sent_another_is_worth_a_try(target, settings, tls):
    http = (
        "upstream cdn { server d1.cdn.test:443; } server { server_name shop.test; proxy_ssl_server_name on; location / { proxy_pass %s; %s } }"
        % (target, settings)
    )
    (upstream,) = upstreams_to_reach(written(http))
    assert (upstream["tls"]["server_name"], upstream["tls"]["spare_name"]) == tls


def test_variables_that_grow_without_end_are_empty():
    sets = "set $a x; " + " ".join(
        "set $%s %s;" % (name, ("$" + before) * 1300) for before, name in zip("abcde", "bcdef")
    )
    http = (
        "server { server_name a; %s location / { proxy_set_header X-F $f; proxy_set_header X-A $a; proxy_pass http://b:1; } }"
        % sets
    )
    assert request_of(http, record("/", "tcp:b:1"))["headers"] == {"X-A": "x"}


def test_what_the_configuration_keeps_for_its_upstreams_is_not_sent_to_an_address_that_only_the_log_names():
    http = "server { server_name a; location / { proxy_set_header Authorization s3cret; proxy_set_header X-A b; proxy_pass http://$arg_to; } }"
    assert request_of(http, record("/", "tcp:10.6.6.6:80"))["headers"] == {}
    http = "server { server_name a; location / { fastcgi_param TOKEN s3cret; fastcgi_param SCRIPT_NAME /a.php; fastcgi_pass $arg_to; } }"
    assert request_of(http, record("/", "tcp:10.6.6.6:9000"))["params"] == {"SCRIPT_NAME": "/a.php"}


@pytest.mark.parametrize(
    ("version", "setting", "spoken"),
    [("1.29.6", "", "1.0"), ("1.29.7", "", "1.1"), ("1.31.5", "proxy_http_version 1.0;", "1.0"), ("", "", "1.0")],
)
def test_newer_nginx_speaks_http_1_1_where_nothing_is_set(version, setting, spoken):
    config = written("server { server_name a; location / { proxy_pass http://b:1; %s } }" % setting)
    (upstream,) = upstreams_to_reach(config, [record("/", "tcp:b:1")], version)
    assert upstream["request"]["version"] == spoken
