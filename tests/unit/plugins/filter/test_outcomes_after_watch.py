# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a watched site says of the steps, for templates."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.outcomes_after_watch import FilterModule

outcomes_after_watch = FilterModule().filters()["outcomes_after_watch"]


def test_outcomes():
    step = {"id": "s1", "role": "php_fpm", "variables": {"php_fpm_proof": [{"url": "http://a/"}]}}
    gone = {"url": "http://a/", "connect": None, "status": 502}
    outcomes = outcomes_after_watch([{"step": "s1", "outcome": "fixed"}], [step], [{"gone": [gone], "watched": 9}])
    assert outcomes[0]["came_back"] is True


@pytest.mark.parametrize("given", [None, ["text"], [{}]])
def test_what_is_no_outcome(given):
    with pytest.raises(AnsibleFilterError, match="outcomes_after_watch takes three lists"):
        outcomes_after_watch(given, [], [])
