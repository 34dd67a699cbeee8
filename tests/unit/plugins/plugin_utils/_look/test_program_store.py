# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was packed is kept for the next run, and believed only where nobody else can have put it there."""

import os
import pathlib
import stat

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look import program_store, stdin_program

Store = program_store.Store
PROGRAM = b"print()\n\0\xff\n"


@pytest.fixture(name="store")
def _store(tmp_path):
    """A store with one program."""
    store = Store(str(tmp_path / "home" / "programs"))
    store.keep("look", "s1", PROGRAM)
    return store


def file_of(store):
    return pathlib.Path(store.folder, "look")


def test_a_program_is_found_by_its_name_and_its_sources(store):
    assert store.fetch("look", "s1") == PROGRAM
    assert store.fetch("look", "s2") is None
    assert store.fetch("change", "s1") is None


def test_a_newer_program_takes_the_place_of_the_older_one(store):
    store.keep("look", "s2", b"newer")
    assert (store.fetch("look", "s1"), store.fetch("look", "s2")) == (None, b"newer")
    assert os.listdir(store.folder) == ["look"]


def test_folder_and_program_are_closed_to_others_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        store = Store(str(tmp_path / "programs"))
        store.keep("look", "s1", PROGRAM)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(store.folder).st_mode) == 0o700
    assert stat.S_IMODE(file_of(store).stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", [b"", b"s1", PROGRAM, b"s1 \n" + PROGRAM])
def test_a_damaged_program_is_none(store, damage):
    file_of(store).write_bytes(damage)
    assert store.fetch("look", "s1") is None


def test_a_program_that_was_cut_short_is_none(store):
    file_of(store).write_bytes(file_of(store).read_bytes()[:-1])
    assert store.fetch("look", "s1") is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_what_others_may_touch_is_not_believed(store, mode):
    file_of(store).chmod(mode)
    assert store.fetch("look", "s1") is None


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o720, 0o1777])
def test_a_folder_that_others_may_enter_is_not_used(store, mode):
    os.chmod(store.folder, mode)
    store.keep("change", "s1", PROGRAM)
    assert store.fetch("look", "s1") is None
    assert os.listdir(store.folder) == ["look"]


def test_what_another_user_owns_is_not_believed(store, monkeypatch):
    monkeypatch.setattr(program_store.os, "geteuid", lambda: os.getuid() + 1)
    assert store.fetch("look", "s1") is None


def test_links_are_not_followed(store, tmp_path):
    file_of(store).rename(tmp_path / "elsewhere")
    file_of(store).symlink_to(tmp_path / "elsewhere")
    assert store.fetch("look", "s1") is None
    store.keep("look", "s1", PROGRAM)
    assert not file_of(store).is_symlink() and store.fetch("look", "s1") == PROGRAM
    (tmp_path / "link").symlink_to(store.folder)
    assert Store(str(tmp_path / "link")).fetch("look", "s1") is None


def test_a_pipe_in_place_of_a_program_holds_nobody_up(store):
    file_of(store).unlink()
    os.mkfifo(str(file_of(store)), 0o600)
    assert store.fetch("look", "s1") is None


def test_where_nothing_can_be_kept_nothing_fails(tmp_path):
    (tmp_path / "file").write_text("")
    store = Store(str(tmp_path / "file" / "programs"))
    store.keep("look", "s1", PROGRAM)
    assert store.fetch("look", "s1") is None


def test_a_full_disk_leaves_no_half_program(store, monkeypatch):
    def full(*_names, **_folders):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(program_store.os, "replace", full)
    store.keep("look", "s2", b"newer")
    assert os.listdir(store.folder) == ["look"] and store.fetch("look", "s1") == PROGRAM


def test_a_kept_program_is_the_one_that_is_packed(tmp_path, monkeypatch):
    store = Store(str(tmp_path / "programs"))
    packed = stdin_program.Packed("_logs.signature", "error_signature", store=store)
    monkeypatch.delattr(stdin_program, "small_module")
    kept = stdin_program.Packed("_logs.signature", "error_signature", store=store)
    assert kept.program({"line": ""}) == packed.program({"line": ""})


def test_programs_of_one_store_do_not_take_each_others_place(tmp_path):
    store = Store(str(tmp_path / "programs"))
    modules = [stdin_program.PackedModule(name, store) for name in ("nginx_service", "php_fpm_service")]
    again = [stdin_program.PackedModule(name, store) for name in ("nginx_service", "php_fpm_service")]
    assert [one.packed.texts for one in again] == [one.packed.texts for one in modules]
    assert len(os.listdir(store.folder)) == 2


def test_other_sources_are_another_program(tmp_path, monkeypatch):
    (tmp_path / "one.py").write_text("a = 1\n")
    monkeypatch.setattr(stdin_program, "FOLDERS", {stdin_program.PACKAGE: tmp_path})
    first = stdin_program.sources.__wrapped__()
    assert stdin_program.sources.__wrapped__() == first
    (tmp_path / ".#one.py").symlink_to("nobody@nowhere")
    assert stdin_program.sources.__wrapped__() == first
    (tmp_path / "one.py").write_text("a = 2\n")
    assert stdin_program.sources.__wrapped__() != first
