# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run: one plain document, of which the console table and the HTML page are views.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import (
    HostJudgement,
    JudgedAnswer,
    Judgement,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.findings import (
    FindingEntry,
    StepOutcome,
    findings_of_run,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.own_answers import own_answers, question
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.safe_text import safe_text, safe_url

SCHEMA_VERSION: t.Final = 1

#: Causes that need no cure.
HARMLESS = frozenset({"transient"})

Mode = t.Literal["fix", "check", "diagnose"]
Status = t.Literal["healthy", "fixed", "would_fix", "advice", "not_fixed", "failed"]


class RunEntry(t.TypedDict):
    """The run that a report is of. Its id names the journal on the hosts; times are UTC, as 2026-01-02T03:04:05Z."""

    id: str
    mode: Mode
    started: str
    finished: str
    version: str


#: A URL with what it answered first and last: a status, or None where there was no answer or where it was not asked.
ProbeEntry = t.TypedDict(
    "ProbeEntry",
    {
        "url": str,
        "host": str,
        "from": t.Literal["host", "controller"],
        "before": t.Optional[int],
        "after": t.Optional[int],
    },
)


class UnknownEntry(t.TypedDict):
    """What could not be read or explained, and why."""

    missing: str
    why: str


class _HostEntry(t.TypedDict):
    status: Status
    probes: list[ProbeEntry]
    findings: list[FindingEntry]
    unknown: list[UnknownEntry]


class HostEntry(_HostEntry, total=False):
    """What the report says of one host. why: the reason why it failed, or what still stands in the way; only where there is one."""

    why: str


class ReportDocument(t.TypedDict):
    """report.json. Its JSON Schema is report.schema.json of the role report."""

    schema_version: t.Literal[1]
    run: RunEntry
    hosts: dict[str, HostEntry]


def report_of(
    run: RunEntry,
    rounds: t.Mapping[str, t.Sequence[Judgement]],
    outcomes: t.Mapping[str, StepOutcome],
    failures: t.Mapping[str, str],
) -> ReportDocument:
    """The report of all hosts.

    rounds: for each host its judgements, one for each look, oldest first. outcomes: by the id of the step. failures: hosts that could not be looked at.
    """
    hosts = {}
    for name, judgements in rounds.items():
        failure = failures.get(name) or next((one["failure"] for one in judgements if "failure" in one), None)
        judged = [one for one in judgements if "failure" not in one]
        hosts[name] = host_entry(run["mode"], judged, outcomes, failure)
    return {"schema_version": SCHEMA_VERSION, "run": run, "hosts": hosts}


def host_entry(
    mode: Mode,
    judgements: t.Sequence[HostJudgement],
    outcomes: t.Mapping[str, StepOutcome],
    failure: str | None,
) -> HostEntry:
    """What the report says of one host. judgements: one for each look, oldest first. failure: why nothing could be judged."""
    if failure is not None or not judgements:
        why = safe_text(failure or "not looked at")
        return {"status": "failed", "probes": [], "findings": [], "unknown": [], "why": why}
    own = own_answers(judgements) if mode == "fix" else []
    findings = findings_of_run(judgements, outcomes, own)
    last = judgements[-1]
    failing = [answer for answer in last["answers"] if answer_fails(answer)]
    entry: HostEntry = {
        "status": status(mode, findings, failing),
        "probes": probes(mode, judgements),
        "findings": findings,
        "unknown": [{"missing": safe_text(one["missing"]), "why": safe_text(one["why"])} for one in last["unknown"]],
    }
    if failing:
        entry["why"] = why_failing(mode, failing[0], findings)
    elif own:
        entry["why"] = own[0].text
    else:
        again = [one for one in last["findings"] if one["recurs"]]
        if again:
            entry["why"] = safe_text("a 502 that comes again: %s (%s)" % (again[0]["recurs"], again[0]["cause"]))
    return entry


def status(mode: Mode, findings: t.Sequence[FindingEntry], failing: t.Sequence[JudgedAnswer]) -> Status:
    """The status of a host by the outcomes of its findings and by what still fails."""
    outcomes = {finding["outcome"] for finding in findings if finding["cause"] not in HARMLESS}
    if not outcomes:
        return "not_fixed" if failing else "healthy"
    if mode != "fix":
        return "would_fix" if "planned" in outcomes else "advice"
    if outcomes & {"undone", "failed", "planned"}:
        return "not_fixed"
    if outcomes & {"fixed", "relieved"}:
        return "not_fixed" if failing else "fixed"
    return "advice"


def probes(mode: Mode, judgements: t.Sequence[HostJudgement]) -> list[ProbeEntry]:
    """Each URL with its status before and after; after is null where nothing was to be changed in this mode."""
    after = {question(answer): answer["status"] for answer in judgements[-1]["answers"]}
    return [
        {
            "url": safe_url(answer["url"]),
            "host": answer["host"],
            "from": answer["from"],
            "before": answer["status"],
            "after": after.get(question(answer)) if mode == "fix" else None,
        }
        for answer in judgements[0]["answers"]
    ]


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
