# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and folders of the journal: whole, and nobody else's. That a power cut leaves them whole is shown by test_journal.py."""

import os

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.durable import (
    check_private,
    private_folder,
    read_json,
    remove_file,
    write_file,
    write_json,
)


def test_a_folder_of_ours_is_closed_to_others(tmp_path):
    folder = tmp_path / "a"
    private_folder(str(folder))
    folder.chmod(0o755)
    private_folder(str(folder))
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o775, 0o702])
def test_a_folder_that_others_can_write_is_refused(tmp_path, mode):
    tmp_path.chmod(mode)
    with pytest.raises(Refused, match="can be written by others"):
        check_private(str(tmp_path))


def test_a_link_is_no_folder_of_ours(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path)
    with pytest.raises(Refused, match="is not a folder"):
        private_folder(str(tmp_path / "a"))


def test_a_file_is_replaced_whatever_an_earlier_try_has_left(tmp_path):
    path = tmp_path / "a"
    (tmp_path / "a.new").symlink_to("/etc/passwd")
    write_file(str(path), b"one", 0o640)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, os.listdir(str(tmp_path))) == (b"one", 0o640, ["a"])
    remove_file(str(path))
    remove_file(str(path))
    assert os.listdir(str(tmp_path)) == []


def test_what_was_written_is_read_and_anything_else_refused(tmp_path):
    path = str(tmp_path / "a.json")
    write_json(path, {"run": "r1"})
    assert read_json(path) == {"run": "r1"}
    for damaged in (b"{", b"[]", b"\xff"):
        write_file(path, damaged)
        with pytest.raises(Refused, match="is damaged"):
            read_json(path)


def test_a_link_in_place_of_a_record_is_not_followed(tmp_path):
    (tmp_path / "a.json").symlink_to(tmp_path / "b.json")
    with pytest.raises(OSError, match="a.json"):
        read_json(str(tmp_path / "a.json"))
