# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes of a judgement as plain data: what is known of each host after a look.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Unknown
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.history_questions import HistoryQuestion
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.memory import EarlierCure
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Outcome
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.trigger import Onset, Trigger


class JudgedFinding(t.TypedDict):
    """A finding with what is done about it. key is the same in every round; step is the id of the step that does it."""

    key: str
    cause: str
    title: str
    says: str  # the title as a sentence about these hosts
    seen_from: str
    on: str
    subject: str
    confidence: float
    evidence: list[str]  # the strongest first
    remedy: str | None  # a role
    change: str  # what the remedy does, in a few words
    outcome: Outcome
    why: str
    advice: list[str]
    step: str | None
    routes: list[int]
    recurs: str  # how often it fails where nothing fails now
    fades: str  # why the change does not last, and until when it does; empty where it lasts
    fault: str  # the same in all findings of one broken thing; empty where it is the host's own matter
    behind: str  # what is wrong there, as a sentence about all hosts that suffer from it
    history: list[EarlierCure]  # by other runs, the oldest first
    given_up: bool  # whether it came back so often that it is cured no more
    trigger: Trigger
    onset: t.NotRequired[Onset]  # once it was asked what happened on its hosts
    waits: str  # for whom its step waits, who is changing the host just now


class StepData(t.TypedDict):
    """A step for the role fix_502: the role to run on a host, with its variables."""

    id: str
    on: str
    role: str
    variables: dict[str, t.Any]
    causes: list[str]
    after: list[str]  # ids of steps that have to be proven first
    wave: int  # steps of one wave, from 0 on, are made side by side; a host has at most one in each


#: What nginx answered to one URL, as far as the report needs it.
JudgedAnswer = t.TypedDict(
    "JudgedAnswer",
    {
        "host": str,
        "url": str,
        "from": t.Literal["host", "controller"],  # who asked
        "connect": t.Optional[str],
        "method": str,
        "status": t.Optional[int],
        "signature": t.Optional[str],
        "timed_out": bool,
        "masked": bool,  # whether error_page has put this status in the place of a 502 or 504
        "route": t.Optional[int],
        "had": list[int],  # statuses below 500 that visitors had before
        # The application's own error, in whose place nginx asks for the page of another upstream, which failed.
        "covers": t.Optional[int],
    },
)


class JudgedHop(t.TypedDict):
    """An upstream of a proxy, and whether requests over it fail. backend: the host of this run that has it; None where none has."""

    upstream: str
    backend: str | None
    broken: bool


class LoggedFailures(t.TypedDict):
    """Lines of nginx's log with one signature: how many, from when to when (seconds since the epoch)."""

    signature: str
    first: float
    last: float
    count: int


@t.final
class HostJudgement(t.TypedDict):
    """What is known of one host after a look."""

    curable: bool  # whether a step, of this host or of another, may help it
    findings: list[JudgedFinding]  # those that it serves the 502 for
    steps: list[StepData]  # those that it drives
    answers: list[JudgedAnswer]
    unknown: list[Unknown]
    hops: list[JudgedHop]  # only where something was found
    logged: list[LoggedFailures]
    also: list[str]  # what visitors suffer from, and no 502 with a known upstream shows
    asked: HistoryQuestion | None  # what it is to be asked of what happened before; None: no finding has to do with it


@t.final
class Failure(t.TypedDict):
    """Why nothing could be judged of a host, in one line."""

    failure: str


Judgement = HostJudgement | Failure
