# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a path is root's alone: who else may change a folder on the way leads root where they like.

Private to this collection: it may change in any release.
"""

import os
import stat
import sys
from typing import Dict, List, Optional, Set, Tuple, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

LINKS = 40
ACL = "system.posix_acl_access"


def others_in(folder: Union[str, int], status: os.stat_result, is_last: bool) -> Optional[str]:
    """Who else than root (or this user) may put files into a folder; None where nobody may. Where only owners may remove what is there (/tmp), it is enough
    that nothing but other folders is looked for in it. On a Mac, Homebrew's folders are its administrator's."""
    if sys.platform == "darwin":
        return None
    if status.st_uid not in (0, os.geteuid()):
        return "it belongs to uid %d" % status.st_uid
    others = status.st_mode & 0o002
    if status.st_mode & 0o020 and not others:
        others = status.st_gid != 0 or (hasattr(os, "listxattr") and ACL in os.listxattr(folder))
    return "others may write to it" if others and (is_last or not status.st_mode & stat.S_ISVTX) else None


class RootOnly:
    """Asks that of many paths of a host, of each folder once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: Dict[Tuple[str, bool], Optional[str]] = {}
        self._links: Dict[str, Optional[str]] = {}
        #: Folders to which no link leads and nobody else: where thousands of files lie in one, the way to it is gone once.
        self._plain: Set[str] = set()

    def why_not(self, path: str) -> Optional[str]:
        """The first folder on the way to a path (and on that of each link) that others may change, and who; None where there is none."""
        at, parts = self._begin(path)
        links = 0
        while parts:
            why = None if at == "/" else self._others(at, len(parts) == 1)
            if why:
                return "%s: %s" % (at, why)
            at = os.path.join(at, parts.pop(0))
            target = self._link(at) if parts else self._host.readlink(at)
            if target and links < LINKS:
                links += 1
                path = "/".join([os.path.normpath(os.path.join(os.path.dirname(at), target)), *parts])
                at, parts = self._begin(path)
        if links < LINKS:
            self._plain.add(_folder(path))
        return None

    def _begin(self, path: str) -> Tuple[str, List[str]]:
        """Where the way to a path has to be looked at from, and what comes then."""
        folder = _folder(path)
        if folder in self._plain:
            return "/" + folder, [path.strip("/").rpartition("/")[2]]
        return "/", path.strip("/").split("/")

    def _link(self, folder: str) -> Optional[str]:
        if folder not in self._links:
            self._links[folder] = self._host.readlink(folder)
        return self._links[folder]

    def _others(self, folder: str, is_last: bool) -> Optional[str]:
        key = (folder, is_last)
        if key not in self._known:
            where = self._host.path(folder)
            try:
                self._known[key] = others_in(where, os.stat(where), is_last)
            except OSError as error:
                return error.strerror
        return self._known[key]


def _folder(path: str) -> str:
    return path.strip("/").rpartition("/")[0]
