# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all recipes share."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._change.recipe import Failed, Recipe, done
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.module_calls import Calls


def test_a_failure_is_raised_with_what_the_module_said():
    with pytest.raises(Failed) as caught:
        done({"failed": True, "msg": "no nginx", "where": None})
    assert (str(caught.value), caught.value.result["where"]) == ("no nginx", None)
    assert done({"changed": True}) == {"changed": True}


def test_what_the_comparison_says_is_kept_with_its_differences():
    recipe = Recipe({})
    calls = Calls(nginx_directive={"changed": True, "diff": [{"before": "a", "after": "b"}]})
    assert recipe.ask(calls, "nginx_directive", {"edits": []}) is True
    assert recipe.ask(calls, "nginx_service", {}) is False
    assert calls.steps() == [("nginx_directive", "check"), ("nginx_service", "check")]
    assert recipe.said("nginx_directive")["changed"] and recipe.said("php_fpm_pool") == {}
    assert recipe.diff() == [{"before": "a", "after": "b"}]
