# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pipes the module of the same name into its host, where that can be."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.piped import PROGRAMS, run_module
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.stdin_program import PackedModule

MODULE = PackedModule("site_answers_info", PROGRAMS)


class ActionModule(ActionBase):
    """What the module returns is the result."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        return {**super().run(tmp, task_vars), **run_module(self, MODULE, {}, task_vars or {})}
