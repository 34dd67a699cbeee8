# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site answers by itself where it answered 502 before: a page that is there again, or an error of its own.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails, knows_no_head
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import HostJudgement, JudgedAnswer
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.page_status import had_in_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.safe_text import safe_url

#: What to look at where a site fails by itself.
LOOK_THERE = "# the gateway works again: what the site itself says stands in nginx's error log (FastCGI sent in stderr) or in the log of the application"


class OwnAnswer(t.NamedTuple):
    """An error in place of a 502. well: whether it is what the page had before, or may be its own."""

    route: int | None
    well: bool
    text: str


def own_answers(judgements: t.Sequence[HostJudgement]) -> list[OwnAnswer]:
    """The errors that a host's sites answer in the last look where a gateway's error was in the first, those that are not well first."""
    before = {question(answer) for answer in judgements[0]["answers"] if answer_fails(answer)}
    found = []
    for answer in judgements[-1]["answers"]:
        status = answer["status"]
        is_error = status is not None and status >= 400 and not answer_fails(answer) and not knows_no_head(answer)
        if question(answer) in before and status is not None and is_error:
            found.append(own_answer(answer, status))
    return sorted(found, key=lambda one: one.well)


def own_answer(answer: JudgedAnswer, status: int) -> OwnAnswer:
    """What one of them means."""
    had = answer["had"]
    well = status < 500 and (not had or status in had)
    return OwnAnswer(
        answer["route"],
        well,
        "the 502 is gone, and %s answers %d now (%s)" % (safe_url(answer["url"]), status, had_in_words(had)),
    )


def question(answer: JudgedAnswer) -> tuple[str, str, str | None]:
    """What makes two answers answers to the same question: servers on several addresses can share a URL."""
    return answer["url"], answer["from"], answer["connect"]
