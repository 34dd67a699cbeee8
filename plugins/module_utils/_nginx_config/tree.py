# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an nginx configuration as one tree of directives, each with its file and line.

Every file is read once, but for one that was cut where little room was left, and has more later. What it holds stands behind each include directive that
names it, as often as there are any. What an include directive brings, and each file of its pattern, takes half of what is left of each bound at most.

Private to this collection: it may change in any release.
"""

import errno
import posixpath
import re
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import (
    DEPTH_LIMIT,
    Directive,
    read_directives,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.generated_files import generated_by
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import REST, WORDS_LIMIT
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.room import Room, half_of

if TYPE_CHECKING:  # Python 3.6 has no Protocol
    from typing import Protocol

    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import ConfigError

    class Source(Protocol):
        """Where files are read from. rooms: its own bounds."""

        rooms: Sequence[Room]

        def read(self, path: str) -> str:
            """The text of a file. Raises OSError, whose strerror says why it is not read."""

        def glob(self, pattern: str) -> List[str]:
            """The files that a pattern names, sorted as glob(3) does in the C locale."""


#: Of the whole tree, those of a file counted as often as it is included.
DIRECTIVES_LIMIT = 500000
BLOCKS_LIMIT = 50000
ERRORS_LIMIT = 1000
#: What reading a file fails with where there is no more room for it.
_NO_ROOM = (errno.EFBIG, errno.EMFILE)
_PATTERN = re.compile(r"[*?\[]")


class Tree:
    """The whole configuration, in order. What a file brings stands behind the include directive that names it."""

    def __init__(self) -> None:
        self.directives: List[Directive] = []
        self.errors: "List[ConfigError]" = []
        #: The files that were read, in order, as nginx names them.
        self.files: List[str] = []
        #: Who writes a file, by its path, where that is not the admin.
        self.generated: Dict[str, str] = {}
        self._named: Dict[str, List[Directive]] = {}

    def named(self, name: str) -> List[Directive]:
        """The directives of this name of all files and levels that have an argument, each once."""
        return self._named.get(name, [])

    def remember(self, directives: List[Directive]) -> None:
        for directive in directives:
            if directive.args:
                self._named.setdefault(directive.name, []).append(directive)


def read_tree(source: "Source", main: str, prefix: str) -> Tree:
    """Read the main file and all that it includes. Whatever is wrong becomes an error of the tree, never an exception.

    prefix: the folder that relative includes start from.
    """
    splicer = _Splicer(source, prefix)
    try:
        splicer.tree.directives = splicer.file(_Included(main, _key(main))).directives
    except OSError as error:
        splicer.error(main, None, "the main configuration file could not be read%s" % _why(error))
    return splicer.tree


def _why(error: OSError) -> str:
    return ": %s" % error.strerror if error.strerror else ""


class _Spliced(NamedTuple):
    """Directives with what they include, and how many these, and their blocks, are on all levels."""

    directives: List[Directive]
    size: int
    blocks: int


class _Included(NamedTuple):
    """A file that an include directive names, and the one text that all spellings of its path have."""

    path: str
    key: str


class _Splicer:
    """Puts the directives of included files where their include directives stand."""

    def __init__(self, source: "Source", prefix: str) -> None:
        self.source = source
        self.prefix = prefix
        self.tree = Tree()
        self.done: Dict[str, _Spliced] = {}
        self.open: Set[str] = set()
        self.words, self.room, self.blocks = Room(WORDS_LIMIT), Room(DIRECTIVES_LIMIT), Room(BLOCKS_LIMIT)
        self.rooms: "Sequence[Room]" = (self.words, self.room, self.blocks, *source.rooms)
        self.depth = 0
        self.cuts = 0
        #: What was left of each bound where a file was read that was cut.
        self.had: Dict[str, List[int]] = {}
        self.seen_errors: Set[Tuple[str, Optional[int], str]] = set()

    def error(self, file: str, line: Optional[int], text: str) -> None:
        self.cuts += text.endswith(REST)
        if len(self.seen_errors) < ERRORS_LIMIT and (file, line, text) not in self.seen_errors:
            self.seen_errors.add((file, line, text))
            self.tree.errors.append({"file": file, "line": line, "error": text})

    def file(self, included: _Included) -> _Spliced:
        """The directives of a file and all that it includes. Raises OSError."""
        path, key = included
        if key not in self.done or self.has_more_room(key):
            cuts, had = self.cuts, [room.left for room in self.rooms]
            text = self.source.read(path)
            self.tree.files.append(path)
            origin = generated_by(path, text)
            if origin:
                self.tree.generated[path] = origin
            reading = read_directives(text, path, self.words.left)
            self.words.take(reading.words)
            self.tree.remember(reading.everything)
            for error in reading.errors:
                self.error(error["file"], error["line"], error["error"])
            self.open.add(key)
            self.done[key] = self.splice(reading.directives)
            self.open.remove(key)
            self.had.pop(key, None)
            if self.cuts > cuts:
                self.had[key] = had
        elif not (self.room.take(self.done[key].size) and self.blocks.take(self.done[key].blocks)):
            raise OSError(errno.EFBIG, "too many directives or blocks")
        return self.done[key]

    def has_more_room(self, key: str) -> bool:
        """Whether a file that was cut, as others had left it little room, is to be read again here, where it has twice as much of something."""
        return key in self.had and any(room.left > 2 * had for room, had in zip(self.rooms, self.had[key]))

    def splice(self, directives: List[Directive]) -> _Spliced:
        spliced: List[Directive] = []
        room, blocks = self.room.left, self.blocks.left
        self.depth += 1
        for directive in directives:
            if not self.room.take() or (directive.block is not None and not self.blocks.take()):
                self.error(directive.file, directive.line, "too many directives or blocks: " + REST)
                break
            spliced.append(directive)
            if directive.block is not None:
                directive.block = self.splice(directive.block).directives
            elif directive.name == "include":
                self.include(directive, spliced)
        self.depth -= 1
        return _Spliced(spliced, room - self.room.left, blocks - self.blocks.left)

    def include(self, include: Directive, spliced: List[Directive]) -> None:
        """Add what an include directive brings."""
        with half_of(self.rooms):
            files = self.included(include)
            each = self.rooms if len(files) > 1 else ()
            for included in files:
                if included.key in self.open:
                    self.error(include.file, include.line, "include of %s makes a loop" % included.path)
                elif self.depth > DEPTH_LIMIT:
                    self.error(include.file, include.line, "includes are nested more than %d deep" % DEPTH_LIMIT)
                else:
                    try:
                        with half_of(each):
                            spliced.extend(self.file(included).directives)
                    except OSError as error:
                        self.cuts += error.errno in _NO_ROOM
                        text = "included file %s could not be read%s" % (included.path, _why(error))
                        self.error(include.file, include.line, text)

    def included(self, include: Directive) -> List[_Included]:
        """The files that an include directive names."""
        if not include.first:
            self.error(include.file, include.line, "include names no file")
            return []
        path = posixpath.join(self.prefix, include.first)
        paths = self.source.glob(path) if _PATTERN.search(path) else [path]
        return [_Included(one, _key(one)) for one in paths]


def _key(path: str) -> str:
    """One text for all spellings of a path. What a .. leads to depends on links, and is left as it is."""
    return path if ".." in path else posixpath.normpath(path)
