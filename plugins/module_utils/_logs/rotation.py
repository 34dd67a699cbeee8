# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs that were rotated: what their files are called, and which one a daemon still writes to.

Private to this collection: it may change in any release.
"""

import os
from typing import NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.open_files import open_files


class FileId(NamedTuple):
    """What no two files have in common, whatever they are called."""

    device: int
    inode: int


class Held(NamedTuple):
    """A file that a daemon writes to although its log's path leads to another one, or to none."""

    path: str  # /proc/PID/fd/NUMBER
    deleted: bool


def is_of_log(name: str, path: str) -> bool:
    """Whether a file is called like a log at this path or like what a rotation makes of it: PATH.1, PATH.2.gz, PATH-20260102, PATH.old."""
    return name == path or name.startswith((path + ".", path + "-"))


def last_rotated(host: Host, path: str) -> Optional[str]:
    """The newest older file of a log that is not compressed: PATH.1, or PATH-20260102 where logrotate dates them."""
    if host.exists(path + ".1"):
        return path + ".1"
    dated = [name for name in host.glob(path + "-2*") if name[len(path) + 1 :].replace("-", "").isdecimal()]
    return dated[-1] if dated else None


def held_file(host: Host, path: str, pid: Optional[int]) -> Optional[Held]:
    """The file that a process really writes the log at this path to; None where that is the one at the path, or not known.

    A daemon that is not asked to open its logs again goes on writing to the rotated file, renamed or deleted.
    """
    if pid is None:
        return None
    at_path = file_id(host, path)
    for found in open_files(host, pid):
        if is_of_log(found.path, path) and file_id(host, found.link) not in (None, at_path):
            return Held(found.link, found.deleted)
    return None


def file_id(host: Host, path: str) -> Optional[FileId]:
    """The file at a path; None where there is none."""
    try:
        status = os.stat(host.path(path))
    except OSError:
        return None
    return FileId(status.st_dev, status.st_ino)
