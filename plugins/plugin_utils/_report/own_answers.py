# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site answers by itself where it answered 502 before: a page that is there again, or an error of its own.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails, knows_no_head
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.page_status import had_in_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import HostJudgement, JudgedAnswer
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.safe_text import safe_url

#: What to look at where a site fails by itself.
LOOK_THERE = "# the gateway works again: what the site itself says stands in nginx's error log (FastCGI sent in stderr) or in the log of the application"


class OwnAnswer(t.NamedTuple):
    """What is in place of a 502 and may not be the page. route: over which it failed. well: whether it is what the page had before, or may be its own."""

    route: int | None
    well: bool
    text: str


def own_answers(judgements: t.Sequence[HostJudgement]) -> list[OwnAnswer]:
    """The errors that a host's sites answer in the last look where a gateway's error was in the first, those that are not well first."""
    before = {question(answer): answer for answer in judgements[0]["answers"] if answer_fails(answer)}
    found = []
    for answer in judgements[-1]["answers"]:
        status, first = answer["status"], before.get(question(answer))
        if first is None or status is None or answer_fails(answer) or knows_no_head(answer):
            continue
        if status >= 400:
            found.append(own_answer(first["route"], answer, status))
        elif first["covers"]:
            found.append(covering_page(first["route"], answer, first["covers"]))
    return sorted(found, key=lambda one: one.well)


def own_answer(route: int | None, answer: JudgedAnswer, status: int) -> OwnAnswer:
    """What one of them means."""
    had = answer["had"]
    well = status < 500 and (not had or status in had)
    return OwnAnswer(
        route,
        well,
        "the 502 is gone, and %s answers %d now (%s)" % (safe_url(answer["url"]), status, had_in_words(had)),
    )


def covering_page(route: int | None, answer: JudgedAnswer, error: int) -> OwnAnswer:
    """That visitors see the page for the application's errors, and not the page that they ask for."""
    text = "the 502 is gone, and %s shows the page of error_page: asked directly, the application answers %d"
    return OwnAnswer(route, False, text % (safe_url(answer["url"]), error))


def foreseen(judgement: HostJudgement) -> list[OwnAnswer]:
    """What a dry run sees beforehand of the pages that would not be there after the cure: the application fails behind the page that fails."""
    text = "%s would then show the page of error_page alone: asked directly, the application answers %d"
    return [
        OwnAnswer(answer["route"], False, text % (safe_url(answer["url"]), answer["covers"]))
        for answer in judgement["answers"]
        if answer_fails(answer) and answer["covers"]
    ]


def question(answer: JudgedAnswer) -> tuple[str, str, str | None]:
    """What makes two answers answers to the same question: servers on several addresses can share a URL."""
    return answer["url"], answer["from"], answer["connect"]
