# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How lines come, in words."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.rhythm import rhythm


@pytest.mark.parametrize(
    "minutes, words",
    [
        ({}, ""),
        ({5: 1}, "once"),
        ({5: 3}, "3 times, within a minute"),
        ({5: 3, 6: 1}, "4 times, within two minutes"),
        (dict.fromkeys(range(5, 30), 2), "50 times, all the time"),
        (dict.fromkeys(range(5, 30, 2), 1), "13 times, all the time"),
        (dict.fromkeys(range(0, 100, 15), 1), "7 times, every 15 minutes or so"),
        ({0: 1, 15: 1, 16: 4, 31: 1, 45: 2}, "9 times, every 15 minutes or so"),
        ({0: 1, 3: 1, 60: 1, 61: 2, 90: 1}, "6 times, in 4 bursts"),
        ({0: 1, 60: 9}, "10 times, in 2 bursts"),
    ],
)
def test_words(minutes, words):
    assert rhythm(minutes) == words
