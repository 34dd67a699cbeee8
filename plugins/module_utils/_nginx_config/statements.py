# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of one configuration file with their exact place in its text, for edits; and values written as words.

Offsets count characters of the text that was handed in.

Private to this collection: it may change in any release.
"""

import re
from typing import Iterator, List, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import (
    Lexer,
    NginxSyntaxError,
    Word,
    holds_lua,
)


class Statement:
    """A directive, or a block with its children. The file itself is a block without words, its main level."""

    __slots__ = ("body", "children", "end", "line", "parent", "start", "words")

    def __init__(self, words: List[Word], line: int, start: int, parent: Optional["Statement"] = None) -> None:
        self.words = words
        self.line = line
        self.start = start
        self.end = start
        self.parent = parent
        #: Offsets after the opening and of the closing brace; None where it is no block.
        self.body: Optional[Tuple[int, int]] = None
        self.children: List[Statement] = []

    @property
    def name(self) -> str:
        return self.words[0].value if self.words else ""

    @property
    def args(self) -> List[str]:
        return [word.value for word in self.words[1:]]

    @property
    def is_lua(self) -> bool:
        return self.body is not None and holds_lua(self.name)

    def walk(self) -> Iterator["Statement"]:
        """Every statement below this one, in the order of the text."""
        stack = list(reversed(self.children))
        while stack:
            statement = stack.pop()
            yield statement
            stack.extend(reversed(statement.children))


def parse(text: str) -> Statement:
    """The main level of a file. Raises NginxSyntaxError where nginx would refuse the text."""
    lexer = Lexer(text)
    root = block = Statement([], 1, 0)
    root.body, root.end = (0, len(text)), len(text)
    while True:
        words, mark = lexer.statement()
        if not mark:
            if words or block is not root:
                raise lexer.unexpected_end('";" or "}"' if words else '"}"')
            return root
        if bool(words) == (mark == "}") or (mark == "}" and block is root):
            raise lexer.error('unexpected "%s"' % mark, lexer.at - 1)
        if mark == "}":
            block = _close(block, lexer.at)
            continue
        statement = Statement(words, lexer.line(words[0].start), words[0].start, block)
        statement.end = lexer.at
        block.children.append(statement)
        if mark == "{":
            statement.body = (lexer.at, lexer.at)
            block = statement
            if statement.is_lua:
                lexer.skip_lua()
                block = _close(block, lexer.at)


def _close(block: Statement, at: int) -> Statement:
    """End a block at the brace just read; the block around it."""
    block.body = (block.body[0] if block.body else at, at - 1)
    block.end = at
    return block.parent or block


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
