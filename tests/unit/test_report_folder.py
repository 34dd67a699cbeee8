# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder that the report cannot be written into: one line says so, before anything is looked at, and nothing is left there."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

import ansible_collections

PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - include_role:
        name: webops.bad_gateway.report
        tasks_from: prepare.yml
        rolespec_validate: false
"""
FULL = "#!/bin/sh\necho \"head: error writing 'standard output': No space left on device\" >&2\nexit 1\n"


def prepared(top: pathlib.Path, folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """A play that makes sure of the folder."""
    (top / "play.yml").write_text(PLAY)
    inventory = "localhost ansible_connection=local ansible_python_interpreter=%s\n" % sys.executable
    (top / "hosts.ini").write_text(inventory)
    environment = {
        **os.environ,
        "PATH": "%s:%s" % (top / "bin", os.environ["PATH"]),
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(
            str(pathlib.Path(path).parent) for path in ansible_collections.__path__
        ),
        "ANSIBLE_HOME": str(top / "home"),
        "ANSIBLE_NOCOLOR": "1",
    }
    more = ["-i", str(top / "hosts.ini"), "-e", "fix_502_report_dir=%s" % folder, str(top / "play.yml")]
    command = [sys.executable, "-m", "ansible", "playbook", *more]
    return subprocess.run(
        command, cwd=top, env=environment, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize(
    ("name", "is_full", "said"),
    [
        ("file", False, "it is no folder. Name a folder that this user may write to in fix_502_report_dir."),
        ("file/below", False, "Not a directory. Name a folder"),
        ("new", True, "No space left on device. Make room there, or name a folder"),
        ("new/below", False, ""),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path, name, is_full, said):
    (tmp_path / "file").touch()
    (tmp_path / "bin").mkdir()
    if is_full:
        (tmp_path / "bin" / "head").write_text(FULL)
        (tmp_path / "bin" / "head").chmod(0o755)
    run = prepared(tmp_path, tmp_path / name)
    fatal = [line for line in run.stdout.splitlines() if line.startswith("fatal")]
    assert [
        said in line and "cannot be written into %s on the controller: " % (tmp_path / name) in line for line in fatal
    ] == [True] * bool(said), run.stdout
    assert (run.returncode == 0) is not bool(said)
    if name.startswith("new"):
        assert list((tmp_path / name).iterdir()) == []
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700
