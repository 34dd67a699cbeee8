# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that goes over stdin: it runs in a Python that has none of this collection, and leaves no file."""

import json
import os
import subprocess
import sys

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.signature import error_signature
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import stdin_program


def run(module, function, arguments, folder):
    """What a Python that sees only its own library makes of the program."""
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-"],
        input=stdin_program.program(module, function, arguments).encode(),
        cwd=str(folder),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"TMPDIR": str(folder)},
    )
    return {"rc": ran.returncode, "stdout": ran.stdout.decode(), "stderr": ran.stderr.decode()}


LINE = "2026/11/22 10:00:00 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: _"


def test_a_function_is_called_where_the_collection_is_not_installed(tmp_path):
    ran = run("_logs.signature", "error_signature", {"line": LINE}, tmp_path)
    assert (ran["rc"], ran["stderr"], os.listdir(str(tmp_path))) == (0, "", [])
    assert json.loads(ran["stdout"].splitlines()[-1]) == error_signature(LINE)


def test_what_it_raises_is_told(tmp_path):
    told = stdin_program.result(run("_logs.signature", "error_signature", {"text": LINE}, tmp_path))
    assert told["failed"] and told["msg"].startswith("the look ended with 1: TypeError: ")


@pytest.mark.parametrize(
    "task_vars, found",
    [
        ({}, None),
        ({"ansible_python_interpreter": "auto"}, None),
        (
            {
                "ansible_python_interpreter": "auto_silent",
                "ansible_facts": {"discovered_interpreter_python": "/usr/bin/python3.11"},
            },
            "/usr/bin/python3.11",
        ),
        ({"ansible_facts": {"discovered_interpreter_python": None}}, None),
        (
            {
                "ansible_python_interpreter": "/opt/py/bin/python3",
                "ansible_facts": {"discovered_interpreter_python": "/usr/bin/python3"},
            },
            "/opt/py/bin/python3",
        ),
    ],
)
def test_the_interpreter_is_the_configured_one_or_the_discovered_one(task_vars, found):
    assert stdin_program.interpreter(task_vars) == found


@pytest.mark.parametrize(
    "rc, stdout, stderr, msg",
    [
        (
            127,
            "",
            "sh: 1: /usr/bin/python9: not found\n",
            "the look ended with 127: sh: 1: /usr/bin/python9: not found",
        ),
        (
            1,
            "",
            "Traceback (most recent call last):\n  File x\nKeyError: 'units'\n",
            "the look ended with 1: KeyError: 'units'",
        ),
        (1, "sudo: a password is required\n", "", "the look ended with 1: sudo: a password is required"),
        (0, "", "", "the look ended with 0: it said nothing"),
        (0, "welcome\n", "", "the look ended with 0: welcome"),
    ],
)
def test_a_program_that_returned_nothing_is_a_failure_in_its_own_words(rc, stdout, stderr, msg):
    told = stdin_program.result({"rc": rc, "stdout": stdout, "stderr": stderr})
    assert (told["failed"], told["msg"]) == (True, msg)
    assert (told["module_stdout"], told["module_stderr"]) == (stdout, stderr)


def test_what_a_login_shell_said_before_is_passed_over():
    assert stdin_program.result({"rc": 0, "stdout": 'welcome\n\n{"changed": false}\n', "stderr": ""}) == {
        "changed": False
    }
