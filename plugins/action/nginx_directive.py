# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pipes the module of the same name into its host, where that can be, and says in check mode what would be changed."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.piped import PROGRAMS, run_module
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.stdin_program import PackedModule
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.planned_diffs import of_comparison

MODULE = PackedModule("nginx_directive", PROGRAMS)


class ActionModule(ActionBase):
    """What the module returns is the result, and in check mode the lines that would change, whether or not they are to be shown."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        base: dict[str, t.Any] = super().run(tmp, task_vars)
        shows, self._task.diff = self._task.diff, self._task.diff or self._task.check_mode
        try:
            result = {**base, **run_module(self, MODULE, {}, task_vars or {})}
        finally:
            self._task.diff = shows
        if self._task.check_mode:
            result["diffs"] = of_comparison(result.get("diff", []))
            result["diff"] = result.get("diff", []) if shows else []
        return result
