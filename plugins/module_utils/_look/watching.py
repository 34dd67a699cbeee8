# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go on asking a site for a while: whether what is well stays well.

Private to this collection: it may change in any release.
"""

import time
from typing import TYPE_CHECKING, List, NamedTuple, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import ErrorLogTail
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import AT_ONCE, Ask
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.site_answers import site_answers

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer

#: Seconds between two times of asking, in which a few URLs are asked, in turns.
EVERY = 1.0


class Watched(NamedTuple):
    """The newest answers in the order of the questions, those that were well at first and are not any more, and for how many seconds it went on."""

    answers: "List[Answer]"
    gone: "List[Answer]"
    seconds: float


def watch(
    asks: Sequence[Ask], timeout: float, deadline: float, tails: Sequence[ErrorLogTail], seconds: float
) -> Watched:
    """Ask all, then what was well once more in turns, for so many seconds or until something is not well any more."""
    began = time.monotonic()
    answers = site_answers(asks, timeout, deadline, tails)
    turns = [number for number, answer in enumerate(answers) if _is_well(answer)]
    gone: "List[Answer]" = []
    while turns and not gone and time.monotonic() - began < seconds:
        time.sleep(EVERY)
        now, turns = turns[:AT_ONCE], turns[AT_ONCE:] + turns[:AT_ONCE]
        again = site_answers([asks[number]._replace(times=1) for number in now], timeout, deadline, tails)
        for number, answer in zip(now, again):
            answers[number] = answer
        gone = [answer for answer in again if not _is_well(answer)]
    return Watched(answers, gone, round(time.monotonic() - began, 1))


def _is_well(answer: "Answer") -> bool:
    """Whether nothing failed on the way to this answer."""
    return answer["status"] is not None and answer["status"] < 500 and not answer["signature"]
