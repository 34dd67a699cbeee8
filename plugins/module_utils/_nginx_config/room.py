# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of something a configuration may bring, and how its parts share that.

Private to this collection: it may change in any release.
"""

import contextlib
from typing import Callable, Dict, Iterable, Iterator, List, Sequence, TypeVar

Part = TypeVar("Part")


class Room:
    """What is left of a bound."""

    def __init__(self, limit: int) -> None:
        self.left = limit

    def take(self, amount: int = 1) -> bool:
        """Take so much of it, where so much is left; returns whether it was."""
        if amount > self.left:
            return False
        self.left -= amount
        return True


@contextlib.contextmanager
def half_of(rooms: Sequence[Room]) -> Iterator[None]:
    """Keep half of what is left back, for what comes after: no part of a configuration, which may be one customer's, takes the place of all others."""
    kept = [room.left // 2 for room in rooms]
    for room, back in zip(rooms, kept):
        room.left -= back
    try:
        yield
    finally:
        for room, back in zip(rooms, kept):
            room.left += back


def in_turns(parts: Iterable[Part], owner: Callable[[Part], object]) -> List[Part]:
    """The first part of each owner, then the second of each, and so on."""
    before: Dict[object, int] = {}
    turns = []
    for part in parts:
        whose = owner(part)
        turns.append((before.get(whose, 0), part))
        before[whose] = before.get(whose, 0) + 1
    return [part for _turn, part in sorted(turns, key=lambda one: one[0])]
