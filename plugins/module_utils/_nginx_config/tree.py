# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an nginx configuration as one tree of directives, each with its file and line.

Every file is read once. What it holds stands behind each include directive that names it, as often as there are any.

Private to this collection: it may change in any release.
"""

import posixpath
import re
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import (
    DEPTH_LIMIT,
    Directive,
    read_directives,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.generated_files import generated_by
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import WORDS_LIMIT

if TYPE_CHECKING:  # Python 3.6 has no Protocol
    from typing import Protocol

    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import ConfigError

    class Source(Protocol):
        """Where files are read from."""

        def read(self, path: str) -> str:
            """The text of a file. Raises OSError, whose strerror says why it is not read."""

        def glob(self, pattern: str) -> List[str]:
            """The files that a pattern names, sorted as glob(3) does in the C locale."""


#: Directives of the whole tree, those of a file counted as often as it is included.
DIRECTIVES_LIMIT = 500000
ERRORS_LIMIT = 1000
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
    """Directives with what they include, and how many these are on all levels."""

    directives: List[Directive]
    size: int


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
        self.found: Dict[str, List[_Included]] = {}
        self.open: Set[str] = set()
        self.words_left = WORDS_LIMIT
        self.count = 0
        self.depth = 0
        self.seen_errors: Set[Tuple[str, Optional[int], str]] = set()

    def error(self, file: str, line: Optional[int], text: str) -> None:
        if len(self.seen_errors) < ERRORS_LIMIT and (file, line, text) not in self.seen_errors:
            self.seen_errors.add((file, line, text))
            self.tree.errors.append({"file": file, "line": line, "error": text})

    def file(self, included: _Included) -> _Spliced:
        """The directives of a file and all that it includes. Raises OSError."""
        path, key = included
        if key not in self.done:
            text = self.source.read(path)
            self.tree.files.append(path)
            origin = generated_by(path, text)
            if origin:
                self.tree.generated[path] = origin
            reading = read_directives(text, path, self.words_left)
            self.words_left -= reading.words
            self.tree.remember(reading.everything)
            for error in reading.errors:
                self.error(error["file"], error["line"], error["error"])
            self.open.add(key)
            self.done[key] = self.splice(reading.directives)
            self.open.remove(key)
        else:
            self.count += self.done[key].size
        return self.done[key]

    def splice(self, directives: List[Directive]) -> _Spliced:
        spliced: List[Directive] = []
        before = self.count
        self.depth += 1
        for directive in directives:
            self.count += 1
            if self.count > DIRECTIVES_LIMIT:
                text = "more than %d directives: the rest is not read" % DIRECTIVES_LIMIT
                self.error(directive.file, directive.line, text)
                break
            spliced.append(directive)
            if directive.block is not None:
                directive.block = self.splice(directive.block).directives
            elif directive.name == "include":
                self.include(directive, spliced)
        self.depth -= 1
        return _Spliced(spliced, self.count - before)

    def include(self, include: Directive, spliced: List[Directive]) -> None:
        """Add what an include directive brings."""
        for included in self.included(include):
            if included.key in self.open:
                self.error(include.file, include.line, "include of %s makes a loop" % included.path)
            elif self.depth > DEPTH_LIMIT:
                self.error(include.file, include.line, "includes are nested more than %d deep" % DEPTH_LIMIT)
            elif self.count <= DIRECTIVES_LIMIT:
                try:
                    spliced.extend(self.file(included).directives)
                except OSError as error:
                    text = "included file %s could not be read%s" % (included.path, _why(error))
                    self.error(include.file, include.line, text)

    def included(self, include: Directive) -> List[_Included]:
        """The files that an include directive names."""
        if not include.first:
            self.error(include.file, include.line, "include names no file")
            return []
        if include.first not in self.found:
            path = posixpath.join(self.prefix, include.first)
            paths = self.source.glob(path) if _PATTERN.search(path) else [path]
            self.found[include.first] = [_Included(one, _key(one)) for one in paths]
        return self.found[include.first]


def _key(path: str) -> str:
    """One text for all spellings of a path. What a .. leads to depends on links, and is left as it is."""
    return path if ".." in path else posixpath.normpath(path)
