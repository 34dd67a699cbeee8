# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as nginx and PHP-FPM write them."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.durations import fpm_seconds, nginx_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("1m30s", 90), ("1h 1m", 3660), ("500ms", 0.5), ("2d", 172800), ("1M", 2592000),
     ("", None), ("soon", None), ("5x", None), ("s", None)],
)  # fmt: skip
def test_as_nginx_reads_it(text, seconds):
    assert nginx_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5), ("5s", 5), ("2m", 120), ("1h", 3600), ("1d", 86400), ("0", 0), ("", 0), ("5x", 0), ("s", 0)],
)
def test_as_php_fpm_reads_it(text, seconds):
    assert fpm_seconds(text) == seconds
