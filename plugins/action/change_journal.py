# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of the same name with the name of this run's process, and takes a host over from a run whose process this controller knows to have ended."""

from __future__ import annotations

import os
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._controller import is_dead, owner
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.piped import PROGRAMS, run_module
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.stdin_program import PackedModule

MODULE = PackedModule("change_journal", PROGRAMS)

TAKING = ("begun", "saved", "rolled_back")


class ActionModule(ActionBase):
    """Adds what only the controller knows: which process runs the play, and whether another one still lives."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        taking = self._task.args.get("state") in TAKING
        more = {}
        if taking and not self._task.args.get("owner"):
            more["owner"] = owner(os.getppid())  # a task runs in a child of ansible-playbook
        if (self._task.args.get("state") == "saved" or self._task.args.get("close")) and not self._task.args.get(
            "driver"
        ):
            more["driver"] = str((task_vars or {}).get("inventory_hostname", ""))
        result = self._module(more, task_vars or {})
        lock = result.get("lock")
        if taking and result.get("failed") and isinstance(lock, dict) and is_dead(str(lock["owner"])):
            result = self._module({**more, "take_over": lock["run"]}, task_vars or {})
        return result

    def _module(self, more: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        return run_module(self, MODULE, more, task_vars)
