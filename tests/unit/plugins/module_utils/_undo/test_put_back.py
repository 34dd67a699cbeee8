# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are put back as they were."""

import base64
import errno
import os
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.put_back import put_back
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import (
    ABSENT,
    look,
    look_to_save,
    same,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.steps import SAME
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.saved_paths import USER, write


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
    assert put_back(root, "/etc/a", state, data) == ("same" if was == became else "done")
    assert same(look(root, "/etc/a").state, state)
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
    assert look(root, "/etc/a").state == state
    os.setxattr(path, "user.other", b"theirs")
    os.removexattr(path, "system.posix_acl_access")
    put_back(root, "/etc/a", state, data)
    assert look(root, "/etc/a").state == state


def test_an_acl_that_was_not_there_goes_and_the_mode_stays(root):
    path = write(root, "/etc/a", b"data", 0o640)
    state, data = look_to_save(root, "/etc/a")
    os.setxattr(path, "system.posix_acl_access", ACL)
    assert put_back(root, "/etc/a", state, data) == "done"
    assert look(root, "/etc/a").state == state


def test_a_file_that_was_only_touched_is_the_same_but_gets_its_time_back(root):
    path = write(root, "/etc/a", b"data")
    state, data = look_to_save(root, "/etc/a")
    os.utime(path, ns=(5, 5))
    assert same(look(root, "/etc/a").state, state)
    assert put_back(root, "/etc/a", state, data) == "done"
    assert os.stat(path).st_mtime_ns == state.mtime_ns


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
    assert look(root, "/etc/a").data == b"data"


def test_removing_what_is_in_a_folder_that_is_gone_is_nothing_to_do(root):
    assert put_back(root, "/etc/gone/a", ABSENT, None) == "same"
    with pytest.raises(FileNotFoundError):
        put_back(root, "/etc/gone/a", ABSENT._replace(kind="file", mode=0o644), b"data")


def test_a_file_that_cannot_be_replaced_leaves_nothing_beside_it(root, monkeypatch):
    write(root, "/etc/a", b"data")
    state, data = look_to_save(root, "/etc/a")
    write(root, "/etc/a", b"edited")

    def busy(*args, **kwargs):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(os, "rename", busy)
    with pytest.raises(OSError, match="busy"):
        put_back(root, "/etc/a", state, data)
    assert os.listdir(root + "/etc") == ["a"] and look(root, "/etc/a").data == b"edited"


def test_all_names_of_a_file_keep_to_it_through_an_edit_and_an_undo(root):
    path = write(root, "/etc/a", b"data", 0o640)
    os.link(path, root + "/etc/b")
    os.setxattr(path, "user.note", b"kept")
    state, data = look_to_save(root, "/etc/a")
    put_back(root, "/etc/a", state._replace(sha256="", size=6), b"edited")
    assert look(root, "/etc/b").data == b"edited" and os.path.samefile(path, root + "/etc/b")
    assert os.getxattr(path, "user.note") == b"kept"
    put_back(root, "/etc/a", state, data)
    assert look(root, "/etc/b") == look(root, "/etc/a") == (state, b"data")
    assert os.path.samefile(path, root + "/etc/b")


@pytest.mark.parametrize(
    "theirs",
    [
        lambda folder: os.chmod(folder, 0o777),  # noqa: S103 - everybody's, which is what this is about
        lambda folder: os.chown(folder, USER, USER),
    ],
)
def test_nothing_is_put_into_a_folder_that_has_become_somebody_elses(root, theirs):
    os.mkdir(root + "/etc/site", 0o700)
    write(root, "/etc/site/a", b"was")
    saved = look_to_save(root, "/etc/site/a")
    theirs(root + "/etc/site")
    assert put_back(root, "/etc/site/a", *saved) == SAME
    write(root, "/etc/site/a", b"is")
    with pytest.raises(Refused, match="is not root's alone"):
        put_back(root, "/etc/site/a", *saved)
    assert look(root, "/etc/site/a")[1] == b"is"
