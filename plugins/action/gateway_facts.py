# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two looks at a host as one task: the module looks, the configuration is parsed here, the module connects and asks."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.webops.bad_gateway.plugins.module_utils._look import between
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import from_controller as look_from_controller
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import stdin_program

MODULE = "webops.bad_gateway.gateway_facts"
#: Seconds that the controller waits longer than the host had to: for the way, which a firewall may close.
ON_THE_WAY = 5.0


class ActionModule(ActionBase):
    """Looks twice; between, crossplane parses the configuration that the first look brought."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(
            {
                "log_window": {"type": "int", "default": 3600},
                "urls": {"type": "list", "elements": "str", "default": []},
                "again": {"type": "list", "elements": "dict", "default": []},
            }
        )
        first = self._look({"log_window": args["log_window"]}, task_vars or {})
        if "bad_gateway" not in (first.get("ansible_facts") or {}):
            return {**result, **first}
        facts = first["ansible_facts"]["bad_gateway"]
        ask = between.parsed(facts, args["urls"], args["again"])
        if ask:
            second = self._look({"log_window": args["log_window"], "ask": ask}, task_vars or {})
            if "bad_gateway" not in (second.get("ansible_facts") or {}):
                return {**result, **second}
            between.joined(facts, second["ansible_facts"]["bad_gateway"])
            outside = look_from_controller.outside_asks(facts["answers"], args["urls"], self._play_context.remote_addr)
            slowest = max((answer["seconds"] for answer in facts["answers"]), default=0.0)
            facts["answers"] += look_from_controller.from_controller(outside, timeout=slowest + ON_THE_WAY)
        # With the interpreter that Ansible found on the host, lest every later task looks for it again.
        result.update(changed=False, ansible_facts={**first["ansible_facts"], "bad_gateway": facts})
        if first.get("warnings"):
            result["warnings"] = first["warnings"]
        return result

    def _look(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """One look: piped into the host's Python where that can be, as a module where not."""
        interpreter = self._templar.template(stdin_program.interpreter(task_vars))
        if interpreter and not self._task.delegate_to and self._connection.is_pipelining_enabled():
            command = "%s %s -I -" % (self._compute_environment_string(), interpreter)
            program = stdin_program.program("_look.gateway_facts", "look", arguments)
            return stdin_program.result(self._low_level_execute_command(command.strip(), in_data=program.encode()))
        # What nginx sends upstream is asked for as nginx would ask, and may hold passwords: not for the host's syslog, nor for our output.
        quiet = {**task_vars, "ansible_no_target_syslog": True}
        module: dict[str, t.Any] = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=quiet)
        module.pop("invocation", None)
        return module
