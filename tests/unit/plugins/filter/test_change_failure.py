# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a change failed, for templates."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.change_failure import FilterModule

change_failure = FilterModule().filters()["change_failure"]


def test_change_failure():
    undone = {"changes": [{"steps": [], "complete": True, "problems": []}]}
    assert change_failure({"msg": "refused"}, "The opening of port 7080", {}, undone) == (
        "The opening of port 7080 failed: refused"
    )
    with pytest.raises(AnsibleFilterError, match="change_failure takes the results of three tasks"):
        change_failure({"msg": "refused"}, "X", None, undone)
