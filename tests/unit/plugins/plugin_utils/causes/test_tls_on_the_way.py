# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who could read what is sent without TLS."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import upstream_tls_scheme_mismatch
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet


@pytest.mark.parametrize(("address", "said"), [("10.0.0.2:7867", True), ("127.0.0.1:7867", False)])
def test_nobody_is_on_the_way_within_a_host(address, said):
    web = small_fleet.proxy(
        "https://" + address, reach=[small_fleet.reached("tcp:" + address, small_fleet.tried("tcp:" + address))]
    )
    (hop,) = small_fleet.fleet(web=web, app=small_fleet.host("10.0.0.2")).hops
    lines = upstream_tls_scheme_mismatch.on_the_way(hop, "http")
    assert ["everybody on the way" in line for line in lines] == [True] * said
