# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions of nginx as programs: small instructions, each of which names the one that follows it.

Private to this collection: it may change in any release.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre_chars import NotRead
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre_tree import (
    Alone,
    Around,
    Back,
    Chars,
    Check,
    Choice,
    Group,
    Pattern,
    Repeat,
    Sequence,
)

#: Counts are written out (x{3} is xxx): this many items.
ITEMS_LIMIT = 2000

# What an instruction does.
ACCEPT, CHARS, SPLIT, JOIN, SAVE, CLOSE, CHECK, BACK, AGAIN, ALONE, AROUND = range(11)


class Instruction(NamedTuple):
    """One step. then: the next one; other: the next one if that leads nowhere. loops: slots of the loops around it that may go round empty."""

    kind: int
    argument: Any
    then: int
    other: int
    loops: Tuple[int, ...]


class Look(NamedTuple):
    """What an AROUND asks: programs by the width of what they match before the place; 0 where it stands after it."""

    starts: Tuple[Tuple[int, int], ...]
    wanted: bool


class Program(NamedTuple):
    """A program. start: where it begins; slots: how many places it remembers; needs: a text of ASCII that all have that it fits, in small
    letters; anchored: it fits only where the text begins."""

    code: List[Instruction]
    start: int
    slots: int
    groups: int
    names: Dict[str, int]
    anchored: bool
    needs: str
    has_backs: bool


def program_of(pattern: Pattern, remembers: bool = True) -> Program:
    """The program of a pattern. remembers: whether it has to know what its groups have matched. Raises NotRead where it would be too long."""
    writer = _Writer(pattern.groups, remembers)
    start = writer.write(pattern.tree, writer.add(ACCEPT), ())
    has_backs = any(one.kind == BACK for one in writer.code)
    if has_backs and not remembers:
        return program_of(pattern)
    needs = max((text for text in literals(pattern.tree) if max(text, default="") < "\x80"), key=len, default="")
    return Program(
        writer.code,
        start,
        writer.slots,
        pattern.groups,
        pattern.names,
        _begins_at_the_start(pattern.tree),
        needs.lower(),
        has_backs,
    )


class _Writer:
    """Writes instructions from the last to the first, so that each knows what follows it."""

    def __init__(self, groups: int, remembers: bool) -> None:
        self.code: List[Instruction] = []
        self.remembers = remembers
        self.slots = 3 * groups if remembers else 0
        self.items = 0

    def add(self, kind: int, argument: Any = None, then: int = 0, other: int = 0, loops: Tuple[int, ...] = ()) -> int:
        self.code.append(Instruction(kind, argument, then, other, loops))
        return len(self.code) - 1

    def write(self, item: Any, then: int, loops: Tuple[int, ...]) -> int:
        """Write an item that goes on with the instruction `then`; where it begins."""
        self.items += 1
        if self.items > ITEMS_LIMIT:
            raise NotRead("it is longer than %d items, its counts written out" % ITEMS_LIMIT)
        if isinstance(item, Chars):
            return self.add(CHARS, item.members, then)
        if isinstance(item, Sequence):
            for one in reversed(item.items):
                then = self.write(one, then, loops)
            return then
        if isinstance(item, Choice):
            return self.choice(item, then, loops)
        if isinstance(item, Group):
            return self.group(item, then, loops)
        if isinstance(item, Repeat):
            return self.repeat(item, then, loops)
        return self.other(item, then, loops)

    def choice(self, item: Choice, then: int, loops: Tuple[int, ...]) -> int:
        join = self.add(JOIN, None, then, loops=loops)
        starts = [self.write(one, join, loops) for one in item.items]
        start = starts.pop()
        while starts:
            start = self.add(SPLIT, None, starts.pop(), start, loops)
        return start

    def group(self, item: Group, then: int, loops: Tuple[int, ...]) -> int:
        if not item.number or not self.remembers:
            return self.write(item.item, then, loops)
        # Three places: start and end of what it has matched, and where it was opened last; inside, it still is what it was before.
        slot = 3 * (item.number - 1)
        close = self.add(CLOSE, slot, then)
        return self.add(SAVE, slot + 2, self.write(item.item, close, loops))

    def repeat(self, item: Repeat, then: int, loops: Tuple[int, ...]) -> int:
        if item.how == "possessive":
            return self.other(Alone(item._replace(how="greedy")), then, loops)
        lazy, copies = item.how == "lazy", item.least
        if item.most is None:
            start = self.loop(item, then, lazy, loops)
            copies = max(0, copies - 1)
        else:
            start = join = self.add(JOIN, None, then, loops=loops)
            for _each in range(item.most - item.least):
                start = self.split(self.write(item.item, start, loops), join, lazy, loops)
        for _each in range(copies):
            start = self.write(item.item, start, loops)
        return start

    def split(self, more: int, enough: int, lazy: bool, loops: Tuple[int, ...]) -> int:
        return self.add(SPLIT, None, *((enough, more) if lazy else (more, enough)), loops)

    def loop(self, item: Repeat, then: int, lazy: bool, loops: Tuple[int, ...]) -> int:
        """An item any number of times, but once if it has to be there. Where a round takes no character there is no further one."""
        split = self.split(0, then, lazy, loops)
        if item.empty:
            slot, self.slots = self.slots, self.slots + 1
            again = self.add(AGAIN, slot, split, then)
            start = self.add(SAVE, slot, self.write(item.item, again, (*loops, slot)))
        else:
            start = self.write(item.item, split, loops)
        made = self.code[split]
        self.code[split] = made._replace(other=start) if lazy else made._replace(then=start)
        return start if item.least else split

    def other(self, item: Any, then: int, loops: Tuple[int, ...]) -> int:
        if isinstance(item, Check):
            return self.add(CHECK, item.kind, then)
        if isinstance(item, Back):
            return self.add(BACK, item, then)
        if isinstance(item, Alone):
            return self.add(ALONE, self.write(item.item, self.add(ACCEPT), loops), then)
        starts = []
        for one in _alternatives(item.item) if item.before else [item.item]:
            width = _width(one) if item.before else 0
            if width is None:
                raise NotRead("a (?<= without a fixed length is not known here")
            starts.append((width, self.write(one, self.add(ACCEPT), loops)))
        return self.add(AROUND, Look(tuple(starts), item.wanted), then)


def _alternatives(item: Any) -> Tuple[Any, ...]:
    return item.items if isinstance(item, Choice) else (item,)


def _width(item: Any) -> Optional[int]:
    """How many characters an item always takes, or None where that differs."""
    if isinstance(item, Chars):
        return 1
    if isinstance(item, (Check, Around)):
        return 0
    if isinstance(item, (Group, Alone)):
        return _width(item.item)
    if isinstance(item, Repeat):
        width = _width(item.item) if item.least == item.most else None
        return None if width is None else width * item.least
    if isinstance(item, (Sequence, Choice)):
        widths = [_width(one) for one in item.items]
        known = [width for width in widths if width is not None]
        if len(known) < len(widths) or (isinstance(item, Choice) and len(set(known)) > 1):
            return None
        return sum(known) if isinstance(item, Sequence) else known[0]
    return None


def _begins_at_the_start(item: Any) -> bool:
    """Whether a match can only begin where the text does."""
    if isinstance(item, Sequence):
        return bool(item.items) and _begins_at_the_start(item.items[0])
    if isinstance(item, Choice):
        return all(map(_begins_at_the_start, item.items))
    if isinstance(item, (Group, Alone)):
        return _begins_at_the_start(item.item)
    return isinstance(item, Check) and item.kind == "first"


def literals(item: Any) -> List[str]:
    """Texts that each match has in it, whatever the case of their letters."""
    if isinstance(item, (Group, Alone)):
        return literals(item.item)
    if isinstance(item, Repeat) and item.least:
        return literals(item.item)
    found = [""]
    for one in item.items if isinstance(item, Sequence) else [item]:
        if isinstance(one, Chars) and one.written:
            found[-1] += one.written
        elif isinstance(one, (Group, Alone, Repeat, Sequence)):
            found += [*literals(one), ""] if not isinstance(one, Repeat) or one.least else [""]
        elif not isinstance(one, Check):
            found.append("")
    return found
