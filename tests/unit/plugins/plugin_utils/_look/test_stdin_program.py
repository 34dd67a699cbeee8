# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that goes over stdin: it runs in a Python that has none of this collection, and leaves no file."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from ansible_collections.webops.bad_gateway.plugins.action import gateway_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.signature import error_signature
from ansible_collections.webops.bad_gateway.plugins.modules import change_journal
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import stdin_program


def run(module, function, arguments, folder, python=sys.executable):
    """What a Python that sees only its own library makes of the program."""
    ran = subprocess.run(
        [python, "-I", "-S", "-c", stdin_program.START],
        input=stdin_program.Packed(module, function).program(arguments),
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


def test_what_it_raises_is_the_failure(tmp_path):
    result = stdin_program.result(run("_logs.signature", "error_signature", {"text": LINE}, tmp_path))
    assert result["failed"] and result["msg"].startswith("the program on the host ended with 1: TypeError: ")


def test_a_traceback_names_the_module_and_the_line_of_its_file(tmp_path):
    ran = run("_net.source_address", "source_towards", {"destination": None}, tmp_path)
    text = (
        pathlib.Path(stdin_program.FOLDERS[stdin_program.PACKAGE] / "_net" / "source_address.py")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    found = re.findall(
        r'File "<%s>", line (\d+), in source_towards' % re.escape(stdin_program.PACKAGE + "._net.source_address"),
        ran["stderr"],
    )
    assert found and "in destination" in text[int(found[0]) - 1]


def test_what_is_imported_is_sent_and_nothing_else():
    names = {
        name[len(stdin_program.PACKAGE) + 1 :]
        for name in stdin_program.texts(stdin_program.PACKAGE + "._net.source_address")
    }
    assert names == {"_net.source_address"}
    names = {
        name[len(stdin_program.PACKAGE) + 1 :] for name in stdin_program.texts(stdin_program.PACKAGE + "._look.look")
    }
    assert {"_look.look", "_look.reach", "_nginx_config.lexer", "_host.netlink"} <= names
    # Shapes of facts, journals of changes and the head of the program itself.
    assert not {"_look.gateway_facts", "_undo.put_back", "_look.in_memory"} & names


def test_a_module_is_packed_with_what_it_imports_and_without_its_documentation():
    name = stdin_program.MODULES + ".site_answers_info"
    found = stdin_program.texts(name)
    assert stdin_program.PACKAGE + "._look.answers" in found
    assert "argument_spec" in found[name] and "RETURN" not in found[name]


def test_a_look_is_sent_in_few_bytes():
    assert len(gateway_facts.LOOK.program({"log_window": 3600, "urls": [], "again": []})) <= 130 * 1000


PYTHONS = sorted(pathlib.Path.home().glob(".pyenv/versions/3.*/bin/python"))


@pytest.mark.parametrize("python", PYTHONS or [pathlib.Path(sys.executable)], ids=lambda path: path.parts[-3])
def test_a_look_runs_in_each_python_that_is_here(python, tmp_path):
    result = stdin_program.result(run("_look.look", "look", {"log_window": 3600}, tmp_path, str(python)))
    if os.geteuid() == 0:
        assert set(result["ansible_facts"]["bad_gateway"]) >= {"schema", "listeners", "nginx", "log", "unknown"}
    else:
        assert result["msg"].startswith("not root")


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
    assert stdin_program.interpreter({"ansible_delegated_vars": {"app1": task_vars}}, "app1") == found


def test_a_delegated_task_runs_in_the_python_of_its_own_host():
    task_vars = {"ansible_python_interpreter": "/usr/bin/python3", "ansible_delegated_vars": {"app1": {}}}
    assert stdin_program.interpreter(task_vars, "app1") is None
    assert stdin_program.interpreter({"ansible_python_interpreter": "/usr/bin/python3"}, "app1") is None


@pytest.mark.parametrize(
    "rc, stdout, stderr, msg",
    [
        (
            127,
            "",
            "sh: 1: /usr/bin/python9: not found\n",
            "the host has no Python where it is looked for (sh: 1: /usr/bin/python9: not found): install python3 there,"
            " or name its Python in ansible_python_interpreter",
        ),
        (
            1,
            "",
            "Traceback (most recent call last):\n  File x\nKeyError: 'units'\n",
            "the program on the host ended with 1: KeyError: 'units'",
        ),
        (
            1,
            "sudo: a password is required\n",
            "",
            "root could not be become on the host (sudo: a password is required): --ask-become-pass asks for a password",
        ),
        (0, "", "", "the program on the host ended with 0: no output"),
        (0, "welcome\n", "", "the program on the host ended with 0: welcome"),
    ],
)
def test_a_program_that_returned_nothing_is_a_failure_in_its_own_words(rc, stdout, stderr, msg):
    result = stdin_program.result({"rc": rc, "stdout": stdout, "stderr": stderr})
    assert (result["failed"], result["msg"]) == (True, msg)
    assert (result["module_stdout"], result["module_stderr"]) == (stdout, stderr)


def test_what_a_login_shell_said_before_is_passed_over():
    assert stdin_program.result({"rc": 0, "stdout": 'welcome\n\n{"changed": false}\n', "stderr": ""}) == {
        "changed": False
    }


class Kept:
    """A store that keeps in memory."""

    def __init__(self):
        self.kept = {}

    def fetch(self, name, sources):
        return self.kept.get((name, sources))

    def keep(self, name, sources, program):
        self.kept[name, sources] = program


def test_what_a_module_hands_to_ansiblemodule_is_kept(monkeypatch):
    store = Kept()
    first = stdin_program.specification(stdin_program.MODULES + ".change_journal", store)
    assert first == json.loads(json.dumps(change_journal.SPECIFICATION))
    monkeypatch.setattr(stdin_program.importlib, "import_module", None)
    assert stdin_program.specification(stdin_program.MODULES + ".change_journal", store) == first
