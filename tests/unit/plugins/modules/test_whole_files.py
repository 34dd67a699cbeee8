# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are written as a whole, folders made, and what is so already is left."""

import os
import stat

import pytest

from ansible_collections.webops.bad_gateway.plugins.modules import whole_files
from ansible_collections.webops.bad_gateway.tests.unit.plugins.modules.run_module import run_module

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may write where root writes")
TEXT = "fastcgi_buffer_size 32k;\n"


def run(monkeypatch, check_mode=False, diff=False, files=(), folders=()):
    return run_module(monkeypatch, whole_files, {"files": list(files), "folders": list(folders)}, check_mode, diff)


def test_a_file_is_written_once(tmp_path, monkeypatch):
    path = tmp_path / "own.conf"
    entry = {"path": str(path), "content": TEXT, "mode": "0640"}
    planned = run(monkeypatch, check_mode=True, diff=True, files=[entry])
    assert planned["changed"] and not path.exists()
    assert [(one["before"], one["after"]) for one in planned["diff"]] == [("", TEXT)]
    assert run(monkeypatch, files=[entry])["paths"] == [str(path)]
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (TEXT, 0o640)
    assert not run(monkeypatch, files=[entry])["changed"]


def test_a_file_that_is_there_keeps_its_owner(tmp_path, monkeypatch):
    path = tmp_path / "own.conf"
    path.write_text("old\n")
    os.chown(str(path), 33, 33)
    assert run(monkeypatch, files=[{"path": str(path), "content": TEXT, "mode": "0644"}])["changed"]
    assert (path.read_text(), path.stat().st_uid) == (TEXT, 33)


def test_missing_folders_are_made_from_the_top(tmp_path, monkeypatch):
    path = tmp_path / "run" / "php"
    entry = {"path": str(path), "mode": "0755"}
    made = run(monkeypatch, folders=[entry])
    assert made["paths"] == [str(path.parent), str(path)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert not run(monkeypatch, folders=[entry])["changed"]


@pytest.mark.parametrize("kind", ["files", "folders"])
def test_what_is_something_else_is_refused(tmp_path, monkeypatch, kind):
    path = tmp_path / "thing"
    path.mkdir() if kind == "files" else path.write_text("")
    entry = {"path": str(path), "mode": "0755"}
    given = {"files": [dict(entry, content="")]} if kind == "files" else {"folders": [entry]}
    assert run(monkeypatch, **given)["msg"].startswith("not written: ")
