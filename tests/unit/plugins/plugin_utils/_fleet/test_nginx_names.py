# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are an nginx, and that all are looked for on hosts."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx import instance
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.nginx_names import NAMES, is_nginx


@pytest.mark.parametrize(
    ("process", "expected"),
    [("nginx", True), ("nginx: worker", True), ("angie", True), ("caddy", False), ("", False), (None, False)],
)
def test_a_process(process, expected):
    assert is_nginx(process) is expected


def test_what_is_looked_for_is_known_by_its_name():
    assert set(NAMES) <= set(instance.NAMES) and all(map(is_nginx, instance.NAMES))
