# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look reads a host and asks it; only root may; nothing secret leaves the host."""

import json
import os
import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import look as look_module
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.net import says
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.nginx_host import NginxHost

HTTP = """
error_log /var/log/nginx/error.log warn;
events {}
http {
    server {
        listen PORT;
        server_name site;
        location / { set $key s3cret; proxy_set_header Connection ""; proxy_set_header X-Key $key; proxy_pass http://127.0.0.1:1; }
        location ~ \\.php$ { fastcgi_param DB_PASSWORD s3cret; fastcgi_pass unix:/run/php.sock; }
        LOCATION
    }
}
"""
WORKER = "nginx: worker process"


@pytest.fixture
def look(monkeypatch, tmp_path):
    """A look at a host that runs nginx, or at a bare one, as the user of this number."""

    def look_at(host=None, user=0, urls=(), again=(), **more):
        monkeypatch.setattr(look_module, "Host", lambda: host or FakeHost(tmp_path))
        monkeypatch.setattr(os, "geteuid", lambda: user)
        return look_module.look(3600, list(urls), list(again), **more)

    return look_at


def nginx_host(folder, port, runs=True, location=""):
    """A host whose nginx listens on this port of this machine, and whose worker is this process."""
    host = NginxHost(folder)
    host.write("/etc/nginx/nginx.conf", HTTP.replace("PORT", str(port)).replace("LOCATION", location))
    if runs:
        host.process(71, "nginx: master process /usr/sbin/nginx")
        host.process(os.getpid(), WORKER, parent=71)
    return host


def facts_of(seen):
    assert seen["changed"] is False
    facts = seen["ansible_facts"]["bad_gateway"]
    json.dumps(facts)
    return facts


def test_others_than_root_look_at_nothing(look):
    assert look(user=1000) == {"failed": True, "msg": look_module.NOT_ROOT}


def test_a_host_without_nginx_is_read_and_not_asked(look):
    facts = facts_of(look(urls=["http://site/"]))
    assert facts["nginx"] is None
    assert not {"answers", "reach", "names"} & set(facts)
    assert "answers" not in [one["missing"] for one in facts["unknown"]]


def test_facts_are_the_looks_own_where_ansible_shall_not_keep_them(look):
    seen = look(as_facts=False)
    assert (set(seen), seen["bad_gateway"]["nginx"]) == ({"changed", "bad_gateway"}, None)


def test_an_nginx_that_does_not_run_is_read_and_not_asked(look, tmp_path):
    facts = facts_of(look(nginx_host(tmp_path, 80, runs=False)))
    assert len(facts["nginx"]["config"]["routes"]) == 2
    assert not {"answers", "reach", "names"} & set(facts)
    assert "answers" in [one["missing"] for one in facts["unknown"]]


def test_an_nginx_that_runs_is_read_asked_and_its_upstreams_are_connected_to(look, tmp_path, peer):
    made = peer(says(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"))
    facts = facts_of(look(nginx_host(tmp_path, made.port)))
    assert [(one["url"], one["status"], one["route"]) for one in facts["answers"]] == [
        ("http://site:%d/" % made.port, 502, 0),
        ("http://site:%d/index.php" % made.port, 502, 1),
    ]
    assert [(one["id"], one["connected"]) for one in facts["reach"]] == [
        ("proxy tcp:127.0.0.1:1", False),
        ("fastcgi unix:/run/php.sock", False),
    ]
    assert facts["names"] == []
    assert [(one["path"], one["level"]) for one in facts["log"]["sources"] if one["kind"] == "nginx"] == [
        ("/var/log/nginx/error.log", "warn")
    ]


def test_urls_and_earlier_answers_are_asked(look, tmp_path, peer):
    made = peer(says(b"HTTP/1.1 200 OK\r\n\r\n"))
    earlier = {"url": "http://site/earlier", "from": "host", "connect": made.address, "method": "GET", "route": None}
    url = "http://site:%d/x" % made.port
    facts = facts_of(look(nginx_host(tmp_path, made.port), urls=[url, "http://elsewhere/"], again=[earlier]))
    assert [one["url"] for one in facts["answers"]] == ["http://site/earlier", url]


@pytest.mark.parametrize("runs", [True, False])
def test_what_may_be_secret_is_asked_with_and_stays_on_the_host(look, tmp_path, peer, monkeypatch, runs):
    sent = []
    reach = look_module.ask_and_reach.__globals__["reach"]

    def spy(upstreams, **how):
        sent.append(upstreams)
        return reach(upstreams, **how)

    monkeypatch.setitem(look_module.ask_and_reach.__globals__, "reach", spy)
    made = peer(says(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"))
    facts = facts_of(look(nginx_host(tmp_path, made.port, runs)))
    assert "s3cret" not in json.dumps(facts)
    assert [route["params"] for route in facts["nginx"]["config"]["routes"]] == [
        {"Connection": "", "X-Key": None},
        {"DB_PASSWORD": None},
    ]
    assert [route["variables"] for route in facts["nginx"]["config"]["routes"]] == [{"key": None}, {}]
    assert [
        [one["request"].get("headers", one["request"].get("params")) for one in upstreams] for upstreams in sent
    ] == ([[{"X-Key": "s3cret"}, {"DB_PASSWORD": "s3cret"}]] if runs else [])


def test_a_pattern_that_is_not_known_is_named_with_its_place(look, tmp_path, peer):
    made = peer(says(b"HTTP/1.1 200 OK\r\n\r\n"))
    facts = facts_of(look(nginx_host(tmp_path, made.port, location="location ~ '(?(1)a|b)' { }")))
    assert {"missing": "pattern (?(1)a|b)", "why": "/etc/nginx/nginx.conf:10: (?(1)a|b) is not known here"} in facts[
        "unknown"
    ]
    assert [one["route"] for one in facts["answers"]] == [1]


def test_a_look_that_takes_too_long_is_given_up(look, monkeypatch):
    monkeypatch.setattr(look_module, "LOOK_SECONDS", 1)
    monkeypatch.setattr(look_module, "read_host", lambda _host, _window: time.sleep(30))
    began = time.monotonic()
    assert look() == {"failed": True, "msg": look_module.TOO_LATE}
    assert time.monotonic() - began < 20


CANARY = """
error_log /var/log/nginx/error.log warn;
env API_KEY=s3cret;
events {}
http {
    upstream app { server 127.0.0.1:1; sticky cookie s3cret; zone app 64k; }
    map $uri $secret { default s3cret; /a "s3cret b"; }
    proxy_ssl_certificate_key "data:-----BEGIN PRIVATE KEY-----s3cret";
    ssl_certificate_key data:s3cret;
    access_log syslog:server=127.0.0.1,tag=s3cret;
    server {
        listen PORT;
        server_name site;
        auth_basic s3cret;
        secure_link_secret s3cret;
        add_header X-Key s3cret;
        root /srv;
        location / { try_files $uri /index.php?token=s3cret; }
        location = /index.php { fastcgi_param TOKEN s3cret; fastcgi_pass unix:/run/php.sock; fastcgi_index index.php?s3cret; }
        location /user { proxy_pass http://eve:s3cret@127.0.0.1:1/; proxy_ssl_certificate_key engine:pkcs11:pin=s3cret; }
        location /uri { proxy_pass http://127.0.0.1:1/path?key=s3cret; }
        location /args { set $key s3cret; proxy_pass http://127.0.0.1:1$uri?key=s3cret&$args; }
        location /named { error_page 404 = /index.php?again=s3cret; proxy_set_header Authorization "Basic s3cret"; proxy_pass http://app/?k=s3cret; }
        location /var { proxy_pass http://$secret; proxy_cache_key s3cret; rewrite ^ /x?s3cret; return 302 http://x/?s3cret; }
        location /method { proxy_method GET; proxy_pass http://127.0.0.1:1; proxy_set_body s3cret; }
        location /if { if ($arg_key = s3cret) { proxy_pass http://127.0.0.1:1; } }
    }
}
"""
CANARY_POOL = """[www]
listen = /run/php.sock
user = www-data
env[KEY] = s3cret
php_admin_value[mysqli.default_pw] = s3cret
php_value[error_log] = s3cret
access.format = "s3cret"
ping.response = s3cret
not_known = s3cret
ping.path = /ping?s3cret
"""


def test_secrets_of_every_directive_stay_on_the_host(look, tmp_path, peer):
    made = peer(says(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"))
    host = nginx_host(tmp_path, made.port)
    host.write("/etc/nginx/nginx.conf", CANARY.replace("PORT", str(made.port)))
    host.write(
        "/etc/php/8.2/fpm/php-fpm.conf",
        "[global]\nerror_log = /var/log/fpm.log\nsecret = s3cret\ninclude=/etc/php/8.2/fpm/pool.d/*.conf\n",
    )
    host.write("/etc/php/8.2/fpm/pool.d/www.conf", CANARY_POOL)
    host.binary("/usr/sbin/php-fpm8.2")
    when = time.strftime("%Y/%m/%d %H:%M:%S", time.localtime())
    for request in ("/a?s3cret", "/user?k=s3cret"):
        host.write(
            "/var/log/nginx/error.log",
            "%s [error] 71#71: *5 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: site, "
            'request: "GET %s HTTP/1.1", upstream: "http://eve:s3cret@127.0.0.1:1/?k=s3cret", host: "site", referrer: "http://x/?s3cret"\n'
            % (when, request),
        )
    facts = facts_of(look(host, urls=["http://site:%d/user?key=1" % made.port]))
    assert len(facts["nginx"]["config"]["routes"]) >= 7 and facts["php_fpm"][0]["pools"]["www"]
    assert not leaks(facts), "\n".join(leaks(facts))


def leaks(facts, at=""):
    """Where a text of facts has a secret in it."""
    if isinstance(facts, dict):
        return [
            found
            for key, value in facts.items()
            for found in leaks(str(key), at + "." + "key") + leaks(value, at + "." + str(key))
        ]
    if isinstance(facts, list):
        return [found for number, value in enumerate(facts) for found in leaks(value, "%s.%d" % (at, number))]
    return [at + ": " + facts] if isinstance(facts, str) and "s3cret" in facts else []
