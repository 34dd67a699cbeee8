# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""crossplane's reading of a configuration, to hold ours against.

crossplane is another reader of nginx's language, written by nginx's own people. It deviates from nginx in the few ways that Deviation lists; where it does,
what it misreads is taken out of the text, and the rest is compared all the same.
"""

import collections
import enum

import crossplane
from crossplane.errors import NgxParserBaseException

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import read_directives
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.lexer import (
    Lexer,
    NginxSyntaxError,
    holds_lua,
    unescape,
)

#: One directive: its line, how deep it stands, its name and arguments, and whether it is a block.
Row = collections.namedtuple("Row", "line depth words is_block")
#: The rows of a text, and why it could not be read to its end.
Rows = collections.namedtuple("Rows", "rows error")
#: The rows of both where they differ (None where one has no more), and what was explained on the way.
Compared = collections.namedtuple("Compared", "ours theirs deviations")
#: Directives that crossplane knows to hold Lua code; set_by_lua_block has a variable before it.
LUA_BLOCKS = frozenset(crossplane.lexer.EXTERNAL_LEXERS)


class Deviation(enum.Enum):
    """In what crossplane deviates from nginx."""

    REFUSED = "nginx refuses the text from here on (crossplane takes an empty statement, a quote in front of a word, a statement without its end)"
    BRACE_IN_WORD = "a } inside a word belongs to it; for crossplane it ends the block"
    VARIABLE = "a ${name} ends where its word does; crossplane takes all up to the } and the character behind it, also where the $ is escaped"
    BLANK = "only blank, tab, CR and LF separate words; for crossplane everything that Unicode calls a space does"
    LINE = "a word that begins with an escaped line end begins on that line; for crossplane on the next"
    LUA = "Lua code has long brackets, comments, escapes and blocks of more names than crossplane knows"
    BYTE_ORDER_MARK = (
        "we name a byte order mark and read on; for crossplane, as for nginx, it is a part of the first word"
    )


def our_rows(text):
    """What our reader makes of a text."""
    reading = read_directives(text, "x.conf")
    rows = []

    def add(directives, depth):
        for one in directives:
            rows.append(Row(one.line, depth, [one.name] + one.args, one.block is not None or holds_lua(one.name)))
            add(one.block or [], depth + 1)

    add(reading.directives, 0)
    return Rows(rows, reading.errors[0]["error"] if reading.errors else None)


def their_rows(text):
    """What crossplane makes of a text. Its words keep their escapes, and the code of Lua blocks is a word; both are evened out here."""
    rows, words, depth = [], [], 0
    line = 0
    try:
        for word, at, is_quoted in crossplane.lex_string(text):
            if is_quoted or (word not in ("{", "}", ";") and not word.startswith("#")):
                line = line if words else at
                words.append(unescape(word))
            elif word in ("{", ";"):
                is_lua = word == ";" and words[:1] and words[0] in LUA_BLOCKS
                if words:
                    rows.append(Row(line, depth, words[:-1] if is_lua else words, word == "{" or bool(is_lua)))
                depth += word == "{"
                words = []
            elif word == "}":
                depth -= 1
    except NgxParserBaseException as error:
        return Rows(rows, error.strerror)
    return Rows(rows, "unexpected end of file" if words else None)


class _Sifter:
    """Takes out of a text what crossplane may misread, and puts something of the same shape in its place."""

    def __init__(self, text):
        self.deviations = collections.Counter()
        self.text = text
        self.parts = []
        self.at = 0

    def sift(self):
        """The text, up to what nginx refuses."""
        if self.text.startswith("\ufeff"):
            self.deviations[Deviation.BYTE_ORDER_MARK] += 1
            self.at = 1
        lexer = Lexer(self.text)
        lexer.at = sound = self.at
        depth = 0
        try:
            while True:
                words, mark = lexer.statement()
                if not mark and not words:
                    break
                depth += {"{": 1, "}": -1}.get(mark, 0)
                if depth < 0 or bool(words) == (mark == "}") or not mark:
                    raise NginxSyntaxError("unexpected", 0)
                for word in words:
                    self.word(word)
                if mark == "{" and holds_lua(words[0].value):
                    self.lua(lexer, words)
                    depth -= 1
                sound = lexer.at
        except NginxSyntaxError:
            self.deviations[Deviation.REFUSED] += 1
            return "".join(part for end, part in self.parts if end <= sound) + self.text[self.at : sound]
        return "".join(part for _end, part in self.parts) + self.text[self.at :]

    def replace(self, start, end, by):
        self.parts.append((end, self.text[self.at : start] + by))
        self.at = end

    def word(self, word):
        raw = self.text[word.start : word.end]
        deviation = None if raw[0] in "\"'" else deviation_of(raw, self.text[word.end : word.end + 1])
        if deviation is not None:
            self.deviations[deviation] += 1
            # Behind a closing quote a word may follow at once only where it begins with a bracket.
            by = "%sword%d" % (")" if raw.startswith(")") else "", len(self.parts))
            self.replace(word.start, word.end, by + "\\\n" * raw.count("\n"))

    def lua(self, lexer, words):
        """Put a block without Lua in the place of one with it."""
        self.deviations[Deviation.LUA] += 1
        code = lexer.at
        lexer.skip_lua()
        name = self.text[words[0].start : words[0].end]
        if self.at <= words[0].start:
            self.replace(words[0].start, words[0].end, "lua%d" % len(self.parts) + "\\\n" * name.count("\n"))
        self.replace(code, lexer.at - 1, "\n" * self.text.count("\n", code, lexer.at - 1))


def deviation_of(raw, behind):
    """What crossplane may misread of a bare word. behind: the character that follows it."""
    plain = unescaped_part(raw)
    if "${" in plain or (raw.endswith("\\$") and behind == "{"):
        return Deviation.VARIABLE
    if "}" in plain:
        return Deviation.BRACE_IN_WORD
    if any(char.isspace() for char in plain):
        return Deviation.BLANK
    return Deviation.LINE if raw.startswith("\\\n") else None


def unescaped_part(raw):
    """The word without its escapes, each a backslash and the character behind it."""
    parts, at = [], 0
    while at < len(raw):
        if raw[at] == "\\":
            at += 2
        else:
            parts.append(raw[at])
            at += 1
    return "".join(parts)


def compare(text):
    """Compare both readings, as far as nginx reads the text."""
    ours, theirs = our_rows(text), their_rows(text)
    if ours.rows == theirs.rows and bool(ours.error) == bool(theirs.error):
        return Compared(None, None, collections.Counter())
    sifter = _Sifter(text)
    sifted = sifter.sift()
    ours, theirs = our_rows(sifted), their_rows(sifted)
    if ours.rows == theirs.rows and bool(ours.error) == bool(theirs.error):
        return Compared(None, None, sifter.deviations)
    length = min(len(ours.rows), len(theirs.rows))
    first = next((at for at in range(length) if ours.rows[at] != theirs.rows[at]), length)
    return Compared(
        ours.rows[first] if first < len(ours.rows) else ours.error,
        theirs.rows[first] if first < len(theirs.rows) else theirs.error,
        sifter.deviations,
    )
