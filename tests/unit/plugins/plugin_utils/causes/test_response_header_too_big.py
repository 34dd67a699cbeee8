# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom else the buffers of a location are changed for."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.response_header_too_big import elsewhere
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils import small_fleet


@pytest.mark.parametrize(
    ("http", "targets", "said"),
    [
        ("proxy_buffer_size 4k;", 3, "is in force at 2 other locations, which get it as well"),
        ("proxy_buffer_size 4k;", 2, "is in force at 1 other location, which gets it as well"),
        ("proxy_buffer_size 4k;", 1, ""),
        ("", 3, ""),
    ],
)
def test_locations_with_the_same_line_in_force_are_counted(http, targets, said):
    hop = small_fleet.hop_of(small_fleet.proxy(*["http://10.0.0.2"] * targets, http=http))
    text = elsewhere(hop, hop.routes[0])
    assert text.endswith(said) and bool(text) == bool(said)
