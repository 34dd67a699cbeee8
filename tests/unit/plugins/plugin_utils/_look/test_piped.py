# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that are piped: which are, into which Python, and that they return what they return as modules."""

import shlex
import subprocess
import sys
from unittest import mock

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.webops.bad_gateway.plugins.action import (
    change_journal,
    nginx_directive,
    nginx_service,
    php_fpm_service,
    recent_changes_info,
    service_start_info,
    site_answers_info,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import piped
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import given, plugin

KNOWN = {"ansible_python_interpreter": sys.executable}
ACTIONS = {
    change_journal: {"state": "kept", "run": "r1", "change": "c1"},
    nginx_directive: {"path": "/nowhere/nginx.conf", "edits": [{"directive": "gzip", "args": ["on"]}]},
    nginx_service: {"state": "reloaded"},
    php_fpm_service: {"state": "started", "binary": "/nowhere/php-fpm", "config": "/nowhere/php-fpm.conf"},
    recent_changes_info: {"hours": 1},
    service_start_info: {"unit": "nowhere.service", "address": "tcp:127.0.0.1:1", "timeout": 0},
    site_answers_info: {"urls": []},
}


def action_of(module, arguments, check_mode=False, **connection):
    """An action whose connection runs commands here."""
    made = plugin(module, arguments, [{"as": "module"}])
    made._task.check_mode, made._task.diff = check_mode, False
    made._is_pipelining_enabled = lambda _style: connection.get("pipelining", True)
    made._compute_environment_string = lambda: ""
    start = 'import sys; sys.modules["bz2"] = None; ' if connection.get("without_bz2") else "import sys; "

    def run_here(command, in_data):
        ran = subprocess.run(
            shlex.split(command.replace("import sys; ", start)), check=False, input=in_data, capture_output=True
        )
        return {"rc": ran.returncode, "stdout": ran.stdout.decode(), "stderr": ran.stderr.decode()}

    made._low_level_execute_command = run_here
    return made


@pytest.mark.parametrize("module", list(ACTIONS), ids=lambda module: module.__name__.rpartition(".")[2])
def test_a_module_runs_where_neither_ansible_nor_the_collection_is(module):
    made = action_of(module, ACTIONS[module], check_mode=True)
    result = made.run(None, KNOWN)
    assert given(made) == []
    assert "changed" in result and "ended with" not in str(result.get("msg"))


@pytest.mark.parametrize(
    "task_vars, connection",
    [({}, {}), (KNOWN, {"pipelining": False}), (KNOWN, {"without_bz2": True})],
    ids=["Python is not known", "no pipelining", "Python has no bz2"],
)
def test_where_it_can_not_be_piped_ansible_runs_it(task_vars, connection):
    made = action_of(site_answers_info, {"urls": []}, **connection)
    assert made.run(None, task_vars)["as"] == "module"
    assert given(made) == [{"urls": []}]


def test_a_connection_without_pipelining_is_asked_nothing_more():
    """Mitogen's actions end a run that asks."""
    made = action_of(site_answers_info, {"urls": []})
    made._connection.has_pipelining = False
    made._is_pipelining_enabled = mock.Mock(side_effect=AssertionError("should never be called"))
    assert made.run(None, KNOWN)["as"] == "module"


def test_a_path_that_only_the_host_can_complete_is_left_to_it():
    made = action_of(php_fpm_service, {**ACTIONS[php_fpm_service], "config": "~/php-fpm.conf"})
    assert made.run(None, KNOWN)["as"] == "module"


@pytest.mark.parametrize(
    "arguments, found",
    [
        ({"edits": [{"path": "$HOME/x"}]}, True),
        ({"edits": [{"path": "/etc/x", "args": ["$host"]}]}, False),
        ({"edits": "no list"}, False),
    ],
)
def test_paths_within_options_count_too(arguments, found):
    assert piped.needs_host(nginx_directive.MODULE.specification["argument_spec"], arguments) == found


def test_an_argument_that_does_not_fit_never_reaches_the_host():
    made = action_of(nginx_service, {"state": "bounced"})
    with pytest.raises(AnsibleError, match="bounced"):
        made.run(None, KNOWN)


def lose(command, in_data):
    raise AnsibleConnectionFailure("Failed to connect to the host via ssh:\n timed out")


def test_a_host_that_is_lost_within_a_remedy_is_a_failure_that_can_be_rescued():
    made = action_of(site_answers_info, {"urls": []})
    made._low_level_execute_command = lose
    result = made.run(None, {**KNOWN, piped.IN_REMEDY: {"id": "php_fpm-1"}})
    assert result["failed"] and result["lost"] and "unreachable" not in result
    assert result["msg"] == "the host cannot be reached any more: Failed to connect to the host via ssh: timed out"


def test_elsewhere_it_is_unreachable_as_ansible_has_it():
    made = action_of(site_answers_info, {"urls": []})
    made._low_level_execute_command = lose
    with pytest.raises(AnsibleConnectionFailure):
        made.run(None, KNOWN)
