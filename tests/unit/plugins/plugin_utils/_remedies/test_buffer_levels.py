# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes as nginx reads and writes them."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.buffer_levels import bytes_of, text_of


@pytest.mark.parametrize(
    ("text", "size"),
    [("4k", 4096), ("1M", 1048576), ("6000", 6000), ("0", 0), ("", None), ("4kb", None), ("-1", None), ("$x", None)],
)
def test_sizes_as_nginx_reads_them(text, size):
    assert bytes_of(text) == size


@pytest.mark.parametrize(("size", "text"), [(4096, "4k"), (1048576, "1m"), (6000, "6000"), (0, "0")])
def test_sizes_as_a_configuration_has_them(size, text):
    assert text_of(size) == text
