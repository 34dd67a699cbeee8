# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answers are a fault of the upstream."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails


@pytest.mark.parametrize(
    "status,more,fails",
    [
        (502, {}, True),
        (504, {}, True),
        (500, {}, False),
        (500, {"signature": "disk_full"}, True),
        (503, {"signature": "disk_full"}, False),
        (200, {"signature": "response_header_too_big"}, False),
        (None, {}, False),
        (None, {"timed_out": True}, True),
        (None, {"timed_out": True, "from": "controller"}, False),
        (502, {"from": "controller"}, True),
    ],
)
def test_an_answer_that_is_a_fault_of_the_upstream(status, more, fails):
    assert answer_fails({"status": status, **more}) is fails
