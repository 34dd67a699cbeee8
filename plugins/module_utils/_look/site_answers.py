# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx on this host answers to URLs now, and which error-log line each of these very requests made.

Private to this collection: it may change in any release.
"""

import time
from typing import TYPE_CHECKING, List, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.own_request import NOTHING, Request, blame
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.tail import ErrorLogTail
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Ask, ask_all
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.http_message import split_url

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer

_LOGGED = (500, 502, 504)
_PAUSES = (0.0, 0.05, 0.15)


def _request_of(ask: Ask, answer: "Answer") -> Optional[Request]:
    """What nginx's log would call this question; None for one that it never got."""
    try:
        url = split_url(ask.url)
    except ValueError:
        return None
    return (
        Request(ask.method, url.target.split("?", 1)[0], url.authority, answer["client"]) if answer["status"] else None
    )


def site_answers(
    asks: Sequence[Ask], timeout: float, deadline: float, tails: Sequence[ErrorLogTail] = ()
) -> "List[Answer]":
    """Ask all and name the error-log line of each: `answers` of docs/facts.md."""
    marked = [tail.mark() for tail in tails]
    answers = ask_all(asks, timeout, deadline)
    for pause in _PAUSES if tails else ():
        # nginx logs before it answers, but a log may lie on a slow or a remote disk.
        time.sleep(pause)
        lines = [line for tail in tails for line in tail.lines()]
        for ask, answer in zip(asks, answers):
            request = _request_of(ask, answer)
            answer["signature"], answer["upstream"] = blame(request, lines) if request else NOTHING
        if not any(answer["status"] in _LOGGED and answer["signature"] is None for answer in answers):
            break
    for answer in answers:
        answer["log_read"] = all(marked) if tails else None
    return answers
