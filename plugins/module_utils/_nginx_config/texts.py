# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a configuration that are at hand as texts, to read a tree from.

Private to this collection: it may change in any release.
"""

import bisect
import errno
import posixpath
import re
from typing import List, Mapping, Pattern, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.room import Room

_PATTERN = re.compile(r"[*?\[]")


class Texts:
    """Files by their paths, however these are written."""

    #: What is at hand has no bound of its own.
    rooms: Sequence[Room] = ()

    def __init__(self, files: Mapping[str, str]) -> None:
        self._paths = {posixpath.normpath(path): path for path in files}
        self._sorted = sorted(self._paths)
        self._files = files

    def read(self, path: str) -> str:
        """The text of a file. Raises OSError."""
        name = posixpath.normpath(path)
        if name not in self._paths:
            raise FileNotFoundError(errno.ENOENT, "")
        return self._files[self._paths[name]]

    def glob(self, pattern: str) -> List[str]:
        """The paths that a pattern names, sorted by bytes."""
        pattern = posixpath.normpath(pattern)
        wanted = glob_pattern(pattern)
        begin = _PATTERN.split(pattern, 1)[0]
        found = []
        for name in self._sorted[bisect.bisect_left(self._sorted, begin) :]:
            if not name.startswith(begin):
                break
            if wanted.match(name):
                found.append(self._paths[name])
        return found


def glob_pattern(pattern: str) -> Pattern[str]:
    """What glob(3) means by a pattern: neither * nor ? matches a slash, nor a dot at the start of a name."""
    return re.compile("/".join(_name_pattern(name) for name in pattern.split("/")) + r"\Z", re.DOTALL)


def _name_pattern(name: str) -> str:
    words = re.findall(r"\[[!^]?\]?[^\]]*\]|.", name, re.DOTALL)
    regex = "" if name.startswith(".") else r"(?!\.)"
    for word in words:
        if len(word) > 1:
            negated = word[1] in "!^"
            regex += "[%s%s]" % (
                "^/" if negated else "",
                re.sub(r"[\\\[\]^]", r"\\\g<0>", word[2 if negated else 1 : -1]),
            )
        else:
            regex += {"*": "[^/]*", "?": "[^/]"}.get(word, re.escape(word))
    return regex
