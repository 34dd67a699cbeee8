# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How paths are, and which of them could be put back."""

import errno
import io
import os
import socket
import stat
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import saved_file
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import put_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import (
    ABSENT,
    check_path,
    look,
    look_to_save,
    missing_parents,
    same,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.saved_paths import USER, write


def give_mode(path, mode):
    os.chmod(path, mode)


@pytest.mark.parametrize(
    "change",
    [lambda path: os.chmod(path, 0o600), lambda path: os.chown(path, USER, 0), lambda path: write("", path, b"DATA")],
)
def test_mode_owner_and_bytes_make_a_difference(root, change):
    path = write(root, "/etc/a", b"data")
    state = look(root, "/etc/a").state
    change(path)
    assert not same(look(root, "/etc/a").state, state)


def test_a_folder_that_a_user_replaced_by_a_link_is_not_entered(root):
    os.mkdir(root + "/etc/site")
    write(root, "/etc/site/a", b"data")
    state, data = look_to_save(root, "/etc/site/a")
    os.rename(root + "/etc/site", root + "/etc/moved")
    os.mkdir(root + "/secret")
    os.symlink(root + "/secret", root + "/etc/site")
    os.lchown(root + "/etc/site", USER, USER)
    for call in (
        lambda: put_back(root, "/etc/site/a", state, data),
        lambda: look(root, "/etc/site/a"),
        lambda: look_to_save(root, "/etc/site/a"),
    ):
        with pytest.raises(Refused, match="link .site. of uid %d" % USER):
            call()
    assert os.listdir(root + "/secret") == []


@pytest.mark.parametrize("target", ["real/inner", "/etc/real/inner", "./real/../real/inner"])
def test_links_of_root_are_followed(root, target):
    os.makedirs(root + "/etc/real/inner")
    write(root, "/etc/real/inner/a", b"data")
    os.symlink(target, root + "/etc/site")
    assert look(root, "/etc/site/a").data == b"data"


def test_links_in_a_circle_end(root):
    os.symlink("two", root + "/etc/one")
    os.symlink("one", root + "/etc/two")
    with pytest.raises(OSError) as caught:
        look(root, "/etc/one/a")
    assert caught.value.errno == errno.ELOOP


def test_a_file_where_a_folder_is_wanted_is_a_path_that_is_not_there(root):
    write(root, "/etc/a", b"data")
    assert look(root, "/etc/a/b") == (ABSENT, None)
    with pytest.raises(NotADirectoryError):
        look_to_save(root, "/etc/a/b")


def test_what_cannot_be_put_back_is_refused_before_the_change(root, monkeypatch):
    os.mkfifo(root + "/etc/fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(root + "/etc/s")
    for name in ("/etc/fifo", "/etc/s"):
        with pytest.raises(Refused, match="is a socket, a FIFO or a device"):
            look_to_save(root, name)
    with open(root + "/etc/big", "wb") as stream:
        stream.truncate(saved_file.SIZE_LIMIT + 1)
    with pytest.raises(Refused, match="over 16 MiB"):
        look_to_save(root, "/etc/big")
    assert look(root, "/etc/big").state.sha256 is None


class Statvfs:
    """A file system as fstatvfs shows it."""

    def __init__(self, flags=0, free=1 << 30):
        self.f_flag = flags
        self.f_blocks, self.f_bavail, self.f_frsize = 1 << 30, free, 1


@pytest.mark.parametrize("system,why", [(Statvfs(flags=os.ST_RDONLY), "read-only"), (Statvfs(free=1000), "is full")])
def test_a_file_system_that_takes_nothing_is_refused_before_the_change(root, monkeypatch, system, why):
    write(root, "/etc/a", b"data")
    monkeypatch.setattr(os, "fstatvfs", lambda descriptor: system)
    for name in ("/etc/a", "/etc/new"):
        with pytest.raises(Refused, match=why):
            look_to_save(root, name)


@pytest.mark.parametrize("flags,refused", [(0x10, True), (0x20, True), (0x80000, False)])
def test_an_immutable_file_is_refused_before_the_change(root, monkeypatch, flags, refused):
    write(root, "/etc/a", b"data")
    monkeypatch.setattr(saved_file.fcntl, "ioctl", lambda descriptor, request, argument: struct.pack("I", flags))
    if refused:
        with pytest.raises(Refused, match="immutable"):
            look_to_save(root, "/etc/a")
    else:
        assert look_to_save(root, "/etc/a").data == b"data"


@pytest.fixture
def mounts(monkeypatch):
    """What fdinfo says of each descriptor: the mount of a folder is 20, that of a file what the list holds."""
    of_file = [20]

    def fdinfo(path, *args):
        mount = 20 if stat.S_ISDIR(os.fstat(int(os.path.basename(path))).st_mode) else of_file[0]
        return io.StringIO("pos:\t0\nflags:\t0100000\nmnt_id:\t%d\nino:\t7\n" % mount)

    monkeypatch.setattr(saved_file, "open", fdinfo, raising=False)
    return of_file


def test_a_file_that_is_mounted_from_the_same_file_system_is_refused_before_the_change(root, mounts):
    write(root, "/etc/a", b"data")
    assert look_to_save(root, "/etc/a").data == b"data"
    mounts[0] = 31
    with pytest.raises(Refused, match="mount point of its own"):
        look_to_save(root, "/etc/a")


def test_where_nothing_says_what_is_mounted_a_file_of_another_file_system_is_refused(root, monkeypatch):
    def no_proc(path, *args):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)

    monkeypatch.setattr(saved_file, "open", no_proc, raising=False)
    write(root, "/etc/a", b"data")
    assert look_to_save(root, "/etc/a").data == b"data"
    fstat = os.fstat

    def elsewhere(descriptor):
        found = fstat(descriptor)
        return os.stat_result([*found[:2], found.st_dev + 1, *found[3:10]]) if stat.S_ISDIR(found.st_mode) else found

    monkeypatch.setattr(os, "fstat", elsewhere)
    with pytest.raises(Refused, match="mount point of its own"):
        look_to_save(root, "/etc/a")


def test_a_file_that_turns_into_a_fifo_while_it_is_read_does_not_hold_us_up(root, monkeypatch):
    write(root, "/etc/a", b"data")
    lstat = os.lstat

    def swap(name, *args, **kwargs):
        found = lstat(name, *args, **kwargs)
        os.unlink(root + "/etc/a")
        os.mkfifo(root + "/etc/a")
        return found

    monkeypatch.setattr(os, "lstat", swap)
    with pytest.raises(Refused, match="changed its kind"):
        look(root, "/etc/a")


def test_missing_parents_are_listed_deepest_first(root):
    assert missing_parents(root, "/etc/a") == []
    assert missing_parents(root, "/etc/x/y/a") == ["/etc/x/y", "/etc/x"]
    assert missing_parents(root, "/new/y/a") == ["/new/y", "/new"]


@pytest.mark.parametrize(
    "path", ["", "etc/a", "/", "/etc/../a", "/etc//a", "/etc/a/", "//etc/a", "/etc/./a", "/etc/a\nb", "/etc/\0"]
)
def test_only_plain_absolute_paths_are_taken(path):
    with pytest.raises(Refused, match="plain absolute path"):
        check_path(path)


@given(st.text())
def test_a_path_that_is_taken_names_one_thing(path):
    try:
        taken = check_path(path)
    except Refused:
        return
    assert taken == path and path[0] == "/" and not {"", ".", ".."} & set(path[1:].split("/"))


def test_a_file_system_without_attributes_has_none_and_other_errors_are_raised(root, monkeypatch):
    write(root, "/etc/a", b"data")

    def fail(code):
        def listxattr(*args, **kwargs):
            raise OSError(code, os.strerror(code))

        return listxattr

    monkeypatch.setattr(os, "listxattr", fail(errno.ENOTSUP))
    assert look(root, "/etc/a").state.xattrs == {}
    monkeypatch.setattr(os, "listxattr", fail(errno.EIO))
    with pytest.raises(OSError):
        look(root, "/etc/a")
    monkeypatch.delattr(os, "listxattr")
    assert look(root, "/etc/a").state.xattrs == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda folder: os.chown(folder, USER, 0), "it belongs to uid %d" % USER),
        (lambda folder: give_mode(folder, 0o757), "others may write to it"),
        (lambda folder: [os.chown(folder, 0, USER), give_mode(folder, 0o775)], "others may write to it"),
        (lambda folder: give_mode(folder, 0o1777), "others may write to it"),
    ],
)
def test_what_lies_in_a_folder_of_others_is_not_changed(root, change, why):
    os.mkdir(root + "/etc/site")
    write(root, "/etc/site/a", b"data")
    look_to_save(root, "/etc/site/a")
    change(root + "/etc/site")
    for name in ("/etc/site/a", "/etc/site/new"):
        with pytest.raises(Refused, match=why):
            look_to_save(root, name)


def test_a_link_of_root_into_a_folder_of_others_is_no_way_there(root):
    os.mkdir(root + "/home")
    os.mkdir(root + "/etc/eve")
    os.lchown(root + "/etc/eve", USER, USER)
    os.symlink("/etc/eve", root + "/etc/site")
    with pytest.raises(Refused, match="belongs to uid"):
        look_to_save(root, "/etc/site/a")


def test_folders_of_roots_group_and_tmp_on_the_way_are_roots(root):
    os.makedirs(root + "/etc/tmp/mine")
    give_mode(root + "/etc", 0o775)
    give_mode(root + "/etc/tmp", 0o1777)
    write(root, "/etc/tmp/mine/a", b"data")
    assert look_to_save(root, "/etc/tmp/mine/a").data == b"data"
