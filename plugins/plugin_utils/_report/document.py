# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run: one plain document, of which the console table and the HTML page are views.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import (
    HostJudgement,
    JudgedAnswer,
    Judgement,
    StepData,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.entries import (
    FindingEntry,
    HopEntry,
    HostEntry,
    Mode,
    ProbeEntry,
    ReportDocument,
    RunEntry,
    Status,
    When,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.findings import (
    StepOutcome,
    findings_of_run,
    never_run,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.own_answers import (
    foreseen,
    own_answers,
    question,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.own_task import task_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.safe_text import safe_data, safe_text, safe_url
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.shared_faults import shared_entries
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.timeline import timeline_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import (
    HARMLESS,
    host_says,
    is_quiet,
    listed,
    verdict,
)

SCHEMA_VERSION: t.Final = 1


def report_of(
    run: RunEntry,
    rounds: t.Mapping[str, t.Sequence[Judgement]],
    outcomes: t.Mapping[str, StepOutcome],
    failures: t.Mapping[str, str],
) -> ReportDocument:
    """The report of all hosts.

    rounds: for each host its judgements, one for each look, oldest first. outcomes: by the id of the step. failures: hosts that could not be looked at.
    """
    judged = [one for judgements in rounds.values() for one in judgements if "failure" not in one]
    steps = {step["id"]: step for one in judged for step in one["steps"]}
    hosts = {}
    for name, judgements in rounds.items():
        failure = failures.get(name) or next((one["failure"] for one in judgements if "failure" in one), None)
        judged = [one for one in judgements if "failure" not in one]
        hosts[name] = host_entry(run["mode"], judged, outcomes, failure)
        line = timeline_of(judged[-1].get("logged") or (), run["started"], run["finished"]) if judged else None
        if line and hosts[name]["findings"]:
            hosts[name]["timeline"] = line
        for finding in hosts[name]["findings"]:
            if finding["outcome"] in ("fixed", "relieved"):
                made_again(finding, run, steps)
    report: ReportDocument = {
        "schema_version": SCHEMA_VERSION,
        "run": run,
        "hosts": hosts,
        "shared": shared_entries(hosts),
    }
    for name, entry in hosts.items():
        about = [other for other, one in hosts.items() if any(finding["on"] == name for finding in one["findings"])]
        if about and is_quiet(entry):
            entry["says"] = "no URL was asked here; what was found is said of %s." % listed(about, 3)
    if not any(finding["outcome"] == "planned" for entry in hosts.values() for finding in entry["findings"]):
        run.pop("apply", None)  # there is no plan to be carried out
    run["says"] = verdict(report)
    return report


def made_again(finding: FindingEntry, run: RunEntry, steps: t.Mapping[str, StepData]) -> None:
    """Add to a finding that was cured how the cure is undone, and the task that makes it again."""
    if "undo" in run:
        finding["undo"] = run["undo"]
    step = steps.get(finding.get("step", ""))
    task = task_of(step, finding["change"]) if step else ""
    if task:
        finding["task"] = task


def host_entry(
    mode: Mode,
    judgements: t.Sequence[HostJudgement],
    outcomes: t.Mapping[str, StepOutcome],
    failure: str | None,
) -> HostEntry:
    """What the report says of one host. judgements: one for each look, oldest first. failure: why it could not be judged, at first or any more."""
    if not judgements:
        why = safe_text(failure or "not looked at")
        says = host_says(mode, "failed", [], why, [])
        return {"status": "failed", "says": says, "probes": [], "findings": [], "unknown": [], "why": why}
    own = own_answers(judgements) if mode == "fix" else foreseen(judgements[-1])
    findings = findings_of_run(judgements, outcomes, own)
    if mode == "fix":
        findings = [never_run(finding) for finding in findings]
    last = judgements[-1]
    failing = [answer for answer in last["answers"] if answer_fails(answer)]
    returned = came_back(judgements, outcomes)
    untouched = comes_again(judgements, findings)
    unwell = bool(failing or returned or untouched) or any(one["given_up"] for one in last["findings"])
    ended, asked = status(mode, findings, unwell), probes(mode, judgements)
    sick = [probe for probe, answer in zip(asked, judgements[0]["answers"]) if question(answer) in failed(judgements)]
    about = findings_about(failing[0], judgements, findings) if failing else []
    why = why_failing(mode, failing[0], about) if failing else own[0].text if own else ""
    why = why or returned or untouched or given_up(last)
    entry: HostEntry = {
        "status": ended,
        "says": host_says(mode, ended, asked, why, sick),
        "probes": asked,
        "findings": findings,
        "unknown": [{"missing": safe_text(one["missing"]), "why": safe_text(one["why"])} for one in last["unknown"]],
    }
    if why:
        entry["why"] = why
    if findings:
        entry["hops"] = hops(judgements)
    if last.get("also"):
        entry["also"] = [safe_text(text) for text in last["also"]]
    return entry if failure is None else lost(entry, safe_text(failure))


def lost(entry: HostEntry, why: str) -> HostEntry:
    """A host that could not be looked at again: what was found and done before stands, what it answers now is not known."""
    unasked: list[ProbeEntry] = [{**probe, "after": None} for probe in entry["probes"]]
    why = "it could not be looked at again: %s" % why
    return {**entry, "status": "failed", "says": why, "why": why, "probes": unasked}


def status(mode: Mode, findings: t.Sequence[FindingEntry], unwell: bool) -> Status:
    """The status of a host by the outcomes of its findings, and by whether a URL still fails or a cause comes back after each cure."""
    outcomes = {finding["outcome"] for finding in findings if finding["cause"] not in HARMLESS}
    if not outcomes:
        return "not_fixed" if unwell else "healthy"
    if mode != "fix":
        return "would_fix" if "planned" in outcomes else "advice"
    if outcomes & {"undone", "failed", "planned"}:
        return "not_fixed"
    if outcomes & {"fixed", "relieved"}:
        return "not_fixed" if unwell else "fixed"
    return "advice"


def probes(mode: Mode, judgements: t.Sequence[HostJudgement]) -> list[ProbeEntry]:
    """Each URL with its status before and after; after is null where nothing was to be changed in this mode."""
    last = {question(answer): answer for answer in judgements[-1]["answers"]} if mode == "fix" else {}
    return [probe(answer, last.get(question(answer))) for answer in judgements[0]["answers"]]


def probe(first: JudgedAnswer, last: JudgedAnswer | None) -> ProbeEntry:
    """One URL. last: its last answer, where something was to be changed and it was asked again."""
    entry: ProbeEntry = {
        "url": safe_url(first["url"]),
        "host": first["host"],
        "from": first["from"],
        "before": first["status"],
        "after": last["status"] if last else None,
    }
    masked: list[When] = ["before"] if first["masked"] else []
    masked += ["after"] if last and last["masked"] else []
    if masked:
        entry["masked"] = masked
    return entry


def failed(judgements: t.Sequence[HostJudgement]) -> set[tuple[str, str, str | None]]:
    """The questions that had a gateway's error for an answer, in the first look or in the last."""
    answers = (answer for one in (judgements[0], judgements[-1]) for answer in one["answers"])
    return {question(answer) for answer in answers if answer_fails(answer)}


def findings_about(
    answer: JudgedAnswer, judgements: t.Sequence[HostJudgement], findings: t.Sequence[FindingEntry]
) -> list[FindingEntry]:
    """The findings over whose routes an answer failed; all of them where none is known to be. What is wrong with one site explains no other."""
    routes: dict[str, set[int]] = {}
    for one in (each for judgement in judgements for each in judgement["findings"]):
        routes.setdefault(one["key"], set()).update(one["routes"])
    about = [finding for finding, over in zip(findings, routes.values()) if answer["route"] in over]
    return about or list(findings)


def hops(judgements: t.Sequence[HostJudgement]) -> list[HopEntry]:
    """Each upstream as the first look and the last one saw it."""
    broken = {one["upstream"] for one in judgements[-1].get("hops") or () if one["broken"]}
    return [
        {
            "upstream": safe_data(one["upstream"]),
            "backend": one["backend"],
            "before": "broken" if one["broken"] else "well",
            "after": "broken" if one["upstream"] in broken else "well",
        }
        for one in judgements[0].get("hops") or ()
    ]


def came_back(judgements: t.Sequence[HostJudgement], outcomes: t.Mapping[str, StepOutcome]) -> str:
    """What failed again while the site was watched, after it had been cured; empty where nothing did."""
    for finding in (one for judgement in judgements for one in judgement["findings"]):
        ended = outcomes.get(finding["step"] or "")
        if ended and ended.get("came_back"):
            return safe_text("%s: %s" % (finding["cause"], ended["why"]))
    return ""


def comes_again(judgements: t.Sequence[HostJudgement], findings: t.Sequence[FindingEntry]) -> str:
    """Which failure comes again by the log and was left to somebody, although nothing fails just now; empty where none does.

    A change that was made for another cause makes the lines history, and mends nothing of it.
    """
    often: dict[str, str] = {}
    for one in (each for judgement in judgements for each in judgement["findings"]):
        often.setdefault(one["key"], one["recurs"])
    again = [
        "a failure that comes again: %s (%s)" % (text, finding["cause"])
        for finding, text in zip(findings, often.values())
        if text and finding["outcome"] != "fixed"
    ]
    return safe_text(again[0]) if again else ""


def given_up(last: HostJudgement) -> str:
    """Which cause comes back after each cure, by those that the host remembers; empty where none does."""
    tried = ["%s: %s" % (one["cause"], one["why"]) for one in last["findings"] if one["given_up"]]
    return safe_text(tried[0]) if tried else ""


def why_failing(mode: Mode, answer: JudgedAnswer, findings: t.Sequence[FindingEntry]) -> str:
    """One line: which URL still fails, and what stands in the way."""
    left = next(
        (finding for finding in findings if finding["outcome"] != "fixed" and finding["cause"] not in HARMLESS), None
    )
    reason = (
        "%s: %s" % (left["cause"], left["why"] or left["outcome"]) if left else "no cause in the catalogue explains it"
    )
    answers = "still answers" if mode == "fix" else "answers"
    return "%s %s %s (%s)" % (safe_url(answer["url"]), answers, answer["status"] or "nothing in time", reason)


def failures(report: ReportDocument) -> dict[str, str]:
    """Hosts that let the run fail, each with one line: not looked at, or still serving 502 after a run that was to fix it."""
    failed = {}
    for name, entry in report["hosts"].items():
        serves = entry["status"] in ("not_fixed", "advice") and entry.get("why") and report["run"]["mode"] == "fix"
        undone = entry["status"] == "not_fixed" and report["run"]["mode"] == "fix"
        if entry["status"] == "failed" or serves or undone:
            failed[name] = entry.get("why") or "a change was not kept: " + "; ".join(
                "%s: %s" % (one["cause"], one["why"])
                for one in entry["findings"]
                if one["outcome"] in ("undone", "failed", "planned")
            )
    return failed
