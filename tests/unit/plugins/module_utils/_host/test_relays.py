# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where programs that pass connections on lead to."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.relays import CADDY, HAPROXY, relay_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

UNIT = "/etc/systemd/system/way.service"


def unit(*argv, triggers=(), declares=()):
    return {"exec": list(argv), "fragment": UNIT, "triggers": list(triggers), "declares": list(declares)}


def seen(host, units=None):
    return relay_facts(host, Processes(host), units)


def test_a_socket_of_systemd_that_is_passed_on(tmp_path):
    host = FakeHost(tmp_path)
    host.write(UNIT, "[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd 127.0.0.1:8091\n")
    units = {
        "way.socket": unit(triggers=["way.service"], declares=[{"address": "tcp:127.0.0.1:8090"}]),
        "way.service": unit("/lib/systemd/systemd-socket-proxyd", "--exit-idle-time=5min", "127.0.0.1:8091"),
    }
    assert seen(host, units) == [
        {
            "name": "way.service",
            "listens": ["tcp:127.0.0.1:8090"],
            "to": ["tcp:127.0.0.1:8091"],
            "via": None,
            "file": UNIT,
            "line": 2,
        }
    ]


@pytest.mark.parametrize(
    ("command", "listens", "to", "via"),
    [
        ("socat TCP-LISTEN:8090,fork TCP:10.0.0.2:80", ["tcp:0.0.0.0:8090"], ["tcp:10.0.0.2:80"], None),
        (
            "socat TCP4-LISTEN:9000,bind=127.0.0.1 UNIX-CONNECT:/run/php/shop.sock",
            ["tcp:127.0.0.1:9000"],
            ["unix:/run/php/shop.sock"],
            None,
        ),
        (
            "ssh -N -p 2222 -o StrictHostKeyChecking=no -L 8090:localhost:80 deploy@far.example",
            ["tcp:127.0.0.1:8090"],
            ["tcp:localhost:80"],
            "deploy@far.example",
        ),
        ("autossh -M 0 -N -L 8090:[::1]:80 far", ["tcp:127.0.0.1:8090"], ["tcp:[::1]:80"], "far"),
    ],
)
def test_programs_by_their_command_lines(tmp_path, command, listens, to, via):
    host = FakeHost(tmp_path)
    host.process(1, "/sbin/init")
    host.process(7, command)
    assert [(one["listens"], one["to"], one["via"], one["file"]) for one in seen(host)] == [(listens, to, via, "")]


@pytest.mark.parametrize(
    "command",
    [
        "ssh deploy@far.example",
        "socat - TCP-LISTEN:80",
        "socat",
        "systemd-socket-proxyd --help",
        "python3 -m http.server",
    ],
)
def test_others_are_none(tmp_path, command):
    host = FakeHost(tmp_path)
    host.process(1, "/sbin/init")
    host.process(7, command)
    assert seen(host, {"way.service": unit(*command.split())}) == []


def test_haproxy_by_its_file(tmp_path):
    host = FakeHost(tmp_path)
    host.write(
        HAPROXY,
        "global\n  log /dev/log local0\ndefaults\n  mode tcp\n# listen old\nfrontend php\n  bind 127.0.0.1:9001\n  bind *:9002,[::1]:9002\n"
        "  use_backend spare if { src 10.0.0.9 }\n  default_backend fpm\nbackend fpm\n  server one 10.0.0.2:9000 check\n  server two 10.0.0.3:9000\n"
        "backend spare\n  server none /run/spare.sock\nlisten web\n  bind :8090\n  server app localhost:8091\n  server dns shop\n",
    )
    assert [(one["name"], one["listens"], one["to"], one["line"]) for one in seen(host)] == [
        (
            "haproxy",
            ["tcp:127.0.0.1:9001", "tcp:0.0.0.0:9002"],
            ["unix:/run/spare.sock", "tcp:10.0.0.2:9000", "tcp:10.0.0.3:9000"],
            6,
        ),
        ("haproxy", ["tcp:0.0.0.0:8090"], ["tcp:localhost:8091"], 16),
    ]


CADDYS = """\
{
\tauto_https off
}
(common) {
\tencode gzip
}
http://localhost:8088 {
\treverse_proxy /ws/* 127.0.0.1:4001
\thandle {
\t\treverse_proxy @x unix//run/app.sock http://app2:80 {
\t\t\theader_up Host {host}
\t\t}
\t}
}
example.com, www.example.com {
\treverse_proxy 10.0.0.5:80
}
other.example {
\tphp_fastcgi unix//run/php/php8.2-fpm.sock
}
:9090 {
\treverse_proxy {$APP}
}
"""


def test_sites_of_caddy_that_have_a_port_of_their_own(tmp_path):
    """Which of two sites of one port a request is for is said by its name alone."""
    host = FakeHost(tmp_path)
    host.write(CADDY, CADDYS)
    assert seen(host) == [
        {
            "name": "caddy",
            "listens": ["tcp:0.0.0.0:8088"],
            "to": ["tcp:127.0.0.1:4001", "unix:/run/app.sock", "tcp:app2:80"],
            "via": None,
            "file": CADDY,
            "line": 7,
        }
    ]


STATIC = """\
entryPoints:
  web:
    address: "127.0.0.1:8090"
  dashboard:
    address: ":8080"
providers:
  file:
    filename: /etc/traefik/dynamic.yml
"""
DYNAMIC = """\
http:
  routers:
    shop: {rule: PathPrefix(`/`), service: shop}
  services:
    shop:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:3000
"""
TOML = """\
[entryPoints.web]
  address = ":8090"
[providers.file]
  directory = "/etc/traefik/conf.d/"
"""
DYNAMIC_TOML = """\
[http.services.shop.loadBalancer]
  [[http.services.shop.loadBalancer.servers]]
    url = "http://127.0.0.1:3000/"
"""


def test_traefik_by_its_files(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/traefik/traefik.yml", STATIC)
    assert seen(host) == []
    host.write("/etc/traefik/dynamic.yml", DYNAMIC)
    traefik = {
        "name": "traefik",
        "listens": ["tcp:0.0.0.0:8090", "tcp:0.0.0.0:8080"],
        "to": ["tcp:127.0.0.1:3000"],
        "via": None,
        "file": "/etc/traefik/dynamic.yml",
        "line": 8,
    }
    assert seen(host) == [traefik]
    host.write("/etc/traefik/dynamic.yml", DYNAMIC + DYNAMIC.partition("services:\n")[2].replace("shop", "blog"))
    assert seen(host) == [], "which of two services a request is for is said by their rules"


def test_traefik_by_files_in_toml(tmp_path):
    host = FakeHost(tmp_path)
    host.write("/etc/traefik/traefik.toml", TOML)
    host.write("/etc/traefik/conf.d/shop.toml", DYNAMIC_TOML)
    (one,) = seen(host)
    assert (one["listens"], one["to"], one["file"], one["line"]) == (
        ["tcp:0.0.0.0:8090"],
        ["tcp:127.0.0.1:3000"],
        "/etc/traefik/conf.d/shop.toml",
        3,
    )
