# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's clock, and when it was changed last."""

import time

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.clock import LAST_CHANGE, clock_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, None), ("1763821800.25\n", 1763821800.25), ("1763821800", 1763821800.0), ("soon\n", None)],
)
def test_the_clock_knows_the_last_change(host, text, expected):
    if text is not None:
        host.write(LAST_CHANGE, text)
    clock = clock_facts(host)
    assert clock["last_change"] == expected
    assert clock["boot"] == 1700000000.0
    assert abs(clock["now"] - time.time()) < 5
    assert clock["utc_offset"] == time.localtime().tm_gmtoff
