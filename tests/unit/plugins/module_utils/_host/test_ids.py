# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ids of a process, in the words of the kernel."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.ids import Ids, parse_ids


def test_the_effective_ids_count():
    status = "Name:\tx\nUid:\t0\t33\t0\t33\nGid:\t1\t34\t1\t34\nGroups:\t4 27 \nUidMap:\t7 8\n"
    assert parse_ids(status) == Ids(33, 34, [4, 27], (0, 33, 0, 33))


@pytest.mark.parametrize(
    "status",
    ["", "Uid:\t0\t33\t0\t33\n", "Uid:\t0\nGid:\t0\n", "Uid:\tx\ty\nGid:\tx\ty\n", "Name:\tUid: 0 0 Gid: 0 0\n"],
)
def test_a_text_without_ids_has_none(status):
    assert parse_ids(status) is None
