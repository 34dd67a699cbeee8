# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice is written for the nginx that a host has: its program, its options, its unit."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.typed_advice import in_commands_of_hosts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import fleet, proxy

TEST, RELOAD = "nginx -t && systemctl reload nginx   # on web, after that", "/usr/local/openresty/nginx/sbin/nginx"


@pytest.mark.parametrize(
    ("nginx", "line"),
    [
        ({"binary": "/usr/sbin/nginx"}, TEST),
        (
            {"binary": RELOAD, "unit": "openresty.service"},
            "%s -t && systemctl reload openresty   # on web, after that" % RELOAD,
        ),
        (
            {"binary": "/usr/local/nginx/sbin/nginx", "unit": None},
            "/usr/local/nginx/sbin/nginx -t && /usr/local/nginx/sbin/nginx -s reload   # on web, after that",
        ),
        ({"binary": "/usr/sbin/nginx", "unit": None}, "nginx -t && nginx -s reload   # on web, after that"),
        (
            {"binary": "/usr/local/sbin/nginx-rc", "unit": "nginx-rc.service", "options": ["-c", "/etc/my nginx.conf"]},
            "/usr/local/sbin/nginx-rc -c '/etc/my nginx.conf' -t && systemctl reload nginx-rc   # on web, after that",
        ),
        (
            {"binary": "/usr/local/nginx/sbin/nginx", "unit": None, "master": None},
            TEST.replace("nginx -t", "/usr/local/nginx/sbin/nginx -t", 1),
        ),
    ],
)
def test_each_nginx_is_called_by_its_own_name(nginx, line):
    hosts = fleet(web=proxy("http://10.0.0.2"))
    hosts.hosts["web"].nginx.update(nginx)
    assert in_commands_of_hosts([TEST], "web", hosts) == [line]


def test_a_restart_by_hand_is_two_commands_and_others_keep_their_words():
    hosts = fleet(web=proxy("http://10.0.0.2"))
    hosts.hosts["web"].nginx.update(binary="/opt/nginx/sbin/nginx", unit=None)
    said = [
        "systemctl restart nginx",
        "systemctl restart nginx-exporter",
        "tail /var/log/nginx/error.log",
        "nginx -T | grep x",
    ]
    assert in_commands_of_hosts(said, "web", hosts) == [
        "/opt/nginx/sbin/nginx -s quit; /opt/nginx/sbin/nginx",
        *said[1:3],
        "/opt/nginx/sbin/nginx -T | grep x",
    ]
