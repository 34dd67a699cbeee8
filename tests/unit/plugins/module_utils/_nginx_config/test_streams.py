# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of stream{}: where they listen, and where they lead to."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import parse

MAIN = "/etc/nginx/nginx.conf"
STREAM = """events {}
stream {
  upstream shop { server 10.0.0.2:81; server unix:/run/a.sock; server 10.0.0.3:81 down; }
  server { listen 8090; listen *:8091; listen 53 udp; proxy_pass shop; }
  server { listen [::1]:8092; listen unix:/run/b.sock;
    proxy_pass 127.0.0.1:9000; }
  server { listen 8093; proxy_pass $name; }
  server { listen 8094; return x; }
}
"""


def test_each_server_that_passes_on():
    found = parse({MAIN: STREAM}, MAIN, "/etc/nginx")["relays"]
    assert [(one["listens"], one["to"], one["line"]) for one in found] == [
        (["tcp:0.0.0.0:8090", "tcp:0.0.0.0:8091"], ["tcp:10.0.0.2:81", "unix:/run/a.sock"], 4),
        (["tcp:[::1]:8092", "unix:/run/b.sock"], ["tcp:127.0.0.1:9000"], 6),
        (["tcp:0.0.0.0:8093"], [], 7),
    ]
    assert {(one["name"], one["via"], one["file"]) for one in found} == {("nginx", None, MAIN)}


def test_without_stream_there_is_none():
    assert parse({MAIN: "events {} http { }"}, MAIN, "/etc/nginx")["relays"] == []
