# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's configuration language as nginx itself reads it: statements with their exact place in the text.

Follows ngx_conf_read_token() of nginx and the Lua scanner of lua-nginx-module: words, quotes, escapes, comments and blocks, but no
meaning of any directive. Reading and editing share it. Offsets count characters of the text.

Private to this collection: it may change in any release.
"""

import bisect
import re
from typing import Iterator, List, NamedTuple, Optional, Tuple

_SPACE = re.compile(r"[ \t\r\n]*")
_BARE_WORD = re.compile(r"(?:[^ \t\r\n;{\\$]+|\\.|\$\{*)+", re.DOTALL)
_QUOTED = {
    '"': re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL),
    "'": re.compile(r"'[^'\\]*(?:\\.[^'\\]*)*'", re.DOTALL),
}
_ESCAPE = re.compile(r"\\([\"'\\trn])")
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}
_LUA = re.compile(
    r"--\[(?P<comment>=*)\[|--[^\n]*|\[(?P<string>=*)\[|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|[{}]", re.DOTALL
)
_LUA_BLOCK = "_by_lua_block"


class NginxSyntaxError(ValueError):
    """The text is not nginx configuration from this line on. reason: what is wrong, in nginx's own words."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__("%s in line %d" % (reason, line))
        self.reason = reason
        self.line = line


class Word(NamedTuple):
    """A word: its value as nginx understands it, and the text from start to end, quotes included."""

    value: str
    start: int
    end: int


class Statement:
    """A directive, or a block with its children. The file itself is a block without words, its main level.

    line and end_line: where its first word stands, and where its semicolon or closing brace does.
    """

    __slots__ = ("words", "line", "start", "end", "end_line", "parent", "body", "children")

    def __init__(self, words: List[Word], line: int, start: int, parent: Optional["Statement"] = None) -> None:
        self.words = words
        self.line = line
        self.start = start
        self.end = start
        self.end_line = line
        self.parent = parent
        #: Offsets after the opening and of the closing brace; None where it is no block.
        self.body: Optional[Tuple[int, int]] = None
        self.children: List["Statement"] = []

    @property
    def name(self) -> str:
        return self.words[0].value if self.words else ""

    @property
    def args(self) -> List[str]:
        return [word.value for word in self.words[1:]]

    @property
    def is_lua(self) -> bool:
        return self.body is not None and self.name.endswith(_LUA_BLOCK)

    def walk(self) -> Iterator["Statement"]:
        """Every statement below this one, in the order of the text."""
        stack = list(reversed(self.children))
        while stack:
            statement = stack.pop()
            yield statement
            stack.extend(reversed(statement.children))


def unescape(raw: str) -> str:
    """The value that nginx takes from the characters of a word."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found.group(1), found.group(1)), raw)


class Reading(NamedTuple):
    """What a text holds: all statements where it is sound, else those before the mistake."""

    root: Statement
    error: Optional[NginxSyntaxError]


class _Reader:
    """One pass over a text. What was read up to now is below root."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.newlines = [found.start() for found in re.finditer("\n", text)]
        self.root = Statement([], 1, 0)
        self.root.body = (0, len(text))
        self.root.end = len(text)

    def line(self, offset: int) -> int:
        return bisect.bisect_left(self.newlines, offset) + 1

    def error(self, reason: str, offset: int) -> NginxSyntaxError:
        return NginxSyntaxError(reason, self.line(offset))

    def skip_space(self) -> str:
        """Go past spaces and comments. Returns the character after them, empty at the end of the text."""
        while True:
            found = _SPACE.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if not self.text.startswith("#", self.at):
                return self.text[self.at : self.at + 1]
            newline = self.text.find("\n", self.at)
            self.at = len(self.text) if newline < 0 else newline + 1

    def word(self, first: str) -> Word:
        start = self.at
        quoted = first in _QUOTED
        found = (_QUOTED[first] if quoted else _BARE_WORD).match(self.text, start)
        if found is None or (not quoted and found.end() == len(self.text)):
            raise self.error('unexpected end of file, expecting ";" or "}"', len(self.text))
        self.at = found.end()
        after = self.text[self.at : self.at + 1]
        if quoted and after and after not in " \t\r\n;{)":
            raise self.error('unexpected "%s"' % after, self.at)
        return Word(unescape(found.group()[1:-1] if quoted else found.group()), start, self.at)

    def words(self) -> Tuple[List[Word], str]:
        """The words up to `;`, `{`, a lone `}` or the end of the text, and which of these it was."""
        words: List[Word] = []
        while True:
            char = self.skip_space()
            if char in ("", "}", ";", "{"):
                if bool(words) == (char in (";", "{")):
                    self.at += len(char)
                    return words, char
                if not char:
                    raise self.error('unexpected end of file, expecting ";" or "}"', self.at)
                raise self.error('unexpected "%s"' % char, self.at)
            words.append(self.word(char))

    def read(self) -> Statement:
        block = self.root
        while True:
            words, ending = self.words()
            if ending == "}":
                if block.parent is None:
                    raise self.error('unexpected "}"', self.at - 1)
                block = self.close(block)
            elif not ending:
                if block.parent is not None:
                    raise self.error('unexpected end of file, expecting "}"', self.at)
                return self.root
            else:
                statement = Statement(words, self.line(words[0].start), words[0].start, block)
                statement.end = self.at
                statement.end_line = self.line(self.at - 1)
                block.children.append(statement)
                if ending == "{":
                    statement.body = (self.at, self.at)
                    block = self.close_lua(statement) if statement.is_lua else statement

    def close(self, block: Statement) -> Statement:
        """End a block at the brace just read. Returns the block around it."""
        block.body = (block.body[0] if block.body else self.at, self.at - 1)
        block.end = self.at
        block.end_line = self.line(self.at - 1)
        return block.parent or self.root

    def close_lua(self, block: Statement) -> Statement:
        depth = 1
        while depth:
            found = _LUA.search(self.text, self.at)
            if found is None:
                raise self.error('unexpected end of file, expecting "}"', len(self.text))
            self.at = found.end()
            token = found.group()
            depth += {"{": 1, "}": -1}.get(token, 0)
            level = found.group("comment") if found.group("comment") is not None else found.group("string")
            if level is not None:
                closing = self.text.find("]%s]" % level, self.at)
                self.at = len(self.text) if closing < 0 else closing + len(level) + 2
        return self.close(block)


def parse(text: str) -> Statement:
    """The main level of a file. Raises NginxSyntaxError."""
    return _Reader(text).read()


def read(text: str) -> Reading:
    """The main level of a file, sound or not."""
    reader = _Reader(text)
    try:
        return Reading(reader.read(), None)
    except NginxSyntaxError as error:
        return Reading(reader.root, error)


def quote(value: str) -> str:
    """The value written so that nginx reads exactly that value, with no more quotes than needed. Raises ValueError."""
    escaped = re.sub(r"([\"\\])", r"\\\1", value)
    for written in (value, '"%s"' % value, "'%s'" % value, '"%s"' % escaped):
        try:
            read = parse("x %s;" % written).children
        except NginxSyntaxError:
            continue
        if len(read) == 1 and read[0].args == [value]:
            return written
    raise ValueError("%r can't be written as a word of nginx's configuration" % value)
