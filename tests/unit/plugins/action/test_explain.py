# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module takes, and what it writes."""

import json
import os
import stat

import pytest
from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.webops.bad_gateway.plugins.action import explain
from ansible_collections.webops.bad_gateway.tests.unit.plugins.action.stubs import plugin

LINE = "*5 upstream sent too big header while reading response header from upstream"


@pytest.fixture(autouse=True, name="shown")
def _shown(monkeypatch):
    texts = []
    monkeypatch.setattr(explain.LAST, "leave", texts.append)
    return texts


def test_a_line_is_explained_and_shown(shown):
    result = plugin(explain, {"line": LINE}).run(None, {})
    assert [one["signature"] for one in result["explanations"]] == ["response_header_too_big"]
    assert (result["changed"], result["silent"]) == (False, 0)
    assert "(response_header_too_big)" in shown[0]


def test_a_file_is_read_and_json_written(tmp_path):
    pasted, output = tmp_path / "pasted", tmp_path / "out.json"
    pasted.write_bytes(LINE.encode() + b"\n\n\xff\n")
    result = plugin(explain, {"file": str(pasted), "output": str(output)}).run(None, {})
    assert json.loads(output.read_text()) == {"explanations": result["explanations"], "silent": 1}
    assert stat.S_IMODE(output.stat().st_mode) == 0o600


def test_standard_input_is_that_of_the_main_process(tmp_path, monkeypatch):
    (tmp_path / "pasted").write_text(LINE)
    monkeypatch.setattr(explain, "_STDIN", os.open(tmp_path / "pasted", os.O_RDONLY))
    assert plugin(explain, {"file": "-"}).run(None, {})["explanations"]
    os.close(explain._STDIN)


def test_without_standard_input_it_says_so(monkeypatch):
    monkeypatch.setattr(explain, "_STDIN", None)
    with pytest.raises(AnsibleActionFail, match="no standard input"):
        plugin(explain, {"file": "-"}).run(None, {})
    monkeypatch.setattr(explain.os, "dup", lambda _descriptor: os.close(-1))
    assert explain._kept_stdin() is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"file": "/nowhere"}, "/nowhere cannot be read: No such file"),
        ({"line": LINE, "output": "/nowhere/x"}, "/nowhere/x cannot be written"),
    ],
)
def test_what_cannot_be_read_or_written_is_named(arguments, says):
    with pytest.raises(AnsibleActionFail, match=says):
        plugin(explain, arguments).run(None, {})


@pytest.mark.parametrize("arguments", [{}, {"line": "a", "file": "b"}])
def test_one_of_both_is_needed(arguments):
    with pytest.raises(AnsibleError):
        plugin(explain, arguments).run(None, {})
