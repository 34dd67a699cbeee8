# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dry run would change in files is shown as a run shows what it has changed."""

import base64

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import file_diffs
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.planned_diffs import of_comparison, of_edits

PATH = "/etc/x.conf"
HEAD = "--- %s\n+++ %s\n" % (PATH, PATH)


def shown(before, after):
    return {"before_header": PATH, "after_header": PATH, "before": before, "after": after}


def read(text):
    return {"content": base64.b64encode(text.encode()).decode()}


def test_what_modules_show_becomes_the_lines_that_differ():
    assert of_comparison([shown("a\nb\n", "a\nc\n"), shown("same", "same")]) == [
        {"path": PATH, "diff": HEAD + "@@ -2 +2 @@\n-b\n+c"}
    ]
    assert of_comparison([]) == []


def test_no_secret_is_shown():
    (one,) = of_comparison([shown("", "env[DB_PASSWORD] = hunter2\n")])
    assert "hunter2" not in one["diff"] and "DB_PASSWORD" in one["diff"]


def test_what_is_too_large_is_left_out():
    assert of_comparison([shown("", "x" * (file_diffs.BYTES + 1))]) == []


@pytest.mark.parametrize(
    ("edit", "before", "lines"),
    [
        ({"content": "new\n"}, None, "@@ -0,0 +1 @@\n+new"),
        ({"content": "new\n"}, "old\n", "@@ -1 +1 @@\n-old\n+new"),
        ({"regexp": r"\A([\s\S]*?)\n*\Z", "replace": r"\g<1>\nend\n"}, "a\n", "@@ -1,0 +2 @@\n+end"),
        ({"regexp": "^b$", "replace": "c"}, "a\nb\n", "@@ -2 +2 @@\n-b\n+c"),
        ({"key": "net.x", "value": "1 2"}, None, "@@ -0,0 +1 @@\n+net.x=1 2"),
        ({"key": "net.x", "value": "2"}, "net.y=1\nnet.x = 1\n", "@@ -2 +2 @@\n-net.x = 1\n+net.x=2"),
    ],
)
def test_an_edit_shows_what_it_would_change(edit, before, lines):
    file = {"msg": "no such file"} if before is None else read(before)
    assert of_edits([{"path": PATH, **edit}], [file]) == [{"path": PATH, "diff": HEAD + lines}]


@pytest.mark.parametrize("edit", [{"content": "a\n"}, {"regexp": "z", "replace": "y"}, {"key": "a", "value": "1"}])
def test_an_edit_that_is_made_already_shows_nothing(edit):
    before = "a=1" if "key" in edit else "a\n"
    assert of_edits([{"path": PATH, **edit}], [read(before)]) == []
