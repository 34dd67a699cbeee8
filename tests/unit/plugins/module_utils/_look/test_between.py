# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the first look to the questions of the second, and both joined."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import between
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.between import (
    URLS_LIMIT,
    joined,
    parsed,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils._nginx_config.nginx_configs import MAIN
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    ANY,
    answer,
    listener,
    record,
)

SITE = "server { listen 80; server_name site; location / { proxy_pass http://10.0.0.2:8080; } location ~ \\.php$ { fastcgi_pass unix:/run/php.sock; } }"

LOGS = [("/var/log/nginx/error.log", "nginx"), ("kernel", "kernel")]


def looked(http=SITE, records=(), **nginx):
    """Facts of a first look."""
    return {
        "nginx": {
            "config": parse(
                {MAIN: "error_log /var/log/nginx/error.log warn;\nevents {}\nhttp {\n%s\n}\n" % http},
                MAIN,
                "/etc/nginx",
            ),
            "configure": {"conf_path": MAIN},
            "master": {"pid": 71},
            "error_logs": ["/var/log/nginx/error.log"],
            "workers": [{"pid": 72, "stopping": True}, {"pid": 73, "stopping": False}],
            **nginx,
        },
        "log": {
            "sources": [{"path": path, "kind": kind, "level": None} for path, kind in LOGS],
            "records": list(records),
        },
        "listeners": {"tcp": [listener(ANY, 80)], "unix": []},
        "system": {"addresses": ["127.0.0.1"]},
        "unknown": [],
    }


def failed(path, address):
    return record(address, server="site", host="site", request={"method": "GET", "path": path})


class TestParsed:
    def test_each_route_is_asked_and_each_upstream_connected_to(self):
        facts = looked()
        ask = parsed(facts, [])
        assert [(one["url"], one["connect"], one["route"]) for one in ask["urls"]] == [
            ("http://site/", "tcp:127.0.0.1:80", 0),
            ("http://site/index.php", "tcp:127.0.0.1:80", 1),
        ]
        assert [one["id"] for one in ask["upstreams"]] == ["proxy tcp:10.0.0.2:8080", "fastcgi unix:/run/php.sock"]
        assert (ask["names"], ask["resolvers"], ask["error_logs"], ask["master"], ask["worker"]) == (
            [],
            [],
            ["/var/log/nginx/error.log"],
            71,
            73,
        )

    def test_logs_get_their_levels(self):
        facts = looked()
        parsed(facts, [])
        assert [source["level"] for source in facts["log"]["sources"]] == ["warn", None]

    def test_where_no_worker_serves_nobody_is_connected_as(self):
        assert parsed(looked(workers=[]), [])["worker"] is None

    def test_without_nginx_nothing_is_asked(self):
        facts = {**looked(), "nginx": None}
        assert parsed(facts, ["http://site/"]) is None
        assert facts["unknown"] == []

    def test_an_nginx_that_does_not_run_is_read_and_not_asked(self):
        facts = looked(master=None)
        assert parsed(facts, []) is None
        assert len(facts["nginx"]["config"]["routes"]) == 2
        assert [one["missing"] for one in facts["unknown"]] == ["answers"]

    def test_urls_of_the_user_and_no_others(self):
        assert [one["url"] for one in parsed(looked(), ["http://site/x", "http://elsewhere/"])["urls"]] == [
            "http://site/x"
        ]

    def test_what_the_log_shows_failing(self):
        lines = [failed("/a", "tcp:10.0.0.2:8080"), {**failed("/b", "tcp:10.0.0.2:8080"), "kind": "php_fpm"}]
        assert [one["url"] for one in parsed(looked(records=lines), [])["urls"]] == [
            "http://site/a",
            "http://site/",
            "http://site/index.php",
        ]

    def test_for_each_url_what_nginx_would_send_to_its_upstream(self):
        asked = parsed(looked(), [])["requests"]
        assert [(one["url"], one["id"]) for one in asked] == [
            ("http://site/", "proxy tcp:10.0.0.2:8080"),
            ("http://site/index.php", "fastcgi unix:/run/php.sock"),
        ]
        assert (asked[0]["request"]["method"], asked[0]["request"]["uri"]) == ("GET", "/")

    def test_names_are_asked_of_a_resolver_only_where_nginx_does_at_run_time(self):
        fixed = "resolver 10.0.0.53 valid=5s; server { listen 80; location / { proxy_pass http://app.example; } %s }"
        assert parsed(looked(fixed % ""), [])["resolvers"] == []
        ask = parsed(
            looked(
                fixed
                % "location /v { set $b app.example; proxy_pass http://$b; } location /l { proxy_pass http://127.0.0.1:1; }"
            ),
            [],
        )
        assert (ask["names"], ask["resolvers"]) == (["app.example"], ["10.0.0.53"])


SECRETS = """
    server { listen 80; server_name site;
        location / { set $key s3cret; proxy_set_header Connection ""; proxy_set_header X-Key $key; proxy_pass http://10.0.0.2:8080; }
        location ~ \\.php$ { fastcgi_param DB_PASSWORD s3cret; fastcgi_pass unix:/run/php.sock; } }
"""


@pytest.mark.parametrize("master", [{"pid": 71}, None])
def test_what_may_be_secret_is_asked_with_and_not_kept(master):
    facts = looked(SECRETS, master=master)
    ask = parsed(facts, [])
    assert "s3cret" not in str(facts)
    assert [route["params"] for route in facts["nginx"]["config"]["routes"]] == [
        {"Connection": "", "X-Key": None},
        {"DB_PASSWORD": None},
    ]
    assert [route["variables"] for route in facts["nginx"]["config"]["routes"]] == [{"key": None}, {}]
    if master:
        assert [one["request"].get("headers", one["request"].get("params")) for one in ask["requests"]] == [
            {"X-Key": "s3cret"},
            {"DB_PASSWORD": "s3cret"},
        ]


class TestAgain:
    """URLs of an earlier look are asked once more, so that a report can compare."""

    def test_first_and_as_they_were_asked(self):
        earlier = [
            answer(url="http://site/gone", connect="tcp:127.0.0.1:80", method="HEAD", route=0),
            answer(url="http://site/", route=0),
        ]
        asked = parsed(looked(), [], earlier)["urls"]
        assert [one["url"] for one in asked] == ["http://site/gone", "http://site/", "http://site/index.php"]
        assert asked[0] == {
            "url": "http://site/gone",
            "connect": "tcp:127.0.0.1:80",
            "method": "HEAD",
            "proxy_protocol": False,
            "route": 0,
        }

    def test_not_what_the_controller_asked(self):
        assert len(parsed(looked(), [], [answer(url="http://site/x", **{"from": "controller"})])["urls"]) == 2

    def test_no_more_than_a_host_is_asked_for(self):
        many = [answer(url="http://site/%d" % number) for number in range(URLS_LIMIT)]
        assert [one["url"] for one in parsed(looked(), [], many)["urls"]] == [one["url"] for one in many]


def test_both_looks_are_one():
    facts = looked()
    parsed(facts, [])
    facts["unknown"] = [{"missing": "a", "why": "x"}]
    log = facts["log"]
    joined(
        facts,
        {
            "unknown": [{"missing": "a", "why": "x"}, {"missing": "b", "why": "y"}],
            "answers": [],
            "reach": [1],
            "names": [],
        },
    )
    assert facts["unknown"] == [{"missing": "a", "why": "x"}, {"missing": "b", "why": "y"}]
    assert (facts["answers"], facts["reach"], facts["names"]) == ([], [1], [])
    assert facts["log"] is log


def test_the_log_of_the_second_look_takes_the_place_of_the_first():
    facts = looked()
    assert parsed(facts, [])["logs"] == LOGS
    joined(
        facts, {"unknown": [], "answers": [], "reach": [], "names": [], "log": {**looked()["log"], "records": ["new"]}}
    )
    assert facts["log"]["records"] == ["new"]
    assert [source["level"] for source in facts["log"]["sources"]] == ["warn", None]


@pytest.mark.parametrize(
    "url,host,path",
    [
        ("http://site/a?b", "site", "/a"),
        ("http://site:8080", "site:8080", "/"),
        ("https://[::1]/a/b", "[::1]", "/a/b"),
    ],
)
def test_a_url_as_the_line_that_it_would_leave(url, host, path):
    told = between.as_record({"url": url}, "tcp:10.0.0.2:80")
    assert (told["host"], told["request"]["path"], told["upstream"]["address"]) == (host, path, "tcp:10.0.0.2:80")
