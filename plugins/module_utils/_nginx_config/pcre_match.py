# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions of nginx matched within a bound.

PCRE and Python's re go back and try again as often as there are ways to match, which may be more than anybody can wait for. Here no
instruction is tried twice at the same place of the text: what led nowhere once leads nowhere. The match found is the same one.

Private to this collection: it may change in any release.
"""

import string
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pcre_program import (
    ACCEPT,
    AGAIN,
    ALONE,
    AROUND,
    BACK,
    CHARS,
    CHECK,
    CLOSE,
    JOIN,
    SAVE,
    SPLIT,
    Instruction,
    Program,
)

Slots = Tuple[int, ...]
#: Where a match goes on: instruction, place in the text, what has been remembered.
State = Tuple[int, int, Slots]

_WORD = frozenset(string.ascii_letters + string.digits + "_")


class TooMuch(Exception):
    """The steps that were allowed are used up."""


class Machine:
    """Runs a program over one text. steps: how many it may take; left: how many of them it has not taken."""

    def __init__(self, program: Program, text: str, steps: int) -> None:
        self.program = program
        self.text = text
        self.left = steps

    def search(self) -> Optional[Slots]:
        """The places that the first match has remembered, or None. Raises TooMuch."""
        tried: Set[Any] = set()
        for place in range(1 if self.program.anchored else len(self.text) + 1):
            found = self.run(self.program.start, place, (-1,) * self.program.slots, tried)
            if found is not None:
                return found[1]
        return None

    def run(self, start: int, place: int, slots: Slots, tried: Set[Any]) -> Optional[Tuple[int, Slots]]:
        """Where a match that begins here ends, and what it remembers. tried: what led nowhere so far."""
        waiting: List[State] = [(start, place, slots)]
        while waiting:
            found = self.follow(waiting, tried)
            if found is not None:
                return found
        return None

    def follow(self, waiting: List[State], tried: Set[Any]) -> Optional[Tuple[int, Slots]]:
        """Go on from the state that waits last until it accepts or leads nowhere; further ways are left waiting."""
        code, text, size = self.program.code, self.text, len(self.text)
        at, place, slots = waiting.pop()
        while True:
            self.left -= 1
            if self.left < 0:
                raise TooMuch()
            kind, argument, then, other, loops = code[at]
            if kind == CHARS:
                if place == size or text[place] not in argument:
                    return None
                at, place = then, place + 1
            elif kind == ACCEPT:
                return place, slots
            elif kind in (SPLIT, JOIN):
                if self.was_tried(at, place, slots, loops, tried):
                    return None
                if kind == SPLIT:
                    waiting.append((other, place, slots))
                at = then
            else:
                state = _OTHERS[kind](self, code[at], place, slots)
                if state is None:
                    return None
                at, place, slots = state

    def was_tried(self, at: int, place: int, slots: Slots, loops: Slots, tried: Set[Any]) -> bool:
        """Whether this instruction was here before. In loops that may go round empty it also counts whether they have taken something yet."""
        key: Any = at * (len(self.text) + 1) + place
        if loops:
            key = (key, tuple(slots[loop] == place for loop in loops))
        if key in tried and not self.program.has_backs:
            return True
        tried.add(key)
        return False


def _with(slots: Slots, slot: int, place: int) -> Slots:
    return slots[:slot] + (place,) + slots[slot + 1 :]


def _save(machine: Machine, step: Instruction, place: int, slots: Slots) -> Optional[State]:
    machine.left -= len(slots) // 16
    return step.then, place, _with(slots, step.argument, place)


def _close(machine: Machine, step: Instruction, place: int, slots: Slots) -> Optional[State]:
    machine.left -= len(slots) // 16
    slot = step.argument
    return step.then, place, slots[:slot] + (slots[slot + 2], place) + slots[slot + 2 :]


def _again(_machine: Machine, step: Instruction, place: int, slots: Slots) -> Optional[State]:
    return step.other if slots[step.argument] == place else step.then, place, slots


def _is_word(text: str, place: int) -> bool:
    return 0 <= place < len(text) and text[place] in _WORD


_CHECKS: Dict[str, Callable[[str, int], bool]] = {
    "first": lambda text, place: place == 0,
    "last": lambda text, place: place == len(text),
    "end": lambda text, place: place == len(text) or (place == len(text) - 1 and text[place] == "\n"),
    "line start": lambda text, place: place == 0 or (text[place - 1] == "\n" and place < len(text)),
    "line end": lambda text, place: place == len(text) or text[place] == "\n",
    "edge": lambda text, place: _is_word(text, place - 1) != _is_word(text, place),
    "no edge": lambda text, place: _is_word(text, place - 1) == _is_word(text, place),
}


def _check(machine: Machine, step: Instruction, place: int, slots: Slots) -> Optional[State]:
    return (step.then, place, slots) if _CHECKS[step.argument](machine.text, place) else None


def _back(machine: Machine, step: Instruction, place: int, slots: Slots) -> Optional[State]:
    slot = 3 * (step.argument.group - 1)
    start, end = slots[slot : slot + 2]
    if start < 0:
        return None
    wanted, here = machine.text[start:end], machine.text[place : place + end - start]
    machine.left -= len(here)
    if here != wanted and not (step.argument.caseless and _small(here) == _small(wanted)):
        return None
    return step.then, place + end - start, slots


def _small(text: str) -> str:
    return "".join(one.lower() if one in string.ascii_uppercase else one for one in text)


def _alone(machine: Machine, step: Instruction, place: int, slots: Slots) -> Optional[State]:
    found = machine.run(step.argument, place, slots, set())
    return None if found is None else (step.then, found[0], found[1])


def _around(machine: Machine, step: Instruction, place: int, slots: Slots) -> Optional[State]:
    for width, start in step.argument.starts:
        found = machine.run(start, place - width, slots, set()) if place >= width else None
        if found is not None:
            return (step.then, place, found[1]) if step.argument.wanted else None
    return None if step.argument.wanted else (step.then, place, slots)


_OTHERS: Dict[int, Callable[[Machine, Instruction, int, Slots], Optional[State]]] = {
    SAVE: _save,
    CLOSE: _close,
    AGAIN: _again,
    CHECK: _check,
    BACK: _back,
    ALONE: _alone,
    AROUND: _around,
}
