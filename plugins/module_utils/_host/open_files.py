# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a process holds open.

Private to this collection: it may change in any release.
"""

from typing import Iterator, NamedTuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

_DELETED = " (deleted)"


class OpenFile(NamedTuple):
    """A file that a process holds open. link leads to it also where its path does not any more."""

    link: str  # /proc/PID/fd/NUMBER
    path: str  # where it lies now, or lay when it was deleted
    deleted: bool


def open_files(host: Host, pid: int) -> Iterator[OpenFile]:
    """The open files of a process that have a path; none where the process is gone or its files may not be read."""
    folder = "/proc/%d/fd" % pid
    for number in host.listdir(folder):
        link = "%s/%s" % (folder, number)
        path = host.readlink(link) or ""
        if path.startswith("/"):
            deleted = path.endswith(_DELETED)
            yield OpenFile(link, path[: -len(_DELETED)] if deleted else path, deleted)
