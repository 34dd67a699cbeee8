# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only the report of a run that changed nothing is a plan; anything else is refused in one line."""

import json

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._controller import text_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.approved_plan import (
    NotAPlan,
    plan_problems,
    read_plan,
)

RUN = "20261122T143000Z-1a2b"


def found(outcome="planned", **more):
    return {"outcome": outcome, **more}


def report(*findings, mode="check"):
    return {"run": {"id": RUN, "mode": mode}, "hosts": {"web": {"findings": list(findings)}, "app": {"findings": []}}}


@pytest.fixture
def saved(tmp_path):
    """Writes a file, and returns its path."""

    def save(content):
        path = tmp_path / "report.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return save


@pytest.mark.parametrize("mode", ["check", "diagnose"])
def test_the_steps_that_are_planned_are_the_plan(saved, mode):
    path = saved(
        report(
            found(step="b-2"),
            found(step="a-1"),
            found(step="b-2"),
            found("advice"),
            found("failed", step="c"),
            mode=mode,
        )
    )
    assert read_plan(path, text_in) == {"run": RUN, "steps": ["a-1", "b-2"]}
    assert plan_problems(path, text_in) == []


def test_a_plan_may_have_no_step(saved):
    assert read_plan(saved(report()), text_in)["steps"] == []


def test_a_path_may_begin_at_home(saved, monkeypatch):
    folder = saved(report(found(step="a"))).rpartition("/")[0]
    monkeypatch.setenv("HOME", folder)
    assert read_plan("~/report.json", text_in)["steps"] == ["a"]


@pytest.mark.parametrize("value", ["", None])
def test_without_a_plan_nothing_is_wrong(value):
    assert plan_problems(value, text_in) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no JSON"),
        (b"{", "it is no JSON"),
        (b"\xff\xfe", "it is no text"),
        ([], "it is no report of this collection"),
        ("text", "it is no report of this collection"),
        ({"run": {"id": RUN, "mode": "check"}}, "it is no report of this collection"),
        ({"run": None, "hosts": {}}, "it is no report of this collection"),
        ({"run": {"id": RUN, "mode": "check"}, "hosts": []}, "it is no report of this collection"),
        (report({"cause": "x"}), "it is no report of this collection"),
        (report(found(step="a"), mode="fix"), "it is the report of a run that made changes (%s)" % RUN),
        (report(found()), "it names no steps, as it was written by an older version"),
        (report(found(step=7)), "it names no steps"),
    ],
)
def test_what_is_no_plan_is_refused_in_one_line(saved, content, why):
    path = saved(content)
    (line,) = plan_problems(path, text_in)
    assert line.startswith("fix_502_plan (%s) cannot be followed: %s" % (path, why)) and "\n" not in line
    with pytest.raises(NotAPlan):
        read_plan(path, text_in)


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path):
    (missing,), (folder,) = plan_problems(str(tmp_path / "gone.json"), text_in), plan_problems(str(tmp_path), text_in)
    assert missing.endswith("gone.json) cannot be followed: No such file or directory")
    assert folder.endswith("cannot be followed: Is a directory")
    assert plan_problems(["a"], text_in) == ["fix_502_plan has to be the path of one report.json"]
