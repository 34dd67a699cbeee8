# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put files back: bytes, owner, mode, times, ACL, label and attributes as they were saved.

As for a look, paths are walked folder by folder, and all work is done relative to the folder that was reached.

Private to this collection: it may change in any release.
"""

import base64
import contextlib
import errno
import hashlib
import os
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.commands import end_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.durable import write_all
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import (
    READ,
    FileState,
    look,
    look_in,
    open_parent,
    read_xattrs,
    same,
    state_of,
    xattr_path,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.steps import (
    DONE,
    FAILED,
    LEFT_ALONE,
    PUT_BACK,
    SAME,
    Step,
)

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import ChangeRecord, SavedEntry


class _Numbered(NamedTuple):
    """A saved path, and its number in its change, by which its bytes are found."""

    number: int
    entry: "SavedEntry"

    @property
    def depth(self) -> int:
        return self.entry["path"].count("/")


def put_files_back(host: Host, folder: str, record: "ChangeRecord") -> List[Step]:
    """The steps that make the files of a change what they were; those that record["leave"] names stay as they are."""
    steps = []
    for number, entry in _in_order(record["files"]):
        path = entry["path"]
        if path in record["leave"]:
            steps.append(Step(PUT_BACK, path, LEFT_ALONE, record["leave"][path]))
            continue
        state = state_of(entry["state"])
        try:
            outcome = put_back(host.root, path, state, _content(folder, number, state))
        except (OSError, Refused) as error:
            steps.append(Step(PUT_BACK, path, FAILED, end_of(str(error))))
            continue
        why = "made by this change, but others have put files there since" if outcome == LEFT_ALONE else None
        steps.append(Step(PUT_BACK, path, outcome, why))
    return steps


def _in_order(files: "List[SavedEntry]") -> List[_Numbered]:
    """What is to stand again from the top down, then what is to go from the bottom up."""
    numbered = [_Numbered(number, entry) for number, entry in enumerate(files)]
    stand = [one for one in numbered if one.entry["state"]["kind"] != "absent"]
    go = [one for one in numbered if one.entry["state"]["kind"] == "absent"]
    return sorted(stand, key=lambda one: one.depth) + sorted(go, key=lambda one: -one.depth)


def _content(folder: str, number: int, state: FileState) -> Optional[bytes]:
    if state.kind != "file":
        return None
    with open(os.path.join(folder, "content-%d" % number), "rb") as stream:
        return stream.read()


def put_back(root: str, path: str, state: FileState, data: Optional[bytes]) -> str:
    """Make a path what it was: DONE, SAME where it is so, or LEFT_ALONE (a new folder in which others have put files).

    Raises Refused where somebody else may change a folder on the way, as it was root's alone when the path was saved.
    """
    try:
        folder, name = open_parent(root, path, root_only=True)
    except FileNotFoundError:
        if state.kind == "absent":
            return SAME
        raise
    except Refused:
        if same(look(root, path).state, state):
            return SAME
        raise
    try:
        now = look_in(folder, name).state
        if same(now, state) and (state.kind == "folder" or now.mtime_ns == state.mtime_ns):
            return SAME
        outcome = _put_back(folder, name, state, now, data)
        os.fsync(folder)
        return outcome
    finally:
        os.close(folder)


def _put_xattrs(folder: int, name: str, wanted: Dict[str, str]) -> None:
    where = xattr_path(folder, name)
    found = read_xattrs(folder, name)
    # SELinux lets nobody take a label away.
    for key in sorted(set(found) - set(wanted) - {"security.selinux"}):
        os.removexattr(where, key, follow_symlinks=False)
    for key, value in sorted(wanted.items()):
        if found.get(key) != value:
            os.setxattr(where, key, base64.b64decode(value), follow_symlinks=False)


def _put_attributes(folder: int, name: str, state: FileState) -> None:
    """Owner first (it clears set-id bits and capabilities), then ACL and label, then mode (which an ACL changes), then the time."""
    os.chown(name, state.uid, state.gid, dir_fd=folder, follow_symlinks=False)
    if state.kind == "link":
        _put_xattrs(folder, name, state.xattrs)
        os.utime(name, ns=(state.mtime_ns, state.mtime_ns), dir_fd=folder, follow_symlinks=False)
        return
    descriptor = os.open(name, READ, dir_fd=folder)
    try:
        _put_xattrs(folder, name, state.xattrs)
        os.fchmod(descriptor, state.mode)
        if state.kind == "file":
            os.utime(descriptor, ns=(state.mtime_ns, state.mtime_ns))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_aside(folder: int, name: str, state: FileState, data: Optional[bytes]) -> str:
    """Make the file or link under a name that no daemon reads, and return that name; it is the same each time, so that a kill leaves one at most."""
    aside = ".bad_gateway-%s" % hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
    with contextlib.suppress(FileNotFoundError):
        os.unlink(aside, dir_fd=folder)
    if state.kind == "link":
        os.symlink(state.target or "", aside, dir_fd=folder)
        _put_attributes(folder, aside, state)
        return aside
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
    try:
        write_all(descriptor, data or b"")
    finally:
        os.close(descriptor)
    _put_attributes(folder, aside, state)
    return aside


def _replace(folder: int, name: str, aside: str) -> None:
    try:
        os.rename(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(aside, dir_fd=folder)
        raise


def _write_through(folder: int, name: str, state: FileState, data: bytes) -> None:
    """Give a file its bytes where it lies, as it had the same other names when it was saved: replaced, it would no longer be theirs."""
    descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        write_all(descriptor, data)
        os.ftruncate(descriptor, len(data))
    finally:
        os.close(descriptor)
    _put_attributes(folder, name, state)


def _put_back(folder: int, name: str, state: FileState, now: FileState, data: Optional[bytes]) -> str:
    if state.kind == "absent":
        if now.kind != "folder":
            os.unlink(name, dir_fd=folder)
            return DONE
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return LEFT_ALONE
        return DONE
    if state.kind == "folder":
        if now.kind == "absent":
            os.mkdir(name, 0o700, dir_fd=folder)
        elif now.kind != "folder":
            raise NotADirectoryError(errno.ENOTDIR, "was a folder, and is something else now", name)
        _put_attributes(folder, name, state)
    elif state.kind == "file" and now.kind == "file" and now.sha256 == state.sha256:
        _put_attributes(folder, name, state)
    elif state.shared and state.shared == now.shared:
        _write_through(folder, name, state, data or b"")
    else:
        _replace(folder, name, _make_aside(folder, name, state, data))
    return DONE
