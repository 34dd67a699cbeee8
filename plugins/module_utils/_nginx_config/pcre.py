# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions of nginx (PCRE): matched within a bound of work that no pattern and no text can exceed.

Private to this collection: it may change in any release.
"""

from functools import lru_cache
from typing import Any, Dict, NamedTuple, Optional, Tuple, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre_chars import (
    NotRead,
    bytes_of,
    text_of,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre_match import Machine, TooMuch
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre_program import Program, program_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre_tree import (
    Alone,
    Chars,
    Choice,
    Group,
    Repeat,
    Sequence,
    read_pattern,
)

#: Longer text is not matched: it is a client's.
TEXT_LIMIT = 2048
#: Steps of one match, and of all that one look makes: about a twentieth of a second, and a second or two.
STEPS_LIMIT = 100000
ALL_STEPS_LIMIT = 2000000


class NotKnown(Exception):
    """Whether a pattern fits a text cannot be found out; the message says why."""


class Found(NamedTuple):
    """What a match put into the groups, in order and by name; None: a group that took no part in it."""

    groups: Tuple[Optional[str], ...]
    named: Dict[str, Optional[str]]


@lru_cache(maxsize=4096)
def _compiled(pattern: str, caseless: bool, remembers: bool = False) -> Union[Program, NotRead]:
    try:
        return program_of(read_pattern(pattern, caseless), remembers)
    except NotRead as error:
        return error


def why_not_read(pattern: str, caseless: bool = False) -> Optional[str]:
    """What keeps a pattern from being matched here, or None."""
    program = _compiled(pattern, caseless)
    return str(program) if isinstance(program, NotRead) else None


class Patterns:
    """Matches patterns, all of them together within one number of steps. unknown: what could not be found out, by pattern."""

    def __init__(self, steps: int = ALL_STEPS_LIMIT) -> None:
        self.left = steps
        self.unknown: Dict[str, str] = {}

    def fits(self, pattern: str, text: str, caseless: bool = False) -> bool:
        """Whether the pattern fits anywhere in the text. Raises NotKnown."""
        return self._slots(pattern, text, _compiled(pattern, caseless)) is not None

    def search(self, pattern: str, text: str, caseless: bool = False) -> Optional[Found]:
        """The first place of the text that the pattern fits, or None. Raises NotKnown."""
        program = _compiled(pattern, caseless, True)
        slots = self._slots(pattern, text, program)
        return None if slots is None or isinstance(program, NotRead) else _found(program, bytes_of(text), slots)

    def is_spent(self) -> bool:
        """Whether no step is left; that is then said as unknown."""
        if self.left > 0:
            return False
        self.unknown.setdefault(
            "", "comparing requests with patterns took more steps than are allowed: the rest was left out"
        )
        return True

    def _slots(self, pattern: str, text: str, program: Union[Program, NotRead]) -> Optional[Tuple[int, ...]]:
        """What the first match has remembered, or None. Raises NotKnown."""
        if isinstance(program, NotRead):
            raise self._not_known(pattern, str(program))
        if len(text) > TEXT_LIMIT:
            raise self._not_known(pattern, "it is not compared with more than %d characters" % TEXT_LIMIT)
        if self.is_spent():
            raise NotKnown(self.unknown[""])
        if program.needs not in text.lower():
            self.left -= 1
            return None
        machine = Machine(program, bytes_of(text), STEPS_LIMIT)
        try:
            return machine.search()
        except TooMuch:
            raise self._not_known(
                pattern, "comparing it with a request takes more than %d steps" % STEPS_LIMIT
            ) from None
        finally:
            self.left -= STEPS_LIMIT + 1 - machine.left

    def _not_known(self, pattern: str, why: str) -> NotKnown:
        self.unknown.setdefault(pattern, why)
        return NotKnown(why)


def _found(program: Program, raw: str, slots: Tuple[int, ...]) -> Found:
    pairs = zip(slots[: 3 * program.groups : 3], slots[1 : 3 * program.groups : 3])
    groups = tuple(text_of(raw[start:end]) if start >= 0 else None for start, end in pairs)
    return Found(groups, {name: groups[number - 1] for name, number in program.names.items()})


@lru_cache(maxsize=1024)
def sample(pattern: str, caseless: bool = False, start: str = "") -> Optional[str]:
    """A short text that begins so and that the pattern fits, found by taking the first of each choice; None where that does not lead to one."""
    try:
        tree = read_pattern(pattern, caseless).tree
    except NotRead:
        return None
    for filler in "1a":
        text = text_of(_sample(tree, filler))
        made = text if text.startswith(start) else start + text
        if made and len(made) <= TEXT_LIMIT and _fits(pattern, made, caseless):
            return made
    return None


def _fits(pattern: str, text: str, caseless: bool) -> bool:
    try:
        return Patterns(STEPS_LIMIT).fits(pattern, text, caseless)
    except NotKnown:
        return False


def _sample(item: Any, filler: str) -> str:
    """What an item may stand for: itself; filler, or else the first character of a class; nothing where it may be left out."""
    if isinstance(item, Chars):
        return item.written or (filler if filler in item.members else min(item.members, key=_strange, default=""))
    if isinstance(item, Sequence):
        return "".join(_sample(one, filler) for one in item.items)[:TEXT_LIMIT]
    if isinstance(item, Choice):
        return _sample(item.items[0], filler)
    if isinstance(item, Repeat):
        is_class = isinstance(item.item, Chars) and not item.item.written and item.most != 1
        times = item.least or int(is_class)
        return (_sample(item.item, filler) * min(times, TEXT_LIMIT))[:TEXT_LIMIT] if times else ""
    return _sample(item.item, filler) if isinstance(item, (Group, Alone)) else ""


def _strange(char: str) -> Tuple[bool, bool, str]:
    """Letters and digits first."""
    return not ("a" <= char <= "z"), not char.isalnum(), char
