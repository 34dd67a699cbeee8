# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folder on the way to a socket keeps an account out.

Private to this collection: it may change in any release.
"""

import grp
import os
import pwd
import stat
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class BlockedFolder(TypedDict):
        """A folder that an account may not search."""

        path: str  # with links followed
        owner: str
        group: str
        mode: str  # four octal digits


def blocked_at(path: str) -> "Optional[BlockedFolder]":
    """The first folder on the way to a file that this process, in the account of nginx's worker, may not search; None where it may search all."""
    folder = "/"
    for part in os.path.realpath(os.path.dirname(path)).split("/"):
        folder = os.path.join(folder, part)
        if not os.access(folder, os.X_OK):
            return _folder(folder)
    return None


def _folder(path: str) -> "Optional[BlockedFolder]":
    """The facts of a folder; None where it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    try:
        owner = pwd.getpwuid(found.st_uid).pw_name
    except KeyError:
        owner = str(found.st_uid)
    try:
        group = grp.getgrgid(found.st_gid).gr_name
    except KeyError:
        group = str(found.st_gid)
    return {"path": path, "owner": owner, "group": group, "mode": "%04o" % stat.S_IMODE(found.st_mode)}
