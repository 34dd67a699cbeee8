# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run: one plain document, of which the console table and the HTML page are views.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._symptoms import answer_fails

SCHEMA_VERSION = 1

#: causes that need no cure
HARMLESS = frozenset({"transient"})


def printable(text: str) -> str:
    """Text from a host's logs and config, made safe to show: no control characters, nothing that moves a cursor or turns the writing round."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown_url(url: str) -> str:
    """A URL without its query and credentials."""
    parts = urllib.parse.urlsplit(url)
    return printable(urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))


def host_entry(
    mode: str, judgements: t.Sequence[t.Mapping[str, t.Any]], outcomes: t.Mapping[str, t.Mapping[str, t.Any]], failure: str | None
) -> dict[str, t.Any]:
    """What the report says of one host. judgements: one for each look, oldest first."""
    if failure is not None or not judgements:
        return {"status": "failed", "probes": [], "findings": [], "unknown": [], "why": printable(failure or "not looked at")}
    findings = told_findings(judgements, outcomes)
    last = judgements[-1]
    unknown = [{"missing": printable(one["missing"]), "why": printable(one["why"])} for one in last["unknown"]]
    failing = [answer for answer in last["answers"] if answer_fails(answer)]
    entry = {"status": status(mode, findings, failing), "probes": probes(mode, judgements), "findings": findings, "unknown": unknown}
    if failing:
        entry["why"] = why_failing(mode, failing, findings)
    return entry


def told_findings(judgements: t.Sequence[t.Mapping[str, t.Any]], outcomes: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Every finding of every round once, with how its step ended."""
    told: dict[str, dict[str, t.Any]] = {}
    for judgement in judgements:
        for finding in judgement["findings"]:
            told.setdefault(finding["key"], finding)
    still = {finding["key"] for finding in judgements[-1]["findings"]}
    return [with_outcome(finding, outcomes.get(finding.get("step") or ""), finding["key"] in still) for finding in told.values()]


def with_outcome(finding: t.Mapping[str, t.Any], ended: t.Mapping[str, t.Any] | None, still: bool) -> dict[str, t.Any]:
    entry = {key: finding[key] for key in ("cause", "title", "seen_from", "on", "confidence", "remedy", "outcome", "why", "advice", "subject", "change")}
    entry["evidence"] = [printable(text) for text in finding["evidence"]]
    if ended:
        entry["outcome"] = ended["outcome"]
        entry["why"] = ended.get("why") or entry["why"]
        if ended["outcome"] == "fixed" and still:
            entry.update(outcome="failed", why="the change was made and the cause is still seen")
    entry["why"] = printable(entry["why"])
    return entry


def status(mode: str, findings: t.Sequence[t.Mapping[str, t.Any]], failing: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    outcomes = {finding["outcome"] for finding in findings if finding["cause"] not in HARMLESS}
    if not outcomes:
        return "not_fixed" if failing else "healthy"
    if mode != "fix":
        return "would_fix" if "planned" in outcomes else "advice"
    if outcomes & {"undone", "failed", "planned"}:
        return "not_fixed"
    if "fixed" in outcomes:
        return "not_fixed" if failing else "fixed"
    return "advice"


def probes(mode: str, judgements: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Each URL with its status before and after; after is null where nothing was to be changed in this mode."""
    after = {(answer["url"], answer["from"]): answer["status"] for answer in judgements[-1]["answers"]}
    entries = []
    for answer in judgements[0]["answers"]:
        key = (answer["url"], answer["from"])
        entries.append({"url": shown_url(answer["url"]), "host": answer["host"], "from": answer["from"], "before": answer["status"],
                        "after": after.get(key) if mode == "fix" else None})
    return entries


def why_failing(mode: str, failing: t.Sequence[t.Mapping[str, t.Any]], findings: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """One line: which URL still fails, and what stands in the way."""
    answer = failing[0]
    told = next((finding for finding in findings if finding["outcome"] != "fixed" and finding["cause"] not in HARMLESS), None)
    reason = "%s: %s" % (told["cause"], told["why"] or told["outcome"]) if told else "no cause in the catalogue explains it"
    answers = "still answers" if mode == "fix" else "answers"
    return "%s %s %s (%s)" % (shown_url(answer["url"]), answers, answer["status"] or "nothing in time", reason)


def failures(report: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Hosts that let the run fail, each with one line: not looked at, or still serving 502 after a run that was to fix it."""
    failed = {}
    for name, entry in report["hosts"].items():
        serves = entry["status"] in ("not_fixed", "advice") and entry.get("why") and report["run"]["mode"] == "fix"
        undone = entry["status"] == "not_fixed" and report["run"]["mode"] == "fix"
        if entry["status"] == "failed" or serves or undone:
            failed[name] = entry.get("why") or "a change was not kept: " + "; ".join(
                "%s: %s" % (one["cause"], one["why"]) for one in entry["findings"] if one["outcome"] in ("undone", "failed", "planned"))
    return failed
