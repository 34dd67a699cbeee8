# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a host in one execution, and asks some of its URLs from the controller too."""

from __future__ import annotations

import time
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.facts_of import facts_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.from_controller import (
    from_controller,
    outside_asks,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.not_run import with_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.piped import PROGRAMS, pipe, python_for_pipe
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.stdin_program import Packed

MODULE = "webops.bad_gateway.gateway_facts"
#: Seconds that the controller waits longer than the host had to: for the way, which a firewall may close.
ON_THE_WAY = 5.0
#: Packed where Ansible's main process loads this plugin: the processes that it forks for the hosts find it done.
LOOK = Packed("_look.look", "look_quietly", store=PROGRAMS)


class ActionModule(ActionBase):
    """Runs the look on the host, then asks from here what anybody would."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        base: dict[str, t.Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(
            {
                "log_window": {"type": "int", "default": 3600},
                "urls": {"type": "list", "elements": "str", "default": []},
                "again": {"type": "list", "elements": "dict", "default": []},
                "ask_logged": {"type": "bool", "default": True},
                "as_facts": {"type": "bool", "default": True},
            }
        )
        began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        look = self._look(args, task_vars or {})
        facts = facts_of(look)
        if facts and "answers" in facts:
            outside = outside_asks(facts["answers"], args["urls"], self._play_context.remote_addr)
            slowest = max((answer["seconds"] for answer in facts["answers"]), default=0.0)
            facts["answers"] += from_controller(outside, timeout=slowest + ON_THE_WAY)
        return {**base, **look, "began": began}

    def _look(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The look: piped into the host's Python where that can be, as a module where not."""
        python = python_for_pipe(self, task_vars)
        piped = pipe(self, python, LOOK.program(arguments)) if python else None
        if piped is not None:
            return piped
        # URLs may have secrets in their paths: not for the host's syslog, nor for our output.
        quiet = {**task_vars, "ansible_no_target_syslog": True}
        module: dict[str, t.Any] = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=quiet)
        module.pop("invocation", None)
        return with_words(module)
