# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After how long a backend ends requests, and what that makes of them."""

from __future__ import annotations

import types

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._limits_of_time import whole_seconds


@pytest.mark.parametrize(
    ("seconds", "asked", "whole"),
    [(10.02, 1, True), (20.1, 2, True), (9.6, 1, False), (3.01, 1, False)],
    ids=["a limit of ten seconds", "asked twice", "no whole number", "too short"],
)
def test_a_whole_number_of_seconds_speaks_for_a_limit(seconds, asked, whole):
    hop = types.SimpleNamespace(failing=[{"signature": CLOSED, "seconds": seconds, "asked": asked}])
    assert bool(whole_seconds(hop)) is whole
