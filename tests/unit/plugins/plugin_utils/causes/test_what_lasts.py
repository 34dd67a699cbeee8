# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets nginx follow a name that moves, by its version and by where the name stands."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.stale_upstream_dns import what_lasts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet

BLOCK = "upstream app { server app.example:7080; }"
RESOLVER = "resolver 10.0.0.53;"


def advised(target="http://app.example:7080", http="", version="1.26.3"):
    web = small_fleet.proxy(target, http=http, reach=[small_fleet.reached("tcp:app.example:7080")])
    web["nginx"]["version"] = version
    (hop,) = small_fleet.fleet(web=web).hops
    return what_lasts(hop)


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("1.27.3", "`zone app 64k;` and `server app.example:7080 resolve;` at "),
        ("1.27.2", "`set $backend app.example;` and `proxy_pass http://$backend:7080;` in place of what stands at "),
    ],
)
def test_a_server_line_is_followed_by_newer_ones_alone(version, says):
    assert says in advised("http://app", BLOCK, version)


def test_a_resolver_is_named_where_there_is_none():
    assert advised().startswith("`resolver ADDRESS valid=10s;`")
    assert advised(http=RESOLVER).startswith("`set $backend app.example;`")
