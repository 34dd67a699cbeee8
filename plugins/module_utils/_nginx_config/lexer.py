# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of nginx's configuration language, as nginx itself reads them; no meaning of any directive.

Follows ngx_conf_read_token() of nginx and the Lua scanner of lua-nginx-module: words, quotes, escapes, comments, ends of statements. Reading
(tree.py) and editing (statements.py) share it. The time is linear in the length of the text, whatever the text is.

Private to this collection: it may change in any release.
"""

import re
from typing import Dict, List, NamedTuple, Tuple

#: What is as long or longer, with its closing quote, does not fit into nginx's buffer.
WORD_LIMIT = 4096
#: What is said of a part that a bound cuts off.
REST = "the rest is not read"
#: Words of one configuration. With as many as there may be blocks beside them, reading them took 140 MB beyond what Python takes.
WORDS_LIMIT = 500000
#: What stands between words, and then a mark, a bare word or a quoted word. Where nothing fits, it is tried only once: each part can end in one way.
_BETWEEN = r"[ \t\r\n]*(?:#[^\n]*(?:\n[ \t\r\n]*|\Z))*"
_BARE = r"(?:[^ \t\r\n;{}#\"'\\$]|\\.|\$\{*)(?:[^ \t\r\n;{\\$]+|\\.|\$\{*)*"
_TOKEN = re.compile(
    _BETWEEN + r"(?:([;{}])|(" + _BARE + r")|\"([^\"\\]*(?:\\.[^\"\\]*)*)\"|'([^'\\]*(?:\\.[^'\\]*)*)')", re.DOTALL
)
_MARK, _WORD = 1, 2
#: A whole statement of bare words that have neither escapes nor ${, as nearly all are, or the end of a block. Whatever else there is, _TOKEN reads.
_PLAIN = r"[^\s;{}#\"'\\]+"
_STATEMENT = re.compile(_BETWEEN + r"(?:(%s(?:[ \t\r\n]+%s)*)[ \t\r\n]*(?<!\$)([;{])|(\}))" % (_PLAIN, _PLAIN))
_WORDS, _OPENS_OR_ENDS, _CLOSES = 1, 2, 3
_GAP = re.compile(_BETWEEN)
_AFTER_QUOTES = frozenset(" \t\r\n;{)")
_ESCAPE = re.compile(r"\\([\"'\\trn])")
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}
_LUA = re.compile(r"--\[(?P<comment>=*)\[|--[^\n]*|\[(?P<string>=*)\[|[{}\"']")
_LUA_QUOTED = {
    '"': re.compile(r'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"'),
    "'": re.compile(r"'[^'\\\n]*(?:\\[^\n][^'\\\n]*)*'"),
}
_LUA_BLOCK = "_by_lua_block"


class NginxSyntaxError(ValueError):
    """The text is not nginx configuration from this line on. reason: what is wrong, in nginx's own words."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__("%s in line %d" % (reason, line))
        self.reason = reason
        self.line = line


class Word(NamedTuple):
    """A word: its value as nginx understands it, and where it stands in the text, quotes included."""

    value: str
    start: int
    end: int


class Lexer:
    """Reads a text from its beginning to its end. at: offset, in characters, of what is read next."""

    def __init__(self, text: str, words_limit: int = WORDS_LIMIT) -> None:
        self.text = text
        self.at = 0
        self.words_read = 0
        self.words_limit = words_limit
        self._line, self._line_at = 1, 0

    def line(self, offset: int) -> int:
        """The number of the line that the character at this offset stands on. Quick where it is asked for in the order of the text."""
        if offset < self._line_at:
            self._line, self._line_at = 1, 0
        self._line += self.text.count("\n", self._line_at, offset)
        self._line_at = offset
        return self._line

    def error(self, reason: str, offset: int) -> NginxSyntaxError:
        return NginxSyntaxError(reason, self.line(offset))

    def unexpected_end(self, expected: str = '";" or "}"') -> NginxSyntaxError:
        return self.error("unexpected end of file, expecting %s" % expected, len(self.text))

    def statement(self) -> Tuple[List[Word], str]:
        """The words up to the next `;`, `{` or `}` or the end of the text, and which of these it was (empty for the end).

        Whether words may or must stand before it is for the caller to judge. Raises NginxSyntaxError.
        """
        words: List[Word] = []
        text, at, match = self.text, self.at, _TOKEN.match
        room = self.words_limit - self.words_read
        while True:
            found = match(text, at)
            if found is None:
                self._stop(at)
                self.words_read += len(words)
                return words, ""
            kind = found.lastindex or _MARK
            start, end = found.span(kind)
            at = found.end()
            if kind == _MARK:
                self.at = at
                self.words_read += len(words)
                return words, text[start]
            if len(words) >= room:
                raise self.error("too many words: " + REST, start)
            if at - start >= WORD_LIMIT:
                raise self._too_long(start, end, kind != _WORD)
            raw = text[start:end]
            value = unescape(raw) if "\\" in raw else raw
            if kind == _WORD:
                words.append(Word(value, start, end))
            elif at < len(text) and text[at] not in _AFTER_QUOTES:
                raise self.error('unexpected "%s"' % text[at], at)
            else:
                words.append(Word(value, start - 1, at))

    def values(self) -> Tuple[List[str], int, str]:
        """What statement() says, without the places of the words but where the first one begins. Raises NginxSyntaxError."""
        found = _STATEMENT.match(self.text, self.at)
        if found is not None and found.lastindex == _CLOSES:
            self.at = found.end()
            return [], self.at - 1, "}"
        if found is not None and found.end() - found.start(_WORDS) < WORD_LIMIT:
            values = found.group(_WORDS).split()
            if self.words_read + len(values) <= self.words_limit:
                self.at = found.end()
                self.words_read += len(values)
                return values, found.start(_WORDS), found.group(_OPENS_OR_ENDS)
        words, mark = self.statement()
        return [word.value for word in words], words[0].start if words else self.at, mark

    def _stop(self, at: int) -> None:
        """Go to the end of the text, if nothing but blanks and comments stand before it. Raises NginxSyntaxError if not."""
        gap = _GAP.match(self.text, at)
        self.at = gap.end() if gap else at
        left = len(self.text) - self.at
        if left > WORD_LIMIT:
            raise self._too_long(self.at + 1, self.at + 1, True)
        if left:
            raise self.unexpected_end()

    def _too_long(self, start: int, end: int, quoted: bool) -> NginxSyntaxError:
        if quoted:
            mark = self.text[start - 1]
            return self.error('too long parameter, probably missing terminating "%s" character' % mark, start - 1)
        return self.error('too long parameter "%s..." started' % self.text[start : min(end, start + 10)], start)

    def skip_lua(self) -> None:
        """Pass over Lua code up to the `}` that closes its block. Raises NginxSyntaxError."""
        depth = 1
        unclosed: Dict[str, int] = {}
        while depth:
            found = _LUA.search(self.text, self.at)
            if found is None:
                raise self.unexpected_end('"}"')
            token = found.group()
            self.at = found.end()
            level = found.group("comment") if found.group("comment") is not None else found.group("string")
            if token in _LUA_QUOTED:
                self._skip_lua_string(token, unclosed)
            elif level is not None:
                closing = self.text.find("]%s]" % level, self.at)
                self.at = len(self.text) if closing < 0 else closing + len(level) + 2
            else:
                depth += {"{": 1, "}": -1}.get(token, 0)

    def _skip_lua_string(self, quote: str, unclosed: Dict[str, int]) -> None:
        """Pass over a string that ends on its line; a quote that nothing closes is passed over alone. Where one is not closed, none after it
        on its line is either: unclosed has the ends of such lines."""
        if self.at <= unclosed.get(quote, 0):
            return
        string = _LUA_QUOTED[quote].match(self.text, self.at - 1)
        if string is not None:
            self.at = string.end()
        else:
            newline = self.text.find("\n", self.at)
            unclosed[quote] = len(self.text) if newline < 0 else newline


def unescape(raw: str) -> str:
    """The value that nginx takes from the characters of a word."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found.group(1), found.group(1)), raw)


def holds_lua(name: str) -> bool:
    """Whether the block of a directive with this name is Lua code."""
    return name.endswith(_LUA_BLOCK)
