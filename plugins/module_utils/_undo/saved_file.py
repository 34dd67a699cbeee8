# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How one path is: bytes, owner, mode, time, ACL and SELinux label; and whether it could be put back as it is.

A local user who owns a folder on the way can neither lead us elsewhere with a link nor make us wait on a FIFO: paths are walked folder by
folder, only links of root are followed, and all work is done relative to the folder that was reached.

Private to this collection: it may change in any release.
"""

import base64
import errno
import fcntl
import hashlib
import os
import stat
import struct
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.root_only import others_in
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.refusals import (
    FULL,
    IMMUTABLE,
    MOUNTED,
    READ_ONLY,
    UNCHANGEABLE,
)

SIZE_LIMIT = 16 * 1024 * 1024
ROOM = 1024 * 1024  # free on the disk before a change, so that it can be put back
LINK_LIMIT = 40
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
XATTRS = ("security.selinux", "security.capability", "system.posix_acl_access", "system.posix_acl_default", "user.")
FS_IOC_GETFLAGS = 0x80086601
FS_IMMUTABLE_OR_APPEND = 0x10 | 0x20


class FileState(NamedTuple):
    """How a path was. kind: absent | file | folder | link | other (a socket, a FIFO, a device). sha256: None where not read."""

    kind: str
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime_ns: int = 0
    size: int = 0
    sha256: Optional[str] = None
    target: Optional[str] = None
    xattrs: Dict[str, str] = {}
    #: Its number, where it has more names than this one, which have its bytes too; 0 else.
    shared: int = 0


ABSENT = FileState("absent")


def state_of(saved: Mapping[str, Any]) -> FileState:
    """The state in a record of the journal; what a newer version adds to one passes."""
    return FileState(**{key: saved[key] for key in FileState._fields if key in saved})


class Seen(NamedTuple):
    """How a path is now; data: its bytes where it is a file of a size that can be saved."""

    state: FileState
    data: Optional[bytes] = None


def same(one: FileState, other: FileState) -> bool:
    """Whether two states are the same. A file that was only touched, or a folder in which files changed, is the same."""
    return one._replace(mtime_ns=0, size=0, shared=0) == other._replace(mtime_ns=0, size=0, shared=0)


def check_path(path: str) -> str:
    """The path, if it is one that can be saved: absolute, plain, without control characters."""
    if (
        not path.startswith("/")
        or os.path.normpath(path) != path
        or path.strip("/") != path[1:]
        or path == "/"
        or any(ord(char) < 32 for char in path)
    ):
        raise Refused("%r is not a plain absolute path" % path)
    return path


def _step(folder: int, name: str) -> Tuple[int, Optional[str]]:
    """Enter a folder by name: its descriptor, or the target of the link that stands there."""
    try:
        return os.open(name, FOLDER, dir_fd=folder), None
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENOTDIR):
            raise
    found = os.lstat(name, dir_fd=folder)
    if not stat.S_ISLNK(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)
    if found.st_uid not in (0, os.geteuid()):
        raise Refused("a folder on the way is a link (%s) of uid %d: not followed" % (name, found.st_uid))
    return -1, os.readlink(name, dir_fd=folder)


def open_parent(root: str, path: str, root_only: bool = False) -> Tuple[int, str]:
    """A descriptor of the folder that holds path (to be closed by the caller), and the name in it.

    root_only: raise Refused where somebody else may change one of the folders on the way.
    """
    parts = [part for part in path.split("/") if part]
    name = parts.pop()
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    links = 0
    try:
        while parts:
            entered, target = _step(folder, parts.pop(0))
            if target is None:
                os.close(folder)
                folder = entered
                why = others_in(folder, os.fstat(folder), not parts) if root_only else None
                if why:
                    raise Refused("%s is not root's alone: of a folder on the way, %s" % (path, why))
                continue
            links += 1
            if links > LINK_LIMIT:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            parts = [part for part in target.split("/") if part not in ("", ".")] + parts
            if target.startswith("/"):
                os.close(folder)
                folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except BaseException:
        os.close(folder)
        raise
    return folder, name


def xattr_path(folder: int, name: str) -> str:
    return "/proc/self/fd/%d/%s" % (folder, name)


def read_xattrs(folder: int, name: str) -> Dict[str, str]:
    if not hasattr(os, "listxattr"):
        return {}
    where = xattr_path(folder, name)
    found = {}
    try:
        for key in os.listxattr(where, follow_symlinks=False):
            if key.startswith(XATTRS):
                found[key] = base64.b64encode(os.getxattr(where, key, follow_symlinks=False)).decode("ascii")
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.EOPNOTSUPP):  # a file system without them
            raise
    return found


def _read_regular(folder: int, name: str) -> Tuple[os.stat_result, Optional[bytes]]:
    """The bytes of a file; None where it is too big to be saved."""
    descriptor = os.open(name, READ, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Refused("%s changed its kind while it was read" % name)
        data = stream.read(SIZE_LIMIT + 1)
    return found, data if len(data) <= SIZE_LIMIT else None


def look_in(folder: int, name: str) -> Seen:
    """How a name in an open folder is now."""
    try:
        found = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return Seen(ABSENT)
    data: Optional[bytes] = None
    target: Optional[str] = None
    kind = "other"
    if stat.S_ISREG(found.st_mode):
        kind = "file"
        found, data = _read_regular(folder, name)
    elif stat.S_ISDIR(found.st_mode):
        kind = "folder"
    elif stat.S_ISLNK(found.st_mode):
        kind = "link"
        target = os.readlink(name, dir_fd=folder)
    return Seen(
        FileState(
            kind,
            mode=stat.S_IMODE(found.st_mode),
            uid=found.st_uid,
            gid=found.st_gid,
            mtime_ns=found.st_mtime_ns,
            size=found.st_size,
            sha256=None if data is None else hashlib.sha256(data).hexdigest(),
            target=target,
            xattrs=read_xattrs(folder, name),
            shared=found.st_ino if kind == "file" and found.st_nlink > 1 else 0,
        ),
        data,
    )


def look(root: str, path: str) -> Seen:
    """How a path is now."""
    try:
        folder, name = open_parent(root, path)
    except (FileNotFoundError, NotADirectoryError):
        return Seen(ABSENT)
    try:
        return look_in(folder, name)
    finally:
        os.close(folder)


def missing_parents(root: str, path: str) -> List[str]:
    """The folders above path that do not exist, deepest first."""
    missing = []
    parent = os.path.dirname(path)
    while parent != "/" and look(root, parent).state.kind == "absent":
        missing.append(parent)
        parent = os.path.dirname(parent)
    return missing


def _mount(descriptor: int) -> int:
    """The mount that an open file is of. Its file system does not say: a file of one may be mounted over another file of the same."""
    try:
        with open("/proc/self/fdinfo/%d" % descriptor) as stream:
            return int(next(line.split()[1] for line in stream if line.startswith("mnt_id:")))
    except (OSError, StopIteration):
        return os.fstat(descriptor).st_dev


def _why_not(folder: int, name: str, state: FileState) -> Optional[str]:
    """Why a path could not be put back, or None."""
    system = os.fstatvfs(folder)
    if system.f_flag & os.ST_RDONLY:
        return READ_ONLY
    if system.f_blocks and system.f_bavail * system.f_frsize < state.size + ROOM:
        return FULL
    if state.kind not in ("file", "folder"):
        return None
    descriptor = os.open(name, READ, dir_fd=folder)
    try:
        if state.kind == "file" and _mount(descriptor) != _mount(folder):
            return MOUNTED
        flags = struct.unpack("I", fcntl.ioctl(descriptor, FS_IOC_GETFLAGS, struct.pack("I", 0)))[0]
        return IMMUTABLE if flags & FS_IMMUTABLE_OR_APPEND else None
    except OSError:
        return None  # a file system without such flags
    finally:
        os.close(descriptor)


def look_to_save(root: str, path: str) -> Seen:
    """How a path is now. Raises Refused where it could not be put back as it is."""
    try:
        folder, name = open_parent(root, path, root_only=True)
    except FileNotFoundError:
        return Seen(ABSENT)
    try:
        seen = look_in(folder, name)
        if seen.state.kind == "other":
            raise Refused("%s is a socket, a FIFO or a device: it can't be saved" % path)
        if seen.state.kind == "file" and seen.data is None:
            raise Refused(
                "%s is over %d MiB: it is not saved, so it must not be changed" % (path, SIZE_LIMIT // 1024 // 1024)
            )
        why = _why_not(folder, name, seen.state)
        if why:
            raise Refused("%s %s%s" % (path, UNCHANGEABLE, why))
    finally:
        os.close(folder)
    return seen
