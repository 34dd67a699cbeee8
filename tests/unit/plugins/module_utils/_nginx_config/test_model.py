# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of real configurations: routes, peers, what is in force where, listeners, logs, drop-in folders, generated files."""

from collections import Counter

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config import tree as tree_module
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.generated_files import generated_by
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import canonical, read_target
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import (
    MAIN,
    config_of,
    route_at,
    written,
)

BREW = "/opt/homebrew/etc/nginx/nginx.conf"


def test_debian():
    config = config_of("debian")
    assert config["errors"] == []
    assert config["user"] == "www-data"
    assert config["worker_processes"] == "auto"
    assert config["worker_connections"] == {"value": 768, "place": {"file": MAIN, "line": 8}}
    assert config["events"] == {"place": {"file": MAIN, "line": 7}}
    assert config["worker_rlimit_nofile"] is None
    assert config["error_logs"] == [
        {"path": "/var/log/nginx/error.log", "level": "error", "place": {"file": MAIN, "line": 4}}
    ]
    assert config["http"] == {"place": {"file": MAIN, "line": 12}, "dropin_dir": "/etc/nginx/conf.d"}
    route = route_at(config, r"\.php$")
    assert route["peers"] == ["unix:/run/php/php8.2-fpm.sock"]
    assert route["server_names"] == ["_"]
    assert [(listen["address"], listen["port"], listen["default"]) for listen in route["listens"]] == [
        ("*", 80, True),
        ("[::]", 80, True),
    ]
    assert route["location"]["place"] == {"file": "/etc/nginx/sites-enabled/default", "line": 20}
    assert route["location"]["end_line"] == 27
    assert route["server_place"]["line"] == 1
    assert route["root"] == "/var/www/html"
    assert route["index"][0] == "index.php"
    assert route["params"]["SCRIPT_FILENAME"] == "$document_root$fastcgi_script_name"
    assert route["params"]["QUERY_STRING"] == "$query_string"
    assert route["settings"]["fastcgi_split_path_info"]["place"]["file"] == "/etc/nginx/snippets/fastcgi-php.conf"
    assert route["settings"]["fastcgi_split_path_info"]["block"] == {
        "name": "location",
        "file": "/etc/nginx/sites-enabled/default",
        "line": 20,
    }


@pytest.mark.parametrize(
    ("path", "target", "peers"),
    [
        ("/api/", {"scheme": "http", "upstream": "shop", "uri": "/v1/", "variable": False},
         ["tcp:10.0.0.11:8080", "tcp:10.0.0.12:8080", "tcp:backup.example:8081", "unix:/run/shop.sock"]),
        ("/api/export/", {"scheme": "http", "upstream": "shop", "uri": None},
         ["tcp:10.0.0.11:8080", "tcp:10.0.0.12:8080", "tcp:backup.example:8081", "unix:/run/shop.sock"]),
        (r"[^/]\.php(/|$)", {"scheme": "fastcgi", "upstream": None, "variable": True}, ["unix:/run/php/php8.2-fpm-shop.sock"]),
        ("@fallback", {"scheme": "http", "uri": "/app/"}, ["unix:/run/gunicorn/shop.sock"]),
        ("/dynamic/", {"scheme": "http", "variable": True}, []),
        ("/upload/", {"scheme": "http"}, ["tcp:localhost:8090"]),
    ],
)  # fmt: skip
def test_where_routes_lead(path, target, peers):
    route = route_at(config_of("debian"), path)
    assert {name: route["pass"][name] for name in target} == target
    assert route["peers"] == peers


def test_if_in_a_location_is_a_route_of_its_own():
    plain, conditional = [route for route in config_of("debian")["routes"] if route["location"]["path"] == "/ping"]
    assert plain["peers"] == ["tcp:status.example:443"]
    assert conditional["peers"] == ["tcp:verbose.example:8443"]
    assert conditional["location"]["place"]["line"] == plain["location"]["place"]["line"] + 3
    assert conditional["settings"]["proxy_ssl_server_name"]["level"] == "location"


def test_lower_levels_win_and_arrays_are_replaced_whole():
    config = config_of("debian")
    api, export, named = route_at(config, "/api/"), route_at(config, "/api/export/"), route_at(config, "@fallback")
    assert (api["settings"]["proxy_read_timeout"]["args"], api["settings"]["proxy_read_timeout"]["level"]) == (
        ["120s"],
        "server",
    )
    assert (export["settings"]["proxy_read_timeout"]["args"], export["settings"]["proxy_read_timeout"]["level"]) == (
        ["600s"],
        "location",
    )
    assert export["settings"]["proxy_buffer_size"]["block"]["line"] == api["location"]["place"]["line"]
    assert api["params"] == export["params"] == {"Host": "$host", "Connection": ""}
    assert named["params"] == {"X-Site": "shop"}


def test_upstreams():
    shop = config_of("debian")["upstreams"]["shop"]
    assert (shop["keepalive"], shop["zone"], shop["place"]["line"], shop["end_line"]) == (16, "shop", 1, 8)
    assert [(peer["address"], peer["down"], peer["backup"]) for peer in shop["servers"]] == [
        ("tcp:10.0.0.11:8080", False, False),
        ("tcp:10.0.0.12:8080", True, False),
        ("tcp:backup.example:8081", False, True),
        ("unix:/run/shop.sock", False, False),
    ]


def test_rhel():
    config = config_of("rhel")
    assert config["worker_rlimit_nofile"]["value"] == 4096
    assert config["error_logs"][0]["level"] == "notice"
    assert config["http"]["dropin_dir"] == "/etc/nginx/conf.d"
    route = config["routes"][0]
    assert route["peers"] == ["unix:/run/php-fpm/www.sock"]
    assert route["location"]["place"]["file"] == "/etc/nginx/default.d/php.conf"
    assert route["server_place"]["file"] == MAIN
    assert route["index"] == ["index.php", "index.html", "index.htm"]


def test_plesk():
    config = config_of("plesk")
    assert {route["generated_by"] for route in config["routes"]} == {"plesk"}
    assert set(config["generated"]) == {
        "/etc/nginx/conf.d/zz010_psa_nginx.conf", "/etc/nginx/plesk.conf.d/vhosts/example.org.conf", "/var/www/vhosts/system/example.org/conf/nginx.conf",
    }  # fmt: skip
    assert config["routes"][0]["server_names"] == ["example.org", "www.example.org", "ipv4.example.org"]
    assert config["routes"][0]["settings"]["proxy_buffer_size"]["place"]["file"].endswith("/vhost_nginx.conf")
    assert [route["peers"] for route in config["routes"]] == [
        ["tcp:192.0.2.10:7081"],
        ["tcp:192.0.2.10:7081"],
        ["tcp:192.0.2.10:7080"],
    ]
    assert [log["path"] for log in config["error_logs"]] == ["/var/www/vhosts/system/example.org/logs/proxy_error_log"]


def test_homebrew():
    config = config_of("homebrew", BREW)
    assert config["http"]["dropin_dir"] == "/opt/homebrew/etc/nginx/servers"
    assert [route["peers"] for route in config["routes"]] == [["tcp:127.0.0.1:9000"], ["tcp:localhost:3000"]]
    assert config["error_logs"] == []


def test_a_snippet_of_ten_servers_is_ten_routes_at_one_place():
    config = config_of("shared_snippet")
    assert len(config["routes"]) == 10
    assert {(route["location"]["place"]["file"], route["location"]["place"]["line"]) for route in config["routes"]} == {
        ("/etc/nginx/php.conf", 1)
    }
    assert len({route["block"] for route in config["routes"]}) == 10
    timeouts = {
        route["server_names"][0]: route["settings"]["fastcgi_read_timeout"]["args"][0] for route in config["routes"]
    }
    assert {name for name, timeout in timeouts.items() if timeout == "90s"} == {"site7.example"}
    assert config["routes"][0]["params"] == {"SCRIPT_FILENAME": "$document_root$fastcgi_script_name"}


@pytest.mark.parametrize(
    ("family", "written_as", "scheme", "address", "uri"),
    [
        ("proxy", "http://app", "http", "tcp:app:80", None),
        ("proxy", "https://app/x/", "https", "tcp:app:443", "/x/"),
        ("proxy", "http://[::1]:8080", "http", "tcp:[::1]:8080", None),
        ("proxy", "http://unix:/run/a.sock", "http", "unix:/run/a.sock", None),
        ("proxy", "http://unix:/run/a.sock:/b/", "http", "unix:/run/a.sock", "/b/"),
        ("proxy", "http://127.0.0.1:8080$request_uri", "http", "tcp:127.0.0.1:8080", "$request_uri"),
        ("proxy", "http://$host", "http", None, None),
        ("proxy", "http://$host/x", "http", None, "/x"),
        ("fastcgi", "localhost:9000", "fastcgi", "tcp:localhost:9000", None),
        ("fastcgi", "localhost", "fastcgi", None, None),
        ("fastcgi", "unix:/run/php.sock", "fastcgi", "unix:/run/php.sock", None),
        ("uwsgi", "suwsgi://10.0.0.1:3031", "suwsgi", "tcp:10.0.0.1:3031", None),
        ("uwsgi", "unix:///tmp/u.sock", "uwsgi", "unix:///tmp/u.sock", None),
        ("grpc", "grpcs://g.example:50051", "grpcs", "tcp:g.example:50051", None),
        ("memcached", "127.0.0.1:11211", "memcached", "tcp:127.0.0.1:11211", None),
    ],
)
def test_targets(family, written_as, scheme, address, uri):
    target = read_target(family, written_as)
    assert (target.scheme, target.address, target.uri) == (scheme, address, uri)


@pytest.mark.parametrize("text", ["", "unix:", "a:b", "1.2.3.4:99999", "a b:80", "[::1", "http://x"])
def test_what_is_no_address(text):
    assert canonical(text, 80) is None


@pytest.mark.parametrize(
    ("inside", "peers"),
    [
        ("set $b 127.0.0.1:3000; location /x { proxy_pass http://$b; }", ["tcp:127.0.0.1:3000"]),
        ("set $b a:1; location /x { set $b b:2; proxy_pass http://$b; }", ["tcp:b:2"]),
        ("location /x { set $b a:1; if ($arg_c) { set $b b:2; } proxy_pass http://$b; }", []),
        ("set $b a:1; set $b b:2; location /x { proxy_pass http://$b; }", []),
        ("set $b $http_x; location /x { proxy_pass http://$b; }", []),
        ("if ($arg_c) { set $b b:2; } location /x { proxy_pass http://$b; }", []),
        ("location /x { proxy_pass $scheme://app.example; }", ["tcp:app.example:80"]),
        ("set $b pool; location /x { proxy_pass http://$b; }", ["tcp:10.0.0.9:80"]),
        # As ea-nginx writes it.
        ("set $b $scheme://app_${scheme}_1; location /x { proxy_pass $b; }", ["tcp:10.0.0.8:81"]),
        ("set $b $c; set $c $b; location /x { proxy_pass http://$b; }", []),
        ("set $b $b$b$b$b; location /x { proxy_pass http://$b; }", []),
    ],
)
def test_variables_have_a_value_only_where_there_is_one(inside, peers):
    config = written(
        "upstream Pool { server 10.0.0.9; } upstream app_http_1 { server 10.0.0.8:81; }\nserver { %s }" % inside
    )
    assert route_at(config, "/x")["peers"] == peers


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        ("set $php unix:/a.sock;\nlocation / { fastcgi_pass $php; }", 3),
        ("\nlocation / { set $php unix:/a.sock; fastcgi_pass ${php}; }", 4),
        ("set $php unix:/a.sock;\nset $php unix:/b.sock;\nlocation / { fastcgi_pass $php; }", None),
        ("set $v 8.1;\nlocation / { fastcgi_pass unix:/php$v.sock; }", None),
        ("location / { fastcgi_pass $nowhere; }", None),
    ],
)
def test_where_a_target_that_is_but_a_variable_is_set(inside, line):
    (route,) = written("server { %s }" % inside)["routes"]
    assert (route["set_at"] or {}).get("line") == line


def test_what_answers_502_or_504_by_itself():
    config = written(
        "server { if (-f /srv/off) { return 502; } location /a { return 504 late; } location /b { return 404; }"
        " location /c { proxy_pass http://c; } }"
    )
    said = {
        block["name"]: block["gateway"]["args"]
        for block in config["blocks"]
        if "gateway" in block and block["name"] == "if"
    }
    assert said == {"if": ["502", "(-f", "/srv/off)"]}
    paths = {
        block["path"]: block["gateway"]["args"]
        for block in config["blocks"]
        if block.get("path") and "gateway" in block
    }
    assert paths == {"/a": ["504"]}


def test_listens():
    config = written(
        "server { listen 8000-8001; ssl on; location / { proxy_pass http://a; } }"
        "server { listen unix:/run/n.sock proxy_protocol; listen 127.0.0.1:81 default_server; http2 on; location /b { proxy_pass http://b; } }"
        "server { listen localhost; listen [::1]:81 ssl http2; listen 8000; location /c { proxy_pass http://c; } }"
        "server { location /d { proxy_pass http://d; } }"
    )
    shown = [
        [(listen.get("path") or (listen["address"], listen["port"]), *(flag for flag in ("ssl", "default", "http2", "proxy_protocol") if listen[flag]))
         for listen in route["listens"]]
        for route in config["routes"]
    ]  # fmt: skip
    assert shown == [
        [(("*", 8000), "ssl", "default"), (("*", 8001), "ssl", "default")],
        [("/run/n.sock", "default", "http2", "proxy_protocol"), (("127.0.0.1", 81), "default", "http2")],
        [(("localhost", 80), "default"), (("[::1]", 81), "ssl", "default", "http2"), (("*", 8000),)],
        [(("*", 80), "default")],
    ]


def test_logs_and_resolvers_of_all_levels_once_each():
    config = parse(
        {MAIN: "error_log stderr; error_log /a crit; events {} http { error_log /b; resolver 127.0.0.53 [::1]:5353 valid=30s ipv6=off; server { error_log /b;"
               " location / { error_log syslog:server=unix:/dev/log warn; proxy_pass http://x; } } }"},
        MAIN, "/etc/nginx",
    )  # fmt: skip
    assert [(log["path"], log["level"]) for log in config["error_logs"]] == [
        ("stderr", "error"), ("/a", "crit"), ("/b", "error"), ("syslog:server=unix:/dev/log", "warn"),
    ]  # fmt: skip
    assert [(one["addresses"], one["ipv6"]) for one in config["resolvers"]] == [(["127.0.0.53", "[::1]:5353"], False)]
    assert config["routes"][0]["settings"]["resolver"]["level"] == "http"


@pytest.mark.parametrize(
    ("includes", "folder"),
    [
        ("include mime.types; include /etc/nginx/conf.d/*.conf; include sites-enabled/*;", "/etc/nginx/conf.d"),
        ("include sites-enabled/*; include conf.d/*.conf;", "/etc/nginx/conf.d"),
        ("include sites-enabled/*;", "/etc/nginx/sites-enabled"),
        ("include vhosts/*/nginx.conf; include sites/*.vhost;", None),
        ("server { include conf.d/*.conf; }", None),
    ],
)
def test_dropin_folder(includes, folder):
    assert written(includes, {"/etc/nginx/mime.types": ""})["http"]["dropin_dir"] == folder


@pytest.mark.parametrize(
    ("path", "text", "by"),
    [
        ("/etc/nginx/plesk.conf.d/server.conf", "", "plesk"),
        ("/var/www/vhosts/system/a.example/conf/nginx.conf", "", "plesk"),
        ("/var/www/vhosts/system/a.example/conf/vhost_nginx.conf", "", None),
        ("/etc/nginx/sites-enabled/100-a.example.vhost", "", "ispconfig"),
        ("/home/alice/conf/web/a.example/nginx.conf", "", "hestia"),
        ("/etc/nginx/conf.d/users/alice.conf", "", "cpanel"),
        (
            "/etc/nginx/nginx.conf",
            "#\n# This file is managed by Puppet. Do not edit.\n",
            "This file is managed by Puppet. Do not edit.",
        ),
        ("/etc/nginx/nginx.conf", "# Ansible managed\n", "Ansible managed"),
        ("/etc/nginx/a", "# Do NOT manually edit this file, froxlor\n", "Do NOT manually edit this file, froxlor"),
        ("/etc/nginx/conf.d/default.conf", "# nginx-proxy version : 1.6.0\nmap a b {}", "nginx-proxy"),
        ("/etc/nginx/conf.d/default.conf", 'upstream a {\n## Can be connected with "net" network\n', "nginx-proxy"),
        ("/data/nginx/proxy_host/7.conf", "# ---\n# shop.example\n# ---\n", "npm"),
        ("/etc/nginx/conf.d/default.conf", "/**\n * @name Engintron for cPanel, generated by it\n */", "engintron"),
        ("/etc/nginx/sites-enabled/a", "listen 443 ssl; # managed by Certbot\n# managed by Certbot\n", None),
        ("/etc/nginx/sites-enabled/a", "\n" * 10 + "# do not edit\n", None),
        ("/etc/nginx/conf.d/bad_gateway_fastcgi_buffers.conf", "# Managed by webops.bad_gateway\n", None),
    ],
)
def test_who_wrote_a_file(path, text, by):
    assert generated_by(path, text) == by


def test_too_many_blocks_are_cut(monkeypatch):
    monkeypatch.setattr(tree_module, "BLOCKS_LIMIT", 10)
    config = written("server { %s }" % "".join("location /%d/ { return 204; }\n" % number for number in range(30)))
    assert len(config["blocks"]) == 9
    assert [error["error"] for error in config["errors"]] == ["too many directives or blocks: the rest is not read"]


def test_too_many_routes_are_cut():
    config = written(
        "server { %s }" % "".join("location /%d/ { proxy_pass http://a; }\n" % number for number in range(501))
    )
    assert len(config["routes"]) == 500
    assert config["errors"] == [
        {
            "file": MAIN,
            "line": 2,
            "error": "501 locations pass requests on, which is more than 500: the rest is not read",
        }
    ]


def test_too_many_routes_of_one_file_or_folder_leave_some_to_others():
    def locations(count):
        return "server { %s }" % "".join("location /%d/ { proxy_pass http://a; }\n" % one for one in range(count))

    files = {"/etc/nginx/sites/eve.conf": locations(600), "/etc/nginx/sites/shop.conf": locations(3)}
    files.update({"/home/eve/%03d.conf" % one: locations(1) for one in range(600)})
    routes = written("include /home/eve/*; include sites/*;", files)["routes"]
    counts = Counter(route["server_place"]["file"] for route in routes)
    assert (len(routes), len(counts), counts["/etc/nginx/sites/shop.conf"]) == (500, 252, 3)
    assert [route["id"] for route in routes] == list(range(500))


def test_each_of_fifty_hosts_has_its_routes():
    files = {"/etc/nginx/sites-enabled/%02d" % number: VHOST.replace("NUMBER", str(number)) for number in range(50)}
    assert len(written("include sites-enabled/*;", files)["routes"]) == 100


VHOST = r"""
server {
    listen 80;
    server_name siteNUMBER.example www.siteNUMBER.example;
    root /var/www/siteNUMBER/html;
    index index.php index.html index.htm;
    error_log /var/log/nginx/siteNUMBER.error.log;
    location / { try_files $uri $uri/ /index.php?$args; }
    location ~ \.php$ {
        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
        fastcgi_read_timeout 120s;
    }
    location /api/ {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
    }
}
"""
