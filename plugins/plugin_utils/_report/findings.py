# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The findings of all rounds of a run, each once, with how its remedy ended.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Outcome
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import HostJudgement, JudgedFinding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.entries import FindingEntry
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.hindered import what_hinders
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.own_answers import LOOK_THERE, OwnAnswer
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.safe_text import (
    safe_data,
    safe_lines,
    safe_text,
    safe_url,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.timeline import utc
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import as_sentence

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.planned_diffs import FileDiff

NEVER_RUN = "its remedy was not run: %s could not be reached by then, what it waits for was not proven, or the run ended before it"
RUN_AGAIN = "# run this again; what was left half-done is undone first"


class _StepOutcome(t.TypedDict):
    step: str
    outcome: Outcome


class StepOutcome(_StepOutcome, total=False):
    """How a step ended, as the role fix_502 keeps it; why only where it did not help.

    seconds: from its beginning to its proof. diffs: what it changed, or in a dry run would change, in each file. came_back: whether it failed again
    while the site was watched.
    """

    why: str
    seconds: float
    diffs: list[FileDiff]
    came_back: bool


def findings_of_run(
    judgements: t.Sequence[HostJudgement], outcomes: t.Mapping[str, StepOutcome], own: t.Sequence[OwnAnswer] = ()
) -> list[FindingEntry]:
    """Every finding of every round once: the evidence as it was first seen, the remedy that was run last, and how that ended.

    own: what the sites answer by themselves where they answered 502, or in a dry run would.
    """
    first: dict[str, JudgedFinding] = {}
    urls: dict[str, list[str]] = {}
    newest: dict[str, JudgedFinding] = {}
    run: dict[str, JudgedFinding] = {}
    for judgement, finding in ((one, finding) for one in judgements for finding in one["findings"]):
        key = finding["key"]
        if key not in first:
            first[key], urls[key] = finding, urls_that_failed(judgement, finding)
        newest[key] = finding
        if finding["step"] in outcomes:
            run[key] = finding
    last = judgements[-1]
    # Where the step that it was planned with has been run, nothing was looked at since.
    still = {one["key"] for one in last["findings"] if one["outcome"] != "planned" or one["step"] not in outcomes}
    entries = []
    for key, seen in first.items():
        done = run.get(key, newest[key])
        ended = outcomes.get(done["step"] or "")
        unproven = ended and ended["outcome"] == "relieved" and not ended.get("came_back")
        if ended and unproven and not any(answer_fails(answer) for answer in last["answers"]):
            ended = {**ended, "outcome": "fixed", "why": ""}  # what was not proven at once shows in the last look
        entry = finding_entry(seen, done, newest[key]["advice"], ended, key in still)
        if urls[key]:
            entry["urls"] = urls[key]
        entries.append(with_own_answer(entry, next((one for one in own if one.route in done["routes"]), None)))
    return entries


def urls_that_failed(judgement: HostJudgement, finding: JudgedFinding) -> list[str]:
    """The URLs that failed over the routes of a finding: one host may have many sites, each with a matter of its own."""
    failing = [one for one in judgement["answers"] if one["route"] in finding["routes"] and answer_fails(one)]
    return list(dict.fromkeys(safe_url(one["url"]) for one in failing))


def never_run(entry: FindingEntry) -> FindingEntry:
    """A finding of a run that fixes, which failed where its remedy was planned and no step of it has ended."""
    if entry["outcome"] == "planned":
        entry["outcome"], entry["why"] = "failed", NEVER_RUN % entry["on"]
        entry["advice"] = [*entry["advice"], RUN_AGAIN]
    return entry


def with_own_answer(entry: FindingEntry, own: OwnAnswer | None) -> FindingEntry:
    """A finding that is fixed says what its site answers by itself; where that is not well, it is not fixed. One that is planned says what is foreseen."""
    if own is None or entry["outcome"] not in ("fixed", "planned"):
        return entry
    if entry["outcome"] == "planned":
        entry["why"] = "; ".join(filter(None, (entry["why"], own.text)))
        return entry
    entry["why"] = own.text
    if not own.well:
        entry["outcome"] = "failed"
        entry["advice"] = [*entry["advice"], LOOK_THERE]
    return entry


def finding_entry(
    seen: JudgedFinding, done: JudgedFinding, advice: t.Sequence[str], ended: StepOutcome | None, still: bool
) -> FindingEntry:
    """A finding as the report has it.

    seen: as it was first found. done: as it was when its remedy was run, or was last planned. ended: how that step ended.
    still: whether the last look found it again.
    """
    outcome, why = done["outcome"], done["why"]
    if done["waits"] and (not ended or ended["outcome"] == "planned"):
        why = "; ".join(filter(None, (why, done["waits"])))
    if ended:
        outcome, why = ended["outcome"], ended.get("why") or why
        if outcome == "fixed" and still:
            outcome, why = "failed", "the change was made and the cause is still seen"
        elif outcome == "fixed" and done["fades"]:
            outcome, why = "relieved", done["fades"]
    entry: FindingEntry = {
        "cause": safe_text(seen["cause"]),
        "title": safe_text(seen["title"]),
        "says": as_sentence(safe_text(seen["says"])),
        "seen_from": safe_text(seen["seen_from"]),
        "on": safe_text(seen["on"]),
        "confidence": seen["confidence"],
        "subject": safe_data(seen["subject"]),
        "evidence": [safe_text(text) for text in seen["evidence"]],
        "remedy": done["remedy"],
        "outcome": outcome,
        "why": safe_text(" ".join(why.split()) if ended else why),  # a module's words may have several lines
        "change": safe_text(done["change"]),
        "advice": [safe_text(text) for text in (*(what_hinders(why, done["on"]) if ended else ()), *advice)],
        "began": None,
        "because": [],
    }
    if done["history"]:
        entry["history"] = [{"at": utc(cure["at"]), "held": cure["held"]} for cure in done["history"]]
    onset = seen.get("onset")
    if onset:
        entry["began"] = None if onset["began"] is None else utc(onset["began"])
        entry["because"] = [safe_text(text) for text in onset["because"]]
        if onset["rhythm"]:
            entry["rhythm"] = onset["rhythm"]
    tell_fault(entry, seen)
    if done["step"]:
        tell_step(entry, done["step"], ended or {"step": done["step"], "outcome": outcome})
    return entry


def tell_fault(entry: FindingEntry, seen: JudgedFinding) -> None:
    """Add to a finding what it has in common with those of other hosts, where it is not the host's own matter."""
    if seen["fault"]:
        entry["fault"] = safe_data(seen["fault"])
    if seen["behind"]:
        entry["behind"] = safe_text(seen["behind"])


def tell_step(entry: FindingEntry, step: str, ended: StepOutcome) -> None:
    """Add to a finding the id of its step, and what that took and changed."""
    entry["step"] = step
    if "seconds" in ended:
        entry["seconds"] = ended["seconds"]
    if ended.get("diffs"):
        entry["diff"] = "\n".join(safe_lines(one["diff"]) for one in ended["diffs"])
