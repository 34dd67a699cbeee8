# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

import base64
import errno
import os
import socket
import stat
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo import saved_file
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import (
    ABSENT,
    check_path,
    look,
    look_to_save,
    missing_parents,
    put_back,
    same,
)

USER = 12345  # somebody who is not root


@pytest.fixture(name="root")
def _root(tmp_path):
    os.mkdir(str(tmp_path / "etc"))
    return str(tmp_path)


def write(root, name, data, mode=0o644):
    path = root + name
    with open(path, "wb") as stream:
        stream.write(data)
    os.chmod(path, mode)
    return path


def posix_acl(*entries):
    """An ACL as the kernel keeps it: (tag, permissions, id) each."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


ACL = posix_acl(
    (0x01, 6, 0xFFFFFFFF), (0x02, 6, USER), (0x04, 4, 0xFFFFFFFF), (0x10, 6, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)
)
attributes = st.fixed_dictionaries(
    {
        "data": st.binary(max_size=200),
        "mode": st.integers(0, 0o7777),
        "owner": st.integers(0, 3),
        "time": st.integers(0, 2**33),
    }
)


def make(path, wanted):
    with open(path, "wb") as stream:
        stream.write(wanted["data"])
    os.chown(path, wanted["owner"], wanted["owner"])
    os.chmod(path, wanted["mode"])
    os.utime(path, ns=(wanted["time"] * 999, wanted["time"] * 999))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(was=attributes, became=attributes)
def test_a_file_is_put_back_exactly_whatever_became_of_it(root, was, became):
    path = root + "/etc/a"
    make(path, was)
    state, data = look_to_save(root, "/etc/a")
    make(path, became)
    put_back(root, "/etc/a", state, data)
    assert look(root, "/etc/a") == (state, was["data"])
    assert os.listdir(root + "/etc") == ["a"]


KINDS = {
    "absent": lambda path: None,
    "file": lambda path: write("", path, b"data"),
    "link": lambda path: os.symlink("elsewhere", path),
    "folder": os.mkdir,
    "fifo": os.mkfifo,
}


@pytest.mark.parametrize("became", ["absent", "file", "link", "folder", "fifo"])
@pytest.mark.parametrize("was", ["absent", "file", "link", "folder"])
def test_any_kind_is_put_back_over_any_other(root, was, became):
    path = root + "/etc/a"
    KINDS[was](path)
    state, data = look_to_save(root, "/etc/a")
    if was != became:
        if was != "absent":
            os.rmdir(path) if was == "folder" else os.unlink(path)
        KINDS[became](path)
    if (was, became) in (
        ("file", "folder"),
        ("link", "folder"),
        ("folder", "file"),
        ("folder", "link"),
        ("folder", "fifo"),
    ):
        with pytest.raises(OSError):
            put_back(root, "/etc/a", state, data)
        return
    assert put_back(root, "/etc/a", state, data) == (
        "same" if was == became else "removed" if was == "absent" else "put_back"
    )
    assert same(look(root, "/etc/a")[0], state)
    assert put_back(root, "/etc/a", state, data) == "same"


def test_acl_and_user_attributes_come_back_and_new_ones_go(root):
    path = write(root, "/etc/a", b"data", 0o640)
    try:
        os.setxattr(path, "system.posix_acl_access", ACL)
        os.setxattr(path, "user.note", b"ours")
    except OSError as error:
        assert error.errno == errno.ENOTSUP, "a file system that could"
        pytest.xfail("this file system keeps no attributes")
    state, data = look_to_save(root, "/etc/a")
    assert base64.b64decode(state.xattrs["system.posix_acl_access"]) == ACL
    os.unlink(path)
    write(root, "/etc/a", b"other", 0o600)
    os.setxattr(path, "user.other", b"theirs")
    put_back(root, "/etc/a", state, data)
    assert look(root, "/etc/a")[0] == state
    os.setxattr(path, "user.other", b"theirs")
    os.removexattr(path, "system.posix_acl_access")
    put_back(root, "/etc/a", state, data)
    assert look(root, "/etc/a")[0] == state


def test_an_acl_that_was_not_there_goes_and_the_mode_stays(root):
    path = write(root, "/etc/a", b"data", 0o640)
    state, data = look_to_save(root, "/etc/a")
    os.setxattr(path, "system.posix_acl_access", ACL)
    assert put_back(root, "/etc/a", state, data) == "put_back"
    assert look(root, "/etc/a")[0] == state


def test_a_file_that_was_only_touched_is_the_same_but_gets_its_time_back(root):
    path = write(root, "/etc/a", b"data")
    state, data = look_to_save(root, "/etc/a")
    os.utime(path, ns=(5, 5))
    assert same(look(root, "/etc/a")[0], state)
    assert put_back(root, "/etc/a", state, data) == "put_back"
    assert os.stat(path).st_mtime_ns == state.mtime_ns


@pytest.mark.parametrize(
    "change",
    [lambda path: os.chmod(path, 0o600), lambda path: os.chown(path, USER, 0), lambda path: write("", path, b"DATA")],
)
def test_mode_owner_and_bytes_make_a_difference(root, change):
    path = write(root, "/etc/a", b"data")
    state = look(root, "/etc/a")[0]
    change(path)
    assert not same(look(root, "/etc/a")[0], state)


def test_other_names_of_a_file_keep_what_they_have(root):
    """A hard link that a local user made to another file must not be written through."""
    write(root, "/etc/a", b"data")
    state, data = look_to_save(root, "/etc/a")
    os.unlink(root + "/etc/a")
    secret = write(root, "/etc/shadow", b"secret", 0o600)
    os.link(secret, root + "/etc/a")
    put_back(root, "/etc/a", state, data)
    with open(secret, "rb") as stream:
        assert stream.read() == b"secret"
    assert os.stat(secret).st_mode & 0o777 == 0o600


def test_a_file_that_became_a_link_is_put_back_beside_what_it_leads_to(root):
    write(root, "/etc/a", b"data")
    state, data = look_to_save(root, "/etc/a")
    os.unlink(root + "/etc/a")
    secret = write(root, "/etc/shadow", b"secret", 0o600)
    os.symlink("shadow", root + "/etc/a")
    put_back(root, "/etc/a", state, data)
    with open(secret, "rb") as stream:
        assert stream.read() == b"secret"
    assert look(root, "/etc/a")[1] == b"data"


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
    assert look(root, "/etc/site/a")[1] == b"data"


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
    assert look(root, "/etc/big")[0].sha256 is None


class Statvfs:
    """A file system as fstatvfs tells it."""

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
        assert look_to_save(root, "/etc/a")[1] == b"data"


def test_a_file_that_is_mounted_is_refused_before_the_change(root, monkeypatch):
    write(root, "/etc/a", b"data")
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


def test_missing_parents_are_told_deepest_first(root):
    assert missing_parents(root, "/etc/a") == []
    assert missing_parents(root, "/etc/x/y/a") == ["/etc/x/y", "/etc/x"]
    assert missing_parents(root, "/new/y/a") == ["/new/y", "/new"]


def test_removing_what_is_in_a_folder_that_is_gone_is_nothing_to_do(root):
    assert put_back(root, "/etc/gone/a", ABSENT, None) == "same"
    with pytest.raises(FileNotFoundError):
        put_back(root, "/etc/gone/a", ABSENT._replace(kind="file", mode=0o644), b"data")


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


def test_a_file_system_without_attributes_has_none_and_other_errors_are_told(root, monkeypatch):
    write(root, "/etc/a", b"data")

    def fail(code):
        def listxattr(*args, **kwargs):
            raise OSError(code, os.strerror(code))

        return listxattr

    monkeypatch.setattr(os, "listxattr", fail(errno.ENOTSUP))
    assert look(root, "/etc/a")[0].xattrs == {}
    monkeypatch.setattr(os, "listxattr", fail(errno.EIO))
    with pytest.raises(OSError):
        look(root, "/etc/a")
    monkeypatch.delattr(os, "listxattr")
    assert look(root, "/etc/a")[0].xattrs == {}
