# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import os
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import put_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import (
    Step,
    files_failed,
    printable,
    run_command,
    take_back,
    unit_active,
)


def record(**more):
    return dict({"files": [], "undo": [], "undo_done": 0, "after_undo": [], "units": {}, "leave": {}}, **more)


def program(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8"):
        os.chmod(path, 0o700)


def test_a_command_tells_how_it_ended_and_what_it_said():
    assert run_command(["sh", "-c", "echo out; echo err >&2; exit 3"]) == (3, "out\nerr\n")
    assert run_command(["/nowhere/at/all"]) == (None, "/nowhere/at/all: No such file or directory")


def test_only_the_end_of_a_long_speech_is_kept():
    code, said = run_command(["sh", "-c", "yes x | head -c 100000; echo end"])
    assert code == 0 and len(said) == 4096 and said.endswith("end\n")


def test_a_command_that_does_not_end_is_killed(monkeypatch):
    monkeypatch.setattr(put_back, "COMMAND_SECONDS", 0.05)
    assert run_command(["sleep", "60"]) == (None, "sleep: no answer in 0.05 seconds")


def test_a_daemon_that_keeps_the_output_open_holds_up_nobody(monkeypatch):
    monkeypatch.setattr(put_back, "COMMAND_SECONDS", 5.0)
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
def test_what_is_told_is_harmless_on_a_terminal(text):
    told = printable(text)
    assert told.isprintable() and "\n" not in told and len(told) <= 300 * 10


def test_commands_that_were_done_before_the_power_went_are_not_done_again():
    ran, done = [], []

    def run(argv):
        ran.append(argv)
        return 0, ""

    steps = take_back(Host(), "", record(undo=[["one"], ["two"], ["three"]], undo_done=2), done.append, run)
    assert ran == [["three"]] and done == [3]
    assert steps == [Step("run one", "same"), Step("run two", "same"), Step("run three", "done")]


@pytest.mark.parametrize(
    "files,systemd,asked",
    [
        (["/usr/bin/systemctl"], True, ["systemctl", "is-active", "--quiet", "nginx"]),
        (["/usr/bin/systemctl", "/usr/sbin/service"], False, ["service", "nginx", "status"]),
        (["/usr/bin/systemctl"], False, None),
        ([], False, None),
    ],
)
def test_a_unit_is_asked_after_in_the_way_of_the_system(tmp_path, files, systemd, asked):
    for name in files:
        program(str(tmp_path) + name)
    if systemd:
        os.makedirs(str(tmp_path / "run/systemd/system"))
    ran = []

    def run(argv):
        ran.append(argv)
        return 3, ""

    assert unit_active(Host(str(tmp_path)), run, "nginx") is (False if asked else None)
    assert ran == ([asked] if asked else [])


def test_a_unit_is_started_by_systemd_where_that_runs(tmp_path):
    os.makedirs(str(tmp_path / "run/systemd/system"))
    program(str(tmp_path / "usr/bin/systemctl"))

    def run(argv):
        return (3, "") if argv[1] == "is-active" else (1, "Unit nginx.service is masked.\n")

    steps = take_back(Host(str(tmp_path)), "", record(units={"nginx.service": True}), print, run)
    assert steps == [Step("start nginx.service", "failed", "Unit nginx.service is masked.")]


@pytest.mark.parametrize(
    "step,failed",
    [
        (Step("put back /etc/a", "failed", "x"), True),
        (Step("put back /etc/a", "done"), False),
        (Step("run a", "failed", "x"), False),
    ],
)
def test_only_files_that_failed_have_to_be_tried_again(step, failed):
    assert files_failed([Step("put back /etc/b", "done"), step]) is failed
