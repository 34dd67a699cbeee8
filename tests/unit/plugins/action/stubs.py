# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action plugin as a task has it, with modules that say what a test gives them."""

from unittest import mock

from ansible.playbook.task import Task
from ansible.template import Templar


def plugin(module, arguments, modules=(), address=None):
    """The action plugin of this module. modules: what each module that it runs says, in order."""
    task = Task()
    task.args = dict(arguments)
    task.action = module.__name__.rpartition(".")[2]
    made = module.ActionModule(
        task, mock.Mock(), mock.Mock(remote_addr=address), mock.Mock(), Templar(None), mock.Mock()
    )
    made._execute_module = mock.Mock(side_effect=list(modules))
    return made


def given(made):
    """What the modules were given, in order."""
    return [call[1]["module_args"] for call in made._execute_module.call_args_list]
