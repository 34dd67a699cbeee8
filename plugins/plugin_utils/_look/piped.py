# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program of ours on a task's host over its connection, where that can be.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import os
import shlex
import typing as t

from ansible import constants
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.not_run import with_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.program_store import Store
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.stdin_program import (
    START,
    PackedModule,
    interpreter,
    result,
)

Values = t.Mapping[str, t.Any]

#: Beside what Ansible keeps for the user who calls it.
PROGRAMS = Store(os.path.join(constants.config.get_config_value("ANSIBLE_HOME"), "bad_gateway"))
#: A variable that tasks have where they are part of a remedy of the role fix_502.
IN_REMEDY = "__fix_502_with"
LOST = "the host cannot be reached any more: %s"


def python_for_pipe(action: t.Any, task_vars: Values) -> str | None:
    """The host's Python, where a program can be piped into it: with pipelining, once Python is known. action: the task's action plugin."""
    # Mitogen, whose connections have none, raises where it is asked the whole question.
    if action._task.async_val or not action._connection.has_pipelining or not action._is_pipelining_enabled("new"):
        return None
    found: str | None = action._templar.template(interpreter(task_vars, action._task.delegate_to))
    return found


def pipe(action: t.Any, python: str, program: bytes) -> dict[str, t.Any] | None:
    """What the program returned; None where the host's Python cannot unpack it, and nothing was run."""
    command = "%s %s -I -c %s" % (action._compute_environment_string(), python, shlex.quote(START))
    return result(action._low_level_execute_command(command.strip(), in_data=program))


def or_lost(run: t.Callable[[], dict[str, t.Any]], task_vars: Values) -> dict[str, t.Any]:
    """What run returns; within a remedy a failure with lost in it where the host cannot be reached.

    Of a host that is unreachable Ansible takes leave, and of the whole run where it is the only one of its batch: no rescue is run, and no report is made.
    """
    try:
        return run()
    except AnsibleConnectionFailure as error:
        if IN_REMEDY not in task_vars:
            raise
        return {"failed": True, "lost": True, "msg": LOST % " ".join(str(error).split())}


def run_module(action: t.Any, packed: PackedModule, more: Values, task_vars: Values) -> dict[str, t.Any]:
    """What the task's module returned, piped where that can be. more: arguments beside the task's own."""
    return or_lost(lambda: _run_module(action, packed, more, task_vars), task_vars)


def _run_module(action: t.Any, packed: PackedModule, more: Values, task_vars: Values) -> dict[str, t.Any]:
    arguments = {**action._task.args, **more}
    python = python_for_pipe(action, task_vars)
    if python and not needs_host(packed.specification["argument_spec"], arguments):
        parts = {name: part for name, part in packed.specification.items() if name != "supports_check_mode"}
        _validated, params = action.validate_argument_spec(**parts)
        returned = pipe(action, python, packed.program({**params, **more}, action._task.check_mode, action._task.diff))
        if returned is not None:
            return returned
    executed: dict[str, t.Any] = action._execute_module(module_args=arguments, task_vars=task_vars)
    return with_words(executed)


def needs_host(options: Values, arguments: t.Any) -> bool:
    """Whether a path has a home folder or a variable in it, which only the host can replace."""
    if not isinstance(arguments, dict):
        return False
    for name, option in options.items():
        value = arguments.get(name)
        if option.get("type") == "path" and any(mark in str(value) for mark in "~$"):
            return True
        inner = value if isinstance(value, list) else [value]
        if any(needs_host(option.get("options", {}), one) for one in inner):
            return True
    return False
