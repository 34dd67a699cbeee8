# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a run: one plain document, of which the console table and the HTML page are views.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails

SCHEMA_VERSION = 1

#: causes that need no cure
HARMLESS = frozenset({"transient"})


_URL = re.compile(r"""\b([a-z][a-z0-9+.-]*://)(?:[^\s/?#"@]*@)?([^\s?#"]*)(?:[?#][^\s"]*)?""", re.IGNORECASE)


def printable(text: str) -> str:
    """Text from a host's logs and config, made safe to show: no control characters, nothing that moves a cursor or turns the writing round."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown(text: str) -> str:
    """Text made safe to show, each URL in it without its query and credentials."""
    return printable(_URL.sub(r"\1\2", text))


def shown_url(url: str) -> str:
    """A URL without its query and credentials. It may have the Host that some client sent, which need not be one."""
    scheme, colon, rest = url.partition("://")
    authority, slash, path = re.split("[?#]", rest, maxsplit=1)[0].partition("/")
    return printable(scheme + colon + authority.rpartition("@")[2] + slash + path)


def host_entry(
    mode: str,
    judgements: t.Sequence[t.Mapping[str, t.Any]],
    outcomes: t.Mapping[str, t.Mapping[str, t.Any]],
    failure: str | None,
) -> dict[str, t.Any]:
    """What the report says of one host. judgements: one for each look, oldest first."""
    if failure is not None or not judgements:
        return {
            "status": "failed",
            "probes": [],
            "findings": [],
            "unknown": [],
            "why": shown(failure or "not looked at"),
        }
    findings = told_findings(judgements, outcomes)
    last = judgements[-1]
    unknown = [{"missing": shown(one["missing"]), "why": shown(one["why"])} for one in last["unknown"]]
    failing = [answer for answer in last["answers"] if answer_fails(answer)]
    entry = {
        "status": status(mode, findings, failing),
        "probes": probes(mode, judgements),
        "findings": findings,
        "unknown": unknown,
    }
    if failing:
        entry["why"] = why_failing(mode, failing, findings)
    return entry


def told_findings(
    judgements: t.Sequence[t.Mapping[str, t.Any]], outcomes: t.Mapping[str, t.Mapping[str, t.Any]]
) -> list[dict[str, t.Any]]:
    """Every finding of every round once: the evidence as it was first seen, the remedy that was run last, and how that ended."""
    first: dict[str, t.Mapping[str, t.Any]] = {}
    newest: dict[str, t.Mapping[str, t.Any]] = {}
    run: dict[str, t.Mapping[str, t.Any]] = {}
    for finding in (one for judgement in judgements for one in judgement["findings"]):
        key = finding["key"]
        first.setdefault(key, finding)
        newest[key] = finding
        if finding.get("step") in outcomes:
            run[key] = finding
    still = {finding["key"] for finding in judgements[-1]["findings"]}
    return [
        with_outcome(
            seen,
            run.get(key, newest[key]),
            newest[key]["advice"],
            outcomes.get(run.get(key, {}).get("step") or ""),
            key in still,
        )
        for key, seen in first.items()
    ]


def with_outcome(
    seen: t.Mapping[str, t.Any],
    done: t.Mapping[str, t.Any],
    advice: t.Sequence[str],
    ended: t.Mapping[str, t.Any] | None,
    still: bool,
) -> dict[str, t.Any]:
    """A finding as the report has it. seen: as it was first found; done: as it was when its remedy was run, or was last planned; ended: that step's end."""
    entry = {key: seen[key] for key in ("cause", "title", "seen_from", "on", "confidence", "subject", "evidence")}
    entry.update({key: done[key] for key in ("remedy", "outcome", "why", "change")}, advice=advice)
    if ended:
        entry["outcome"] = ended["outcome"]
        entry["why"] = " ".join((ended.get("why") or done["why"]).split())  # a module's words may have several lines
        if ended["outcome"] == "fixed" and still:
            entry.update(outcome="failed", why="the change was made and the cause is still seen")
    return {key: cleaned(value) for key, value in entry.items()}


def cleaned(value: t.Any) -> t.Any:
    """A value of a finding, all its text made safe to show."""
    if isinstance(value, str):
        return shown(value)
    return [shown(text) for text in value] if isinstance(value, (list, tuple)) else value


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
    after = {asked(answer): answer["status"] for answer in judgements[-1]["answers"]}
    entries = []
    for answer in judgements[0]["answers"]:
        entries.append(
            {
                "url": shown_url(answer["url"]),
                "host": answer["host"],
                "from": answer["from"],
                "before": answer["status"],
                "after": after.get(asked(answer)) if mode == "fix" else None,
            }
        )
    return entries


def asked(answer: t.Mapping[str, t.Any]) -> tuple[t.Any, ...]:
    """What makes two answers answers to the same question: servers on several addresses can share a URL."""
    return answer["url"], answer["from"], answer.get("connect")


def why_failing(
    mode: str, failing: t.Sequence[t.Mapping[str, t.Any]], findings: t.Sequence[t.Mapping[str, t.Any]]
) -> str:
    """One line: which URL still fails, and what stands in the way."""
    answer = failing[0]
    told = next(
        (finding for finding in findings if finding["outcome"] != "fixed" and finding["cause"] not in HARMLESS), None
    )
    reason = (
        "%s: %s" % (told["cause"], told["why"] or told["outcome"]) if told else "no cause in the catalogue explains it"
    )
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
                "%s: %s" % (one["cause"], one["why"])
                for one in entry["findings"]
                if one["outcome"] in ("undone", "failed", "planned")
            )
    return failed
