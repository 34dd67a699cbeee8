# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was read of a host to what it is asked."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import URLS, Ask
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.upstreams_to_reach import PeerRequest
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.what_to_ask import requests_of, what_to_ask
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre import ALL_STEPS_LIMIT
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.request_match import Routing
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import MAIN

SITE = "server { listen 80; server_name site; location / { proxy_pass http://10.0.0.2:8080; } location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; } }"


def read(http=SITE, records=()):
    """The facts of a host that asking needs."""
    files = {MAIN: "events {}\nhttp {\n%s\n}\n" % http}
    return {
        "nginx": {"version": "1.26.0", "config": parse(files, MAIN, "/etc/nginx")},
        "log": {"sources": [], "records": list(records)},
        "listeners": {"tcp": [{"address": "::", "port": 80}], "unix": []},
        "system": {"addresses": ["127.0.0.1"]},
    }


def answer(url, asker="host", route=0, connect="tcp:127.0.0.1:80", method="GET"):
    return {"url": url, "from": asker, "route": route, "connect": connect, "method": method, "proxy_protocol": False}


def questions(facts, urls=(), again=()):
    return what_to_ask(facts, Routing(facts["nginx"]["config"]), urls, again)


def urls_of(asked):
    return [ask.url for ask in asked.urls]


def failed(path, address, host="site", kind="nginx"):
    return {
        "kind": kind,
        "signature": "backend_port_closed",
        "last": 900.0,
        "upstream": {"scheme": "http", "address": address, "text": address},
        "server": host,
        "host": host,
        "request": {"method": "GET", "path": path},
        "action": None,
    }


def test_each_route_is_asked_and_each_upstream_connected_to():
    asked = questions(read())
    assert asked.urls == [
        Ask("http://site/", "tcp:127.0.0.1:80", "GET", False, 0),
        Ask("http://site/index.php", "tcp:127.0.0.1:80", "GET", False, 1),
    ]
    assert [one["id"] for one in asked.upstreams] == ["proxy tcp:10.0.0.2:8080", "fastcgi unix:/run/php.sock"]
    assert (asked.names, asked.resolvers) == ([], [])


def test_urls_of_the_user_and_no_others():
    assert urls_of(questions(read(), ["http://site/x", "http://elsewhere/"])) == ["http://site/x"]


def test_what_the_log_shows_failing():
    lines = [failed("/a", "tcp:10.0.0.2:8080"), failed("/b", "tcp:10.0.0.2:8080", kind="php_fpm")]
    asked = questions(read(records=lines))
    assert urls_of(asked) == ["http://site/a", "http://site/", "http://site/index.php"]
    assert [one.get("request", {}).get("uri") for one in asked.upstreams] == ["/a", None]


def test_upstreams_are_asked_as_visitors_would_have_nginx_ask_them():
    http = "server { listen 80; location / { proxy_pass http://b:1; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } }"
    facts = read(http, [failed("/cron.php", "tcp:10.0.0.2:1")])
    facts["system"]["addresses"].append("192.0.2.7")
    asked = questions(facts)
    sent = [one["request"]["headers"] for one in asked.upstreams] + [
        one.request["headers"] for one in asked.requests["http://site/cron.php"]
    ]
    assert sent == [{"X-Forwarded-For": "192.0.2.7"}] * 2


def test_for_each_url_what_nginx_would_send_to_its_upstream():
    asked = questions(read()).requests
    assert {url: [one.upstream for one in peers] for url, peers in asked.items()} == {
        "http://site/": ["proxy tcp:10.0.0.2:8080"],
        "http://site/index.php": ["fastcgi unix:/run/php.sock"],
    }
    (peer,) = asked["http://site/"]
    assert isinstance(peer, PeerRequest)
    assert (peer.request["method"], peer.request["uri"]) == ("GET", "/")


def test_names_are_asked_of_a_resolver_only_where_nginx_does_at_run_time():
    http = "resolver 10.0.0.53 valid=5s; server { listen 80; location / { proxy_pass http://app.example; } %s }"
    assert questions(read(http % "")).resolvers == []
    inside = "location /v { set $b app.example; proxy_pass http://$b; } location /l { proxy_pass http://127.0.0.1:1; }"
    asked = questions(read(http % inside))
    assert (asked.names, asked.resolvers) == (["app.example"], ["10.0.0.53"])


def test_names_of_servers_that_nginx_follows_are_asked_of_its_resolver():
    upstream = "upstream shop { zone shop 64k; server app.example:8080%s; }"
    http = "resolver 10.0.0.53; server { listen 80; location / { proxy_pass http://shop; } } " + upstream
    assert questions(read(http % "")).resolvers == []
    assert questions(read(http % " resolve")).resolvers == ["10.0.0.53"]


@pytest.mark.parametrize(
    "url,connect,uri,host",
    [
        ("http://site/a%20b?c", "tcp:127.0.0.1:80", "/a%20b", "site"),
        ("http://site:8080", "tcp:127.0.0.1:8080", "/", "site"),
        ("https://[::1]/a/b", "tcp:[::1]:443", "/a/b", "[::1]"),
        ("http://site/a|b", "tcp:127.0.0.1:80", None, None),
        ("http://site/", "tcp:127.0.0.1:81", None, None),
        ("http://site/a", "tcp:192.0.2.7:80", "/a", "site"),
    ],
)
def test_what_is_sent_is_what_this_url_would_lead_to(url, connect, uri, host):
    inside = "proxy_pass http://b:1; proxy_set_header Host $host; proxy_set_header S $scheme;"
    http = "server { listen 80; listen 8080; listen [::1]:443 ssl; location / { %s } }" % inside
    requests = requests_of(Routing(read(http)["nginx"]["config"]), [Ask(url, connect, "HEAD", False, 0)])
    sent = [(peer.request["uri"], peer.request["host"], peer.request["headers"]["S"]) for peer in requests.get(url, [])]
    assert sent == ([(uri, host, url.partition(":")[0])] if uri else [])


class TestAgain:
    """URLs of an earlier look are asked once more, so that a report can compare."""

    def test_first_and_as_they_were_asked(self):
        earlier = [
            answer("http://site/gone", connect="tcp:127.0.0.1:80", method="HEAD", route=0),
            answer("http://site/", route=0),
        ]
        asked = questions(read(), (), earlier)
        assert urls_of(asked) == ["http://site/gone", "http://site/", "http://site/index.php"]
        assert asked.urls[0] == Ask("http://site/gone", "tcp:127.0.0.1:80", "HEAD", False, 0)

    def test_not_what_the_controller_asked(self):
        assert len(questions(read(), (), [answer("http://site/x", "controller")]).urls) == 2

    def test_no_more_than_a_host_is_asked_for(self):
        many = [answer("http://site/%d" % number) for number in range(URLS)]
        assert urls_of(questions(read(), (), many)) == [one["url"] for one in many]


def large_site(number):
    names = {
        0: "site%d.test www.site%d.test",
        1: r"~^(?<sub>.+)\.site%d\.test$ site%d.test",
        2: "*.site%d.test site%d.test",
    }
    inside = (
        r"try_files $uri /index.php; location ~ ^(.+\.php)(/.*)?$ { fastcgi_pass unix:/run/%d.sock; }"
        r" location ~* \.(css|js)$ { } location /api { proxy_pass http://10.0.0.2:8080; }"
    )
    listen = "listen 10.0.%d.%d:80; listen 443 ssl;" % (number // 250, number % 250)
    return "server { %s server_name %s; %s }" % (listen, names[number % 3] % (number, number), inside % number)


def test_with_two_thousand_servers_and_as_many_requests_as_are_kept_it_is_soon_known_what_to_ask():
    lines = [failed("/shop/%d/index.php" % number, "unix:/run/%d.sock" % number) for number in range(200)]
    lines = [
        dict(line, host="site%d.test" % number, server="site%d.test" % number) for number, line in enumerate(lines)
    ]
    facts = read(" ".join(map(large_site, range(2000))), lines)
    routing = Routing(facts["nginx"]["config"])
    asked = what_to_ask(facts, routing, [])
    assert ALL_STEPS_LIMIT - routing.patterns.left < 500000
    assert len(asked.urls) == URLS
    assert [one.route for one in asked.urls[:25]] == [2 * number if number < 250 else None for number in range(25)]


def test_what_only_the_log_names_is_not_asked_where_nobody_wants_that():
    facts = read(records=[failed("/cron.php", "unix:/run/php.sock")])
    asked = what_to_ask(facts, Routing(facts["nginx"]["config"]), (), (), ask_logged=False)
    assert "http://site/cron.php" not in urls_of(asked)
    assert not any("request" in one for one in asked.upstreams)
    assert "http://site/cron.php" in urls_of(questions(facts))
