# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change did to its files is shown, and nothing that is nobody's business."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import file_diffs
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.journal import Claim
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.save import Wanted
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.journal_host import FolderHost

CONF, NEW = "/etc/nginx/nginx.conf", "/etc/nginx/conf.d/new.conf"
BEFORE = "user www-data;\nhttp {\n  a 1;\n}\n"


@pytest.fixture(name="host")
def _host(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    host = FolderHost(tmp_path)
    host.write(CONF, BEFORE)
    host.journal().saved("r1", "c1", Wanted(files=[CONF, NEW]), Claim())
    return host


def diffs(host):
    return {one["path"]: one["diff"] for one in file_diffs.file_diffs(host, host.journal().store, "r1", "c1")}


def test_the_lines_that_were_changed_are_shown_without_those_around_them(host):
    host.write(CONF, BEFORE.replace("a 1", "a 2"))
    host.write(NEW, "b 3;\n")
    assert diffs(host) == {
        CONF: "--- %s\n+++ %s\n@@ -3 +3 @@\n-  a 1;\n+  a 2;" % (CONF, CONF),
        NEW: "--- %s\n+++ %s\n@@ -0,0 +1 @@\n+b 3;" % (NEW, NEW),
    }


def test_a_file_that_is_as_it_was_has_no_diff(host):
    assert diffs(host) == {}


def test_no_secret_is_shown(host):
    host.write(NEW, "env[DB_PASSWORD] = hunter2\nproxy_set_header Authorization abc;\n")
    assert "hunter2" not in diffs(host)[NEW]
    assert "abc" not in diffs(host)[NEW]
    assert "+env[DB_PASSWORD (not shown)" in diffs(host)[NEW]


@pytest.mark.parametrize("data", ["\0", "x" * (file_diffs.BYTES + 1)])
def test_what_is_no_text_or_too_large_is_not_compared(host, data):
    host.write(NEW, data)
    assert diffs(host) == {}


def test_a_long_diff_is_cut(host):
    host.write(NEW, "a;\n" * 200)
    lines = diffs(host)[NEW].splitlines()
    assert (len(lines), lines[-1]) == (file_diffs.LINES + 1, "(143 more lines)")


def test_what_cannot_be_seen_is_left_out(host):
    host.write(CONF, "")
    os.unlink(os.path.join(host.journal().store.folder("r1", "c1"), "content-0"))
    assert diffs(host) == {}
    assert file_diffs.file_diffs(host, host.journal().store, "r1", "nothing") == []
