# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For how long nginx asks no server that has failed, and what its "no live upstreams" stands for as long."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.set_aside import set_aside_for
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    fleet,
    proxy,
)

NOW = 1000.0
RESET = "upstream_connection_reset"


@pytest.mark.parametrize(
    ("servers", "lasts"),
    [
        ("server 10.0.0.2; server 10.0.0.3;", 10.0),
        ("server 10.0.0.2 fail_timeout=1m30s; server 10.0.0.3 fail_timeout=20;", 90.0),
        ("server 10.0.0.2 fail_timeout=60s down; server 10.0.0.3;", 10.0),
        ("server 10.0.0.2 max_fails=0 fail_timeout=60s; server 10.0.0.3 max_fails=0;", 0.0),
    ],
)
def test_the_longest_of_the_upstream_counts(servers, lasts):
    (web,) = fleet(web=proxy("http://app", http="upstream app { %s }" % servers)).proxies()
    assert set_aside_for(web, web.config["routes"][0]) == lasts


def test_an_address_without_an_upstream_block_has_none():
    (web,) = fleet(web=proxy("http://10.0.0.2")).proxies()
    assert set_aside_for(web, web.config["routes"][0]) == 0.0
