# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and folders that are whole or not there at all, whatever moment the power goes; and nobody else's.

Private to this collection: it may change in any release.
"""

import contextlib
import json
import os
import stat
from typing import Any, Dict, Mapping

from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused

#: Room for the journal's own records, and for files that are put back on the same disk.
SPARE, SPARE_SIZE = "spare", 256 * 1024


def sync_folder(path: str) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def private_folder(path: str) -> None:
    """Make a folder that only we may enter."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    else:
        sync_folder(os.path.dirname(path))
    if check_private(path).st_mode & 0o077:
        os.chmod(path, 0o700)


def check_private(path: str) -> os.stat_result:
    """Refuse a folder that somebody else could have prepared."""
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise Refused("%s is not a folder: look who made it, then remove it" % path)
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise Refused(
            "%s can be written by others (uid %d, mode %04o): look what is in it, then remove it"
            % (path, found.st_uid, stat.S_IMODE(found.st_mode))
        )
    return found


def write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_file(path: str, data: bytes, mode: int = 0o600) -> None:
    """Replace a file in a folder of ours as one step; on return it survives a power cut."""
    fresh = path + ".new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(fresh)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        write_all(descriptor, data)
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(fresh, path)
    sync_folder(os.path.dirname(path))


def lay_spare(folder: str) -> None:
    """Keep some room of the disk, and a name, for what has to be written down when nothing else can be."""
    path = os.path.join(folder, SPARE)
    if not os.path.lexists(path):
        write_file(path, os.urandom(SPARE_SIZE))  # bytes that no file system makes smaller


def give_up_spare(folder: str) -> bool:
    """Whether there was such room. It is there for others then, ourselves among them."""
    try:
        os.unlink(os.path.join(folder, SPARE))
    except FileNotFoundError:
        return False
    return True


def remove_file(path: str) -> None:
    """Remove a file, if it is there; on return it stays removed after a power cut."""
    # A read-only file system refuses to remove even what is not there.
    if not os.path.lexists(path):
        return
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    sync_folder(os.path.dirname(path))


def write_json(path: str, data: Mapping[str, Any]) -> None:
    write_file(path, json.dumps(data, indent=1, sort_keys=True).encode("utf-8") + b"\n")


def read_json(path: str) -> Dict[str, Any]:
    """What write_json wrote. Raises FileNotFoundError, and Refused where it is anything else."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as stream:
        text = stream.read()
    try:
        data = json.loads(text.decode("utf-8"))
    except ValueError as error:
        raise Refused("%s is damaged (%s)" % (path, error)) from None
    if not isinstance(data, dict):
        raise Refused("%s is damaged (not an object)" % path)
    return data
