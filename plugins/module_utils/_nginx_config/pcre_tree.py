# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions of nginx (PCRE) read into a tree.

nginx compares bytes, so that a pattern is read as characters 0 to 255, and classes and case are those of ASCII.

Private to this collection: it may change in any release.
"""

import re
from typing import Any, Dict, FrozenSet, List, Match, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre_chars import (
    ALL,
    NOT_NEWLINE,
    NotRead,
    any_case,
    bytes_of,
    character,
    class_members,
    escaped_class,
)

#: nginx takes no longer word.
LENGTH_LIMIT = 4096
DEPTH_LIMIT = 50

#: The pieces of a pattern, each by the group that it matches; a class is read on from its [.
_PIECE = re.compile(
    r"""(?P<flags>\(\?(?P<on>[ims]*)(?P<off>-[ims]+)?(?P<scope>[:)]))
    |(?P<around>\(\?(?P<before><?)(?P<wanted>[=!]))
    |(?P<alone>\(\?>)
    |(?P<comment>\(\?\#[^)]*\))
    |(?P<back>\\(?P<number>[1-9]\d?)|\\g\{?(?P<relative>-?\d+)\}?|\\[gk][{<'](?P<k_name>\w+)[}>']|\(\?P=(?P<p_name>\w+)\))
    |(?P<named>\(\?(?:P?<|')(?P<name>[A-Za-z_]\w*)[>'])
    |(?P<other>\([?*].{0,9})
    |(?P<open>\()
    |(?P<close>\))
    |(?P<bar>\|)
    |(?P<count>(?:[*+?]|\{(?P<least>\d{1,5})(?P<comma>,(?P<most>\d{0,5}))?\})(?P<how>[+?]?))
    |(?P<class>\[)
    |(?P<check>\\[AzZbB]|[\^$])
    |(?P<set>\\[dDwWsShHvVN]|\.)
    |(?P<char>\\x\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{0,2}|\\0[0-7]{0,2}|\\[aefnrt]|\\[^A-Za-z0-9]|[^\\])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_UTF = re.compile(r"\(\*UTF8?\)")
_CHECKS = {"\\A": "first", "\\z": "last", "\\Z": "end", "\\b": "edge", "\\B": "no edge", "^": "first", "$": "end"}
_LINE_CHECKS = {"^": "line start", "$": "line end"}
_HOW = {"": "greedy", "?": "lazy", "+": "possessive"}


class Chars(NamedTuple):
    """One character of these. written: how it stands in the pattern, where that names a single one."""

    members: FrozenSet[str]
    written: str = ""


class Check(NamedTuple):
    """A place: first, last, end (the last, or before a newline there), line start, line end, edge (of a word) or no edge."""

    kind: str


class Back(NamedTuple):
    """What a group has matched, once more."""

    group: int
    caseless: bool


class Group(NamedTuple):
    """An item whose match is kept. number 0: one that is not kept."""

    number: int
    item: Any


class Repeat(NamedTuple):
    """An item, least to most times (None: no limit). how: greedy, lazy or possessive. empty: whether the item may match nothing."""

    item: Any
    least: int
    most: Optional[int]
    how: str
    empty: bool


class Alone(NamedTuple):
    """An item that is matched in the first way that fits, and in no other."""

    item: Any


class Around(NamedTuple):
    """An item that must (or, not wanted, must not) stand after this place, or before it."""

    item: Any
    before: bool
    wanted: bool


class Sequence(NamedTuple):
    """Items one after the other."""

    items: Tuple[Any, ...]


class Choice(NamedTuple):
    """The first of the items that leads to a match."""

    items: Tuple[Any, ...]


class Pattern(NamedTuple):
    """What was read: the tree, the count of its groups, and the numbers of those that have a name."""

    tree: Any
    groups: int
    names: Dict[str, int]


class _Flags(NamedTuple):
    """What (?ims) says of the rest of a group."""

    i: bool
    m: bool
    s: bool


def read_pattern(pattern: str, caseless: bool = False) -> Pattern:
    """The tree of a pattern. Raises NotRead."""
    if len(pattern) > LENGTH_LIMIT:
        raise NotRead("it is longer than %d characters" % LENGTH_LIMIT)
    text = bytes_of(pattern)
    utf = _UTF.match(text)
    if utf and len(text) > len(pattern):
        raise NotRead("it has characters beyond ASCII after (*UTF8)")
    reader = _Reader(text, utf.end() if utf else 0)
    tree = reader.choice(_Flags(caseless, False, False), 0)
    if reader.place < len(text):
        raise NotRead("a ) too many")
    if reader.highest_back > reader.groups:
        raise NotRead("there is no group %d" % reader.highest_back)
    return Pattern(tree, reader.groups, reader.names)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str, place: int) -> None:
        self.text = text
        self.place = place
        self.groups = 0
        self.names: Dict[str, int] = {}
        self.highest_back = 0

    def piece(self) -> Optional[Match[str]]:
        """The piece that stands here; None at the end."""
        found = _PIECE.match(self.text, self.place)
        if found is None and self.place < len(self.text):
            raise NotRead("%s is not known here" % self.text[self.place : self.place + 2])
        return found

    def choice(self, flags: _Flags, depth: int) -> Any:
        """Alternatives, up to the end of the group that they stand in."""
        if depth > DEPTH_LIMIT:
            raise NotRead("groups are nested more than %d deep" % DEPTH_LIMIT)
        alternatives: List[Any] = []
        items: List[Any] = []
        found = self.piece()
        while found and found.lastgroup != "close":
            self.place = found.end()
            if found.lastgroup == "bar":
                alternatives.append(Sequence(tuple(items)))
                items = []
            elif found.lastgroup == "flags" and found.group("scope") == ")":
                flags = _changed(flags, found)
            elif found.lastgroup == "count":
                items.append(_repeated(items.pop() if items else None, found))
            elif found.lastgroup != "comment":
                items.append(self.item(found, flags, depth))
            found = self.piece()
        alternatives.append(Sequence(tuple(items)))
        return alternatives[0] if len(alternatives) == 1 else Choice(tuple(alternatives))

    def item(self, found: Match[str], flags: _Flags, depth: int) -> Any:
        """The item that begins with this piece."""
        kind, text = found.lastgroup, found.group(0)
        if kind == "char":
            members = frozenset(character(text))
            return Chars(any_case(members) if flags.i else members, character(text))
        if kind == "set":
            return Chars((ALL if flags.s else NOT_NEWLINE) if text == "." else escaped_class(text))
        if kind == "class":
            members, self.place = class_members(self.text, self.place, flags.i)
            return Chars(members)
        if kind == "check":
            return Check(_LINE_CHECKS.get(text, _CHECKS[text]) if flags.m else _CHECKS[text])
        if kind == "back":
            return self.back(found, flags)
        return self.group(found, flags, depth)

    def group(self, found: Match[str], flags: _Flags, depth: int) -> Any:
        kind = found.lastgroup
        if kind == "other":
            raise NotRead("%s is not known here" % found.group(0))
        number = 0
        if kind in ("open", "named"):
            self.groups += 1
            number = self.groups
            if kind == "named":
                self.names[found.group("name")] = number
        item = self.choice(_changed(flags, found) if kind == "flags" else flags, depth + 1)
        if not self.text.startswith(")", self.place):
            raise NotRead("a ) is missing")
        self.place += 1
        if kind == "alone":
            return Alone(item)
        if kind == "around":
            return Around(item, found.group("before") == "<", found.group("wanted") == "=")
        return Group(number, item)

    def back(self, found: Match[str], flags: _Flags) -> Back:
        name = found.group("k_name") or found.group("p_name")
        if name and not name.isdigit():
            if name not in self.names:
                raise NotRead("there is no group %s before its use" % name)
            return Back(self.names[name], flags.i)
        number = int(name or found.group("number") or found.group("relative"))
        number = number if number >= 0 else self.groups + 1 + number
        if number < 1:
            raise NotRead("%s is not known here" % found.group(0))
        self.highest_back = max(self.highest_back, number)
        return Back(number, flags.i)


def _changed(flags: _Flags, found: Match[str]) -> _Flags:
    on, off = found.group("on"), found.group("off") or ""
    return flags._replace(**{name: name in on or (getattr(flags, name) and name not in off) for name in "ims"})


def _repeated(item: Any, found: Match[str]) -> Repeat:
    """The item with the count that follows it."""
    if item is None or isinstance(item, Check):
        raise NotRead("there is nothing to repeat before %s" % found.group(0))
    if isinstance(item, Repeat):
        item = Group(0, item)
    how = _HOW[found.group("how")]
    if found.group("least") is None:
        mark = found.group(0)[0]
        return Repeat(item, 1 if mark == "+" else 0, 1 if mark == "?" else None, how, may_be_empty(item))
    least = int(found.group("least"))
    most = least if found.group("comma") is None else int(found.group("most")) if found.group("most") else None
    if most is not None and most < least:
        raise NotRead("a count that ends before it begins")
    return Repeat(item, least, most, how, may_be_empty(item))


def may_be_empty(item: Any) -> bool:
    """Whether an item may match without taking a character."""
    if isinstance(item, Chars):
        return False
    if isinstance(item, Sequence):
        return all(map(may_be_empty, item.items))
    if isinstance(item, Choice):
        return any(map(may_be_empty, item.items))
    if isinstance(item, Repeat):
        return item.least == 0 or item.empty
    return may_be_empty(item.item) if isinstance(item, (Group, Alone)) else True
