# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.settings_problems import FilterModule

FILTER = FilterModule().filters()["settings_problems"]


def test_the_problems_are_returned():
    assert len(FILTER({"fix_502_rounds": "many", "fix_502_allow": ["start"]}, kinds=["start"])) == 1


def test_only_a_dictionary_is_taken():
    with pytest.raises(AnsibleFilterError):
        FILTER(["fix_502_rounds"], kinds=[])


def test_a_plan_that_cannot_be_read_is_a_problem(tmp_path):
    path = str(tmp_path / "report.json")
    assert FILTER({"fix_502_plan": path}, kinds=[]) == [
        "fix_502_plan (%s) cannot be followed: No such file or directory" % path
    ]
