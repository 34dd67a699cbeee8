# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a container, as its own processes see them. Whoever owns it makes its links: each is followed by hand, and never out of it.

Private to this collection: it may change in any release.
"""

import contextlib
import errno
import fnmatch
import os
import stat
from typing import Dict, Iterator, List, Mapping, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import NAMES_LIMIT, Host

LINKS = 40
#: Files that are kept open, as whoever asked for their path uses it at once.
KEPT = 64
#: What has no such file is looked for here.
NOWHERE = "/proc/0/none"


class ContainerRoot(Host):
    """The files of a container by its root folder. outside: files of the host that stand in for a path of it (the log that its engine keeps).

    A path is opened part by part from a descriptor of the root; a link is read as text, and an absolute one begins at that root again.
    """

    def __init__(self, root: str, outside: Optional[Mapping[str, str]] = None) -> None:
        super().__init__(root)
        self._root = os.open(root, os.O_PATH | os.O_DIRECTORY)
        self._outside = dict(outside or {})
        self._kept: Dict[str, int] = {}

    def path(self, path: str) -> str:
        """A name by which this process opens the very file, folder or socket that was found. A device is not opened: that alone may set it off."""
        if path in self._outside:
            return self._outside[path]
        try:
            found = self._open(path)
        except OSError:
            return NOWHERE
        if stat.S_IFMT(os.fstat(found).st_mode) not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFSOCK):
            os.close(found)
            return NOWHERE
        while len(self._kept) >= KEPT:
            os.close(self._kept.pop(next(iter(self._kept))))
        if path in self._kept:
            os.close(self._kept.pop(path))
        self._kept[path] = found
        return "/proc/%d/fd/%d" % (os.getpid(), found)

    def stat(self, path: str) -> os.stat_result:
        return os.stat(self.path(path))

    def readlink(self, path: str) -> Optional[str]:
        """Where a link leads, as it is written; None where there is no link."""
        folder, name = os.path.split(path.rstrip("/"))
        try:
            descriptor = self._open(folder)
        except OSError:
            return None
        try:
            return os.readlink(name, dir_fd=descriptor)
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def realpath(self, path: str) -> str:
        """The path: what its links lead to has no other name outside of the container."""
        return os.path.normpath(path)

    def glob(self, pattern: str) -> List[str]:
        found = [""]
        for name in os.path.normpath(pattern).strip("/").split("/"):
            found = [path for folder in found for path in self._matching(folder, name)][: NAMES_LIMIT + 1]
        if len(found) > NAMES_LIMIT:
            self.unseen(pattern, "there are more than %d" % NAMES_LIMIT)
        return sorted(path for path in found[:NAMES_LIMIT] if self.exists(path))

    def _matching(self, folder: str, name: str) -> Iterator[str]:
        if not any(letter in name for letter in "*?["):
            yield "%s/%s" % (folder, name)
            return
        for entry in self.listdir(folder or "/"):
            if fnmatch.fnmatchcase(entry, name) and (entry[0] != "." or name[0] == "."):
                yield "%s/%s" % (folder, entry)

    def _open(self, path: str) -> int:
        """A descriptor that only names a file. Raises OSError."""
        way = [os.dup(self._root)]
        try:
            self._walk(way, path)
            return way.pop()
        finally:
            for descriptor in way:
                os.close(descriptor)

    def _walk(self, way: List[int], path: str) -> None:
        """Go on from the last folder of a way; what was opened is added to it."""
        left, links = path.split("/")[::-1], 0
        while left:
            name = left.pop()
            if name == ".." and len(way) > 1:
                os.close(way.pop())
            if name in ("", ".", ".."):
                continue
            target = _link(way[-1], name)
            if target is None:
                way.append(os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=way[-1]))
                continue
            links += 1
            if links > LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            left += target.split("/")[::-1]
            if target.startswith("/"):
                _back(way)
        if stat.S_ISLNK(os.fstat(way[-1]).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _link(folder: int, name: str) -> Optional[str]:
    """What a link says; None where there is none."""
    with contextlib.suppress(OSError):
        return os.readlink(name, dir_fd=folder)
    return None


def _back(way: List[int]) -> None:
    """Return to the root."""
    while len(way) > 1:
        os.close(way.pop())
