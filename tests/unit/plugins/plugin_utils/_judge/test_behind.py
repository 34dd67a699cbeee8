# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which finding of a proxy may be why it answers 502 as the next hop of another one."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.behind import is_behind
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    finding,
    fleet,
    listener,
    proxy,
)

SITES = """
    server { listen 80; server_name shop.test; location / { proxy_pass http://127.0.0.1:6081; } }
    server { listen 8080; server_name shop.test; location / { fastcgi_pass 127.0.0.1:9000; } }
    server { listen 80; server_name other.test; location / { fastcgi_pass 127.0.0.1:9001; } }
"""
EDGE = finding("upstream_returned_502", on="web", seen_from="web", subject="tcp:127.0.0.1:6081", routes=frozenset([0]))


def behind(process, route):
    web = proxy(http=SITES, listeners={"tcp": [listener("127.0.0.1", 6081, process=process)], "unix": []})
    own = finding("php_fpm_stopped", on="web", seen_from="web", routes=frozenset([route]))
    return is_behind(EDGE, own, fleet(web=web))


@pytest.mark.parametrize("process", ["nginx", "openresty", None])
def test_of_another_nginx_any_finding_is(process):
    assert behind(process, 2) is True


@pytest.mark.parametrize("process", ["varnishd", "haproxy"])
def test_of_a_program_between_only_one_about_the_same_site_is(process):
    assert behind(process, 1) is True
    assert behind(process, 2) is False
