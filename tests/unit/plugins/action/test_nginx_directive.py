# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In check mode the task says what would be changed, whether or not diffs are to be shown."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.action import nginx_directive
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import plugin

PATH = "/etc/nginx/nginx.conf"
SHOWN = {"before_header": PATH, "after_header": PATH, "before": "a 1;\n", "after": "a 2;\n"}
EDITS = [{"path": PATH, "directive": "a", "args": ["2"]}]


def run(check_mode, diff):
    made = plugin(nginx_directive, {"edits": EDITS}, [{"changed": True, "diff": [SHOWN]}])
    made._is_pipelining_enabled = lambda _style: False
    made._task.check_mode, made._task.diff = check_mode, diff
    asked = []
    says = made._execute_module.side_effect

    def executed(**_given):
        asked.append(made._task.diff)
        return next(says)

    made._execute_module.side_effect = executed
    result = made.run(None, {})
    assert made._task.diff is diff
    return result, asked


@pytest.mark.parametrize("diff", [False, True])
def test_a_dry_run_has_the_lines(diff):
    result, asked = run(True, diff)
    assert asked == [True]
    assert result["diffs"] == [{"path": PATH, "diff": "--- %s\n+++ %s\n@@ -1 +1 @@\n-a 1;\n+a 2;" % (PATH, PATH)}]
    assert result["diff"] == ([SHOWN] if diff else [])


def test_a_run_shows_what_it_is_asked_for():
    result, asked = run(False, False)
    assert asked == [False] and "diffs" not in result
