# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The free space of a host's file systems.

Private to this collection: it may change in any release.
"""

import os
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Disk(TypedDict):
        """A file system that a web server writes to, under the first of the paths on it. Space is what others than root may use."""

        path: str
        free_bytes: int
        total_bytes: int
        free_inodes: Optional[int]  # None: it has no table of inodes


# Where a full disk makes a web server fail: its logs, its sockets, its temporary files and the sessions of PHP.
DISK_PATHS = (
    "/",
    "/var",
    "/var/log",
    "/var/log/nginx",
    "/var/lib",
    "/var/lib/nginx",
    "/var/lib/php",
    "/var/cache",
    "/run",
    "/run/php",
    "/run/php-fpm",
    "/tmp",  # noqa: S108 - only their free space is read
    "/var/tmp",  # noqa: S108 - likewise
)


def disk_facts(host: Host) -> "List[Disk]":
    """The file systems that DISK_PATHS lie on, each once."""
    seen = set()
    found: "List[Disk]" = []
    for path in DISK_PATHS:
        try:
            device = os.stat(host.path(path)).st_dev
            space = os.statvfs(host.path(path))
        except OSError:
            continue
        if device not in seen:
            seen.add(device)
            found.append(
                {
                    "path": path,
                    "free_bytes": space.f_bavail * space.f_frsize,
                    "total_bytes": space.f_blocks * space.f_frsize,
                    # btrfs says 0 of 0.
                    "free_inodes": space.f_favail if space.f_files else None,
                }
            )
    return found
