# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The number with which a start ended, in words."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._exit_codes import exit_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import unit_evidence


@pytest.mark.parametrize(
    ("result", "status", "begins"),
    [
        ("exit-code", 203, "EXEC: the program of ExecStart="),
        ("exit-code", 200, "CHDIR: WorkingDirectory="),
        ("exit-code", 214, "SETSCHEDULER: CPUSchedulingPolicy="),
        ("exit-code", 217, "USER: User="),
        ("exit-code", 226, "NAMESPACE: a path of ReadWritePaths="),
        ("exit-code", 78, "CONFIG: "),
        ("exit-code", 127, "the program, or a library that it needs, was not found"),
        ("exit-code", 137, "SIGKILL: killed"),
        ("exit-code", 139, "SIGSEGV: crashed"),
        ("exit-code", 143, "SIGTERM: somebody"),
        ("core-dump", 11, "SIGSEGV: crashed"),
        ("signal", 1, "SIGHUP"),
        ("oom-kill", 9, "killed for memory"),
        ("oom-kill", None, "killed for memory"),
    ],
)
def test_the_number_of_an_end_in_words(result, status, begins):
    assert exit_words(result, status).startswith(begins)


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("exit-code", 1),
        ("exit-code", 3),
        ("success", 0),
        (None, None),
        ("signal", 99),
        ("exit-code", 145),
        ("exit-code", 150),
    ],
)
def test_a_number_that_says_no_more_than_itself_has_no_words(result, status):
    assert exit_words(result, status) == ""


def test_the_state_of_a_unit_has_them():
    unit = {"active": "failed", "sub": "failed", "result": "exit-code", "exit_status": 217}
    assert (
        unit_evidence("app.service", unit).text
        == "app.service is failed (failed), result exit-code, exit status 217 (USER: User= does not exist)"
    )
