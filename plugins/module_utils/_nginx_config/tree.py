# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an nginx configuration as one tree of directives, each with its file and line.

Private to this collection: it may change in any release.
"""

import posixpath
import re
from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Optional, Pattern, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import Reading, Statement, read

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from typing import TypedDict

    class Place(TypedDict):
        """Where something stands in the configuration."""

        file: str
        line: int

    class ConfigError(TypedDict):
        """A mistake in the configuration, or a part of it that was not read. line: null where it is about a whole file."""

        file: str
        line: Optional[int]
        error: str


DEPTH_LIMIT = 100
DIRECTIVES_LIMIT = 200000
_WILDCARD = re.compile(r"[*?\[]")


class Directive:
    """One directive as written. block is None for a simple one; end_line is where its block closes."""

    __slots__ = ("name", "args", "file", "line", "end_line", "block")

    def __init__(self, statement: Statement, file: str) -> None:
        self.name = statement.name
        self.args = statement.args
        self.file = file
        self.line = statement.line
        self.end_line = statement.end_line
        self.block: Optional[List["Directive"]] = None if statement.body is None or statement.is_lua else []

    @property
    def place(self) -> "Place":
        return {"file": self.file, "line": self.line}

    @property
    def first(self) -> str:
        return self.args[0] if self.args else ""


class ConfigFile(NamedTuple):
    """A file of the configuration: its text, and what the text holds."""

    text: str
    reading: Reading


class Tree(NamedTuple):
    """The whole configuration, in order. What a file brings stands behind the include directive that names it."""

    directives: List[Directive]
    errors: "List[ConfigError]"


def config_file(text: str) -> ConfigFile:
    return ConfigFile(text, read(text))


def load_tree(files: Mapping[str, ConfigFile], main: str, prefix: str) -> Tree:
    """The main file with all that it includes. Whatever is wrong becomes an error of the tree, never an exception."""
    splicer = _Splicer(files, prefix)
    path = splicer.paths.get(posixpath.normpath(main))
    if path is None:
        return Tree([], [{"file": main, "line": None, "error": "the main configuration file could not be read"}])
    return Tree(splicer.file(path), splicer.errors)


def glob_pattern(pattern: str) -> "Pattern[str]":
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


class _Splicer:
    """Puts the directives of included files where their include directives stand."""

    def __init__(self, files: Mapping[str, ConfigFile], prefix: str) -> None:
        self.prefix = prefix
        self.files = files
        self.paths = {posixpath.normpath(path): path for path in files}
        self.errors: "List[ConfigError]" = []
        self.done: Dict[str, List[Directive]] = {}
        self.matching: Dict[str, List[str]] = {}
        self.open: List[str] = []
        self.count = 0
        self.depth = 0
        self.seen_errors: Set[Tuple[str, Optional[int], str]] = set()

    def error(self, file: str, line: Optional[int], text: str) -> None:
        if (file, line, text) not in self.seen_errors:
            self.seen_errors.add((file, line, text))
            self.errors.append({"file": file, "line": line, "error": text})

    def file(self, path: str) -> List[Directive]:
        """The directives of a file and of all that it includes; made once, however often it is included."""
        if path not in self.done:
            reading = self.files[path].reading
            self.open.append(path)
            self.done[path] = self.splice(reading.root, path)
            self.open.pop()
            if reading.error is not None:
                self.error(path, reading.error.line, reading.error.reason)
        return self.done[path]

    def splice(self, parent: Statement, path: str) -> List[Directive]:
        spliced: List[Directive] = []
        self.depth += 1
        for statement in parent.children:
            directive = Directive(statement, path)
            found = [directive]
            if directive.name == "include" and directive.block is None:
                found.extend(self.included(directive))
            self.count += len(found)
            if self.count > DIRECTIVES_LIMIT:
                self.error(path, directive.line, "more than %d directives: the rest is not read" % DIRECTIVES_LIMIT)
                break
            spliced.extend(found)
            if directive.block is not None:
                self.fill(directive, statement)
        self.depth -= 1
        return spliced

    def fill(self, directive: Directive, statement: Statement) -> None:
        """Give a block its directives."""
        if self.depth >= DEPTH_LIMIT:
            self.error(directive.file, directive.line, "blocks are nested more than %d deep" % DEPTH_LIMIT)
        else:
            directive.block = self.splice(statement, directive.file)

    def included(self, include: Directive) -> List[Directive]:
        found: List[Directive] = []
        for path in self.matches(include):
            if path in self.open:
                self.error(include.file, include.line, "include of %s makes a loop" % path)
            elif self.depth >= DEPTH_LIMIT:
                self.error(include.file, include.line, "includes are nested more than %d deep" % DEPTH_LIMIT)
            else:
                found.extend(self.file(path))
        return found

    def matches(self, include: Directive) -> List[str]:
        """The files that an include directive names, in the order in which nginx reads them."""
        pattern = posixpath.normpath(posixpath.join(self.prefix, include.first)) if include.args else ""
        if not _WILDCARD.search(pattern):
            if pattern not in self.paths:
                self.error(include.file, include.line, "included file %s could not be read" % (pattern or "(no name)"))
                return []
            return [self.paths[pattern]]
        if pattern not in self.matching:
            wanted = glob_pattern(pattern)
            self.matching[pattern] = [path for name, path in sorted(self.paths.items()) if wanted.match(name)]
        return self.matching[pattern]
