# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that an undo runs."""

import os
import tempfile

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import commands
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.commands import end_of, run_command


def test_a_command_returns_how_it_ended_and_what_it_said():
    assert run_command(["sh", "-c", "echo out; echo err >&2; exit 3"]) == (3, "out\nerr\n")
    assert run_command(["/nowhere/at/all"]) == (None, "/nowhere/at/all: No such file or directory")


def test_only_the_end_of_a_long_speech_is_kept():
    code, said = run_command(["sh", "-c", "yes x | head -c 100000; echo end"])
    assert code == 0 and len(said) == 4096 and said.endswith("end\n")


def test_a_command_that_does_not_end_is_killed(monkeypatch):
    monkeypatch.setattr(commands, "COMMAND_SECONDS", 0.05)
    assert run_command(["sleep", "60"]) == (None, "sleep: no answer in 0.05 seconds")


def test_a_daemon_that_keeps_the_output_open_holds_up_nobody(monkeypatch):
    monkeypatch.setattr(commands, "COMMAND_SECONDS", 5.0)
    code, said = run_command(["sh", "-c", "sleep 30 & echo $!"])
    os.kill(int(said), 9)
    assert code == 0


def test_a_full_disk_does_not_keep_a_command_from_being_run(monkeypatch, tmp_path):
    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    assert run_command(["touch", str(tmp_path / "done")]) == (0, "")
    assert os.listdir(str(tmp_path)) == ["done"]


def test_commands_get_a_known_environment(monkeypatch):
    monkeypatch.setenv("SECRET", "s3cr3t")
    code, said = run_command(["env"])
    assert code == 0 and "s3cr3t" not in said and "LC_ALL=C" in said


@given(st.text())
def test_what_is_shown_is_harmless_on_a_terminal(text):
    shown = end_of(text)
    assert shown.isprintable() and "\n" not in shown and len(shown) <= 300
