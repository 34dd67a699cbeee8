# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directives of one configuration file. What stands before a mistake is kept.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import (
    REST,
    WORDS_LIMIT,
    Lexer,
    NginxSyntaxError,
    holds_lua,
)

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
#: Mistakes of one file after which the rest of it is not read.
MISTAKES_LIMIT = 100
_BYTE_ORDER_MARK = "\ufeff"


class Directive:
    """One directive as written. block is None for a simple one and for Lua code; line, end_line: of its name, and of the `;` or `}` that ends it."""

    __slots__ = ("args", "block", "end_line", "file", "line", "name")

    def __init__(self, name: str, args: List[str], file: str, line: int, end_line: int) -> None:
        self.name = name
        self.args = args
        self.file = file
        self.line = line
        self.end_line = end_line
        self.block: Optional[List["Directive"]] = None

    @property
    def place(self) -> "Place":
        return {"file": self.file, "line": self.line}

    @property
    def first(self) -> str:
        return self.args[0] if self.args else ""


class Reading(NamedTuple):
    """What one file holds: its main level, its mistakes, all its directives of every level in the order of the text, and how many words it has."""

    directives: List[Directive]
    errors: "List[ConfigError]"
    everything: List[Directive]
    words: int


def read_directives(text: str, file: str, words_limit: int = WORDS_LIMIT) -> Reading:
    """Read the text of a file. Mistakes become errors, never an exception."""
    return _Reader(text, file, words_limit).read()


class _Reader:
    """Puts the directives of one file together from its words."""

    def __init__(self, text: str, file: str, words_limit: int) -> None:
        self.lexer = Lexer(text, words_limit)
        self.file = file
        self.errors: "List[ConfigError]" = []
        self.everything: List[Directive] = []
        self.levels: List[List[Directive]] = [[]]
        self.opened: List[Optional[Directive]] = []
        self.too_deep = 0

    def read(self) -> Reading:
        top = self.levels[0]
        if self.lexer.text.startswith(_BYTE_ORDER_MARK):
            self.error(1, "the file begins with a byte order mark, which nginx takes for the begin of its first word")
            self.lexer.at = 1
        try:
            while self.statement():
                if len(self.errors) >= MISTAKES_LIMIT:
                    self.error(self.errors[-1]["line"], "%d mistakes: %s" % (MISTAKES_LIMIT, REST))
                    break
        except NginxSyntaxError as error:
            self.error(error.line, error.reason)
        return Reading(top, self.errors, self.everything, self.lexer.words_read)

    def statement(self) -> bool:
        """Read one statement; False at the end of the text. Raises NginxSyntaxError where the rest cannot be read."""
        words, start, mark = self.lexer.values()
        if not mark:
            if words or self.opened or self.too_deep:
                raise self.lexer.unexpected_end('";" or "}"' if words else '"}"')
            return False
        if bool(words) == (mark == "}"):
            self.error(self.lexer.line(self.lexer.at - 1), 'unexpected "%s"' % mark)
        if mark == "}":
            self.close()
        elif mark == "{":
            self.open(words, start)
        elif words and not self.too_deep:
            self.add(words, start)
        return True

    def add(self, words: List[str], start: int) -> Directive:
        line = self.lexer.line(start)
        directive = Directive(words[0], words[1:], self.file, line, self.lexer.line(self.lexer.at - 1))
        self.levels[-1].append(directive)
        self.everything.append(directive)
        return directive

    def open(self, words: List[str], start: int) -> None:
        if words and holds_lua(words[0]):
            directive = None if self.too_deep else self.add(words, start)
            self.lexer.skip_lua()
            if directive is not None:
                directive.end_line = self.lexer.line(self.lexer.at - 1)
        elif self.too_deep or len(self.levels) >= DEPTH_LIMIT:
            if not self.too_deep:
                self.error(self.lexer.line(self.lexer.at - 1), "blocks are nested more than %d deep" % DEPTH_LIMIT)
            self.too_deep += 1
        else:
            directive = self.add(words, start) if words else None
            block: List[Directive] = []
            if directive is not None:
                directive.block = block
            self.opened.append(directive)
            self.levels.append(block)

    def close(self) -> None:
        """A block ends at the brace just read. Raises NginxSyntaxError where none is open."""
        if self.too_deep:
            self.too_deep -= 1
        elif self.opened:
            self.levels.pop()
            directive = self.opened.pop()
            if directive is not None:
                directive.end_line = self.lexer.line(self.lexer.at - 1)
        else:
            raise self.lexer.error('unexpected "}"', self.lexer.at - 1)

    def error(self, line: Optional[int], text: str) -> None:
        self.errors.append({"file": self.file, "line": line, "error": text})
