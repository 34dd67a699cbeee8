# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.version import (
    HTTP_1_1_SINCE,
    numbers_of,
)


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("1.22.1", (1, 22, 1)), ("1.29.10 (Ubuntu 24.04)", (1, 29, 10)), ("openresty/1.27.1.2", (1, 27, 1)), ("", ())],
)
def test_numbers(version, numbers):
    assert numbers_of(version) == numbers


def test_versions_compare_as_numbers():
    assert numbers_of("1.29.6") < HTTP_1_1_SINCE <= numbers_of("1.29.7") < numbers_of("1.30.0")
