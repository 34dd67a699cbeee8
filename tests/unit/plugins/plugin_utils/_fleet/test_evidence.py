# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How sure one kind of look makes by itself."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import WEIGHTS, Evidence


@pytest.mark.parametrize("look", sorted(WEIGHTS))
def test_no_look_makes_sure_alone(look):
    assert 0 < Evidence(look, "seen").decides < 0.9


def test_evidence_may_have_a_weight_of_its_own_and_that_may_be_none():
    assert [Evidence("config", "seen", weight).decides for weight in (0.0, 0.3)] == [0.0, 0.3]


def test_a_look_that_nobody_weighed_is_a_mistake():
    with pytest.raises(KeyError):
        assert Evidence("dream", "seen").decides
