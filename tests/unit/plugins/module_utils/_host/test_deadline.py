# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline, bounded


def test_a_deadline_within_another_ends_with_it():
    assert Deadline(100, Deadline(0)).left() == 0


@pytest.mark.parametrize(
    ("value", "fits"), [(0.1, True), (60, True), (0.09, False), (60.5, False), (float("nan"), False)]
)
def test_seconds_have_a_range(value, fits):
    if fits:
        assert bounded("timeout", value, 0.1, 60) == value
    else:
        with pytest.raises(ValueError, match="timeout is .* between 0.1 and 60 seconds"):
            bounded("timeout", value, 0.1, 60)
