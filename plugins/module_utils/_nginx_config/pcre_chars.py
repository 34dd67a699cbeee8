# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Characters and classes of characters in a regular expression of nginx: those of bytes, with ASCII's letters and case.

Private to this collection: it may change in any release.
"""

import re
import string
from typing import FrozenSet, Match, Set, Tuple

ALL = frozenset(map(chr, range(256)))
NOT_NEWLINE = ALL - {"\n"}
_WORD = frozenset(string.ascii_letters + string.digits + "_")
_SPACE = frozenset(" \t\n\v\f\r")
_ACROSS = frozenset(" \t\xa0")
_DOWN = frozenset("\n\v\f\r\x85")
_ESCAPES = {"d": frozenset(string.digits), "w": _WORD, "s": _SPACE, "h": _ACROSS, "v": _DOWN}
_NAMED = {
    "alnum": frozenset(string.ascii_letters + string.digits),
    "alpha": frozenset(string.ascii_letters),
    "ascii": frozenset(map(chr, range(128))),
    "blank": frozenset(" \t"),
    "cntrl": frozenset(map(chr, range(32))) | {"\x7f"},
    "digit": frozenset(string.digits),
    "graph": frozenset(map(chr, range(33, 127))),
    "lower": frozenset(string.ascii_lowercase),
    "print": frozenset(map(chr, range(32, 127))),
    "punct": frozenset(string.punctuation),
    "space": _SPACE,
    "upper": frozenset(string.ascii_uppercase),
    "word": _WORD,
    "xdigit": frozenset(string.hexdigits),
}
_CONTROLS = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
#: What may stand in a class, by the group that it matches.
_MEMBER = re.compile(
    r"""(?P<named>\[:(?P<not>\^?)(?P<name>[a-z]+):\])
    |(?P<set>\\[dDwWsShHvV])
    |(?P<char>\\x\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{0,2}|\\[0-7]{1,3}|\\[abefnrt]|\\[^A-Za-z0-9]|[^\\])""",
    re.VERBOSE | re.DOTALL,
)


class NotRead(Exception):
    """The pattern has something that is not known here, or is no pattern."""


def bytes_of(text: str) -> str:
    """The bytes of a text as characters 0 to 255."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def text_of(raw: str) -> str:
    """The text of such bytes."""
    return raw.encode("latin-1").decode("utf-8", "surrogateescape")


def any_case(members: FrozenSet[str]) -> FrozenSet[str]:
    """These characters, letters in both cases."""
    return members | {one.swapcase() for one in members if one in string.ascii_letters}


def character(written: str) -> str:
    """The one character that a piece of a pattern stands for. Raises NotRead."""
    if not written.startswith("\\"):
        return written
    code = written[1]
    if code in _CONTROLS:
        return _CONTROLS[code]
    if code != "x" and not code.isdigit():
        return code
    number = int(written[2:].strip("{}") or "0", 16) if code == "x" else int(written[1:], 8)
    if number > 255:
        raise NotRead("%s is beyond a byte" % written)
    return chr(number)


def escaped_class(written: str) -> FrozenSet[str]:
    """The characters of \\d, \\D and their like."""
    if written == "\\N":
        return NOT_NEWLINE
    members = _ESCAPES[written[1].lower()]
    return ALL - members if written[1].isupper() else members


def class_members(text: str, place: int, caseless: bool) -> Tuple[FrozenSet[str], int]:
    """The characters of a class whose [ ends at place, and where it ends. Raises NotRead."""
    negated = text.startswith("^", place)
    place += negated
    first = place
    members: Set[str] = set()
    while place == first or not text.startswith("]", place):
        found = _member(text, place)
        place = found.end()
        one = _members(found)
        if found.lastgroup == "char" and text.startswith("-", place) and not text.startswith("-]", place):
            end = _member(text, place + 1)
            if end.lastgroup == "char":
                one = _range(found, end)
                place = end.end()
        members |= one
    chosen = any_case(frozenset(members)) if caseless else frozenset(members)
    return ALL - chosen if negated else chosen, place + 1


def _member(text: str, place: int) -> Match[str]:
    found = _MEMBER.match(text, place)
    if found is None:
        raise NotRead(
            "a ] is missing" if place >= len(text) else "%s is not known in a class" % text[place : place + 2]
        )
    return found


def _members(found: Match[str]) -> FrozenSet[str]:
    if found.lastgroup == "char":
        return frozenset(character(found.group(0)))
    if found.lastgroup == "set":
        return escaped_class(found.group(0))
    if found.group("name") not in _NAMED:
        raise NotRead("there is no class %s" % found.group(0))
    members = _NAMED[found.group("name")]
    return ALL - members if found.group("not") else members


def _range(start: Match[str], end: Match[str]) -> FrozenSet[str]:
    low, high = ord(character(start.group(0))), ord(character(end.group(0)))
    if low > high:
        raise NotRead("%s-%s ends before it begins" % (start.group(0), end.group(0)))
    return frozenset(map(chr, range(low, high + 1)))
