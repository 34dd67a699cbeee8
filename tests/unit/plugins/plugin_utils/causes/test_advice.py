# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advice can be pasted into a root shell, whatever the files of a host are called."""

from __future__ import annotations

import re
import shlex

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.causes import facts as cases

#: What a shell would take apart, run, or wait for the end of.
TRAP = " $(x)'"
_FILE = re.compile(r"(/(?:etc|run|srv|var|home)/(?:[\w.-]+/)*)([\w.-]+\.(?:conf|sock|py|rb|log|crt|pem))\b")
_QUOTED = re.compile(r"'[^']*'|\"'\"")
_COMMAND = re.compile(r"(?:[A-Z_]+=\S* )*[a-z0-9_./-]+(?: |$)")
PATHS = sorted(cases.CASES.glob("*/fires_*.yml"))


def trapped(value):
    """Facts in which each file has a name with a blank, a quote and a command in it."""
    if isinstance(value, dict):
        return {key: trapped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [trapped(one) for one in value]
    return _FILE.sub(r"\1a%s\2" % TRAP, value) if isinstance(value, str) else value


def commands(case, facts):
    """The lines of advice that are commands."""
    found = judgements(facts, KINDS, "r1", {}, case.get("backend_services") or {}).values()
    advice = [line for judged in found for finding in judged["findings"] for line in finding["advice"]]
    return [line for line in advice if not line.startswith("# ")]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: "%s/%s" % (path.parent.name, path.stem))
def test_a_line_is_a_remark_or_a_command(path):
    case = cases.load(path)
    for line in commands(case, cases.case_facts(case)):
        assert _COMMAND.match(line) and shlex.split(line, comments=True), line


@pytest.mark.parametrize("path", PATHS, ids=lambda path: "%s/%s" % (path.parent.name, path.stem))
def test_names_are_quoted(path):
    case = cases.load(path)
    for line in commands(case, trapped(cases.case_facts(case))):
        words = shlex.split(line, comments=True)
        assert "$(x)" not in _QUOTED.sub("", line.partition("   # ")[0]), line
        assert "$(x)" not in line or any(TRAP in word for word in words), line
