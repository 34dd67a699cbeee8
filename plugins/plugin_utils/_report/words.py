# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words for what a report says: of a host, of a finding, of the whole run.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.entries import (
        FindingEntry,
        HostEntry,
        Mode,
        ProbeEntry,
        ReportDocument,
        Status,
        When,
    )

#: Causes that need no cure.
HARMLESS = frozenset({"transient"})
#: Causes that say no more than that none is known.
NOT_KNOWN = frozenset({"upstream_failed"})

#: In the order in which people want to read it.
TROUBLE_FIRST: tuple[Status, ...] = ("failed", "not_fixed", "advice", "would_fix", "fixed", "healthy")
HEADLINES: t.Mapping[Status, str] = {
    "failed": "NOT LOOKED AT",
    "not_fixed": "NOT FIXED",
    "advice": "FOR YOU TO DO",
    "would_fix": "PLANNED",
    "fixed": "FIXED",
    "healthy": "WELL",
}
_COUNTED: t.Mapping[Status, str] = {
    "failed": "%d could not be looked at",
    "not_fixed": "%d not fixed",
    "advice": "%d for you to do",
    "would_fix": "%d would be fixed",
    "fixed": "%d fixed",
    "healthy": "%d well",
}
_ENDED: tuple[tuple[Status, str], ...] = (
    ("failed", "not looked at"),
    ("not_fixed", "not fixed"),
    ("advice", "for you to do"),
    ("would_fix", "would be fixed"),
    ("fixed", "fixed"),
)
#: Answers to who is not let in: a client's certificate, a login, a ban, a limit. None: a connection that is closed, or that it was not asked again.
REFUSALS = frozenset({None, 400, 401, 403, 421, 429})
CERTAIN, LIKELY = 0.9, 0.6


def confidence_words(finding: FindingEntry) -> tuple[str, ...]:
    """How sure a finding is, in a word; nothing where it names no cause that one could be sure of."""
    if finding["cause"] in NOT_KNOWN | HARMLESS:
        return ()
    return (
        "certain" if finding["confidence"] >= CERTAIN else "likely" if finding["confidence"] >= LIKELY else "possible",
    )


def as_sentence(text: str) -> str:
    """A text that begins with a capital, unless it begins with a name (of a host, a path, a program)."""
    word = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if word.isalpha() and word not in ("nginx", "systemd") else text


def began_words(finding: FindingEntry) -> list[str]:
    """When it began, how often it was logged since, and what set it off; then the same shorter. Empty where none of it is known."""
    reason = finding["because"][0].removesuffix("; owner root") if finding["because"] else ""
    if finding["began"] is None:
        return [reason] if reason else []
    time = finding["began"].replace("T", " ").replace("Z", " UTC")
    logged = "; logged %s" % finding["rhythm"] if "rhythm" in finding else ""
    texts = [", ".join(filter(None, (time, reason))) + logged, ", ".join(filter(None, (time, reason))), time + logged]
    return list(dict.fromkeys(texts))


def needs_somebody(finding: FindingEntry) -> bool:
    """Whether a person has to do something about it."""
    return (
        finding["outcome"] in ("relieved", "advice", "not_allowed", "undone", "failed")
        and finding["cause"] not in HARMLESS
    )


def listed(names: t.Sequence[str], limit: int) -> str:
    """Names with commas between; of many the first, and how many more there are."""
    more = len(names) - limit
    return ", ".join(names) if more <= 0 else "%s and %d more" % (", ".join(names[:limit]), more)


def host_says(
    mode: Mode, status: Status, probes: t.Sequence[ProbeEntry], why: str, sick: t.Sequence[ProbeEntry]
) -> str:
    """A sentence about the URLs of a host. sick: those of them that a gateway failed for, then or now: what others answer is their own matter."""
    if status == "failed":
        return why
    if not probes:
        return "no URL was asked here." if status == "healthy" else why or "no URL was asked here."
    how = how_they_answer(probes)
    if status == "healthy":
        return "%s%s." % ("1 URL answers" if len(probes) == 1 else "%d URLs answer" % len(probes), how)
    worst = max(sick, key=lambda one: (fails(one, "before"), fails(one, "after"), one["before"] or 0), default=None)
    if worst is None or not fails(worst, "before"):
        return "%s%s." % (why[:1].upper(), why[1:]) if why else "the URLs that were asked answer%s." % how
    before, after = answered(worst, "before"), answered(worst, "after")
    if mode != "fix":
        return "%s answers %s%s." % (worst["url"], before, of_all(probes, sick, "before", "fail"))
    if fails(worst, "after"):
        verb = "still answers %s" % after if before == after else "answered %s, and answers %s now" % (before, after)
        return "%s %s%s." % (worst["url"], verb, of_all(probes, sick, "after", "fail"))
    return "%s answered %s, and answers %s now%s." % (
        worst["url"],
        before,
        after,
        of_all(probes, sick, "before", "failed"),
    )


def of_all(probes: t.Sequence[ProbeEntry], sick: t.Sequence[ProbeEntry], when: When, verb: str) -> str:
    """How many of several URLs failed then, in words that follow what is said of one of them."""
    if len(probes) == 1:
        return ""
    count = sum(1 for probe in sick if fails(probe, when))
    everyone = "both" if len(probes) == 2 else "all %d" % count
    return " (%s URLs that were asked %s)" % (
        everyone if count == len(probes) else "%d of the %d" % (count, len(probes)),
        "fails" if (count, verb) == (1, "fail") else verb,
    )


def how_they_answer(probes: t.Sequence[ProbeEntry]) -> str:
    """That pages answer with an error for which no upstream is to blame, or were not seen, as who looks was not let in: what visitors get there is not
    known. Empty where neither is so."""
    wrong = [one for one in probes if one["after"] not in REFUSALS and fails(one, "after")]
    shut = [one for one in probes if one["before"] in REFUSALS and one["after"] in REFUSALS]
    error, refusal = _some_of(probes, wrong, "an error that is no 502"), _some_of(probes, shut, "a refusal")
    return error + (refusal + ": what visitors get there was not seen" if refusal else "")


def _some_of(probes: t.Sequence[ProbeEntry], some: t.Sequence[ProbeEntry], what: str) -> str:
    if not some:
        return ""
    which = "" if len(some) == len(probes) else "%d of them " % len(some)
    return ", %swith %s (%s: %s)" % (which, what, some[0]["url"], some[0]["after"] or "no answer")


def fails(probe: ProbeEntry, when: When) -> bool:
    """Whether there was no answer then, or one of a server that fails."""
    status = probe[when]
    return status is None or status >= 500 or when in probe.get("masked", ())


def answered(probe: ProbeEntry, when: When) -> str:
    """What was answered then."""
    status = probe[when]
    by = " by error_page" if when in probe.get("masked", ()) else ""
    return "nothing in time" if status is None else "%d%s" % (status, by)


def is_quiet(entry: HostEntry) -> bool:
    """Whether nothing was asked of a host, and nothing is wrong that it would show itself: a backend."""
    return entry["status"] == "healthy" and not entry["findings"] and not entry["probes"]


def spoken_of(report: ReportDocument) -> dict[str, HostEntry]:
    """The hosts of which something is to be said by themselves. Of a backend that a finding is about, the finding says it: it may be anything but well."""
    about = {finding["on"] for entry in report["hosts"].values() for finding in entry["findings"]}
    return {name: entry for name, entry in report["hosts"].items() if name not in about or not is_quiet(entry)}


def counts(report: ReportDocument) -> str:
    """How many hosts ended how, in one line."""
    spoken = spoken_of(report)
    numbers = {status: sum(1 for one in spoken.values() if one["status"] == status) for status in TROUBLE_FIRST}
    parts = [_COUNTED[status] % number for status, number in numbers.items() if number]
    behind = len(report["hosts"]) - len(spoken)
    parts += ["%d behind them" % behind] if behind else []
    return "%d hosts: %s." % (len(report["hosts"]), ", ".join(parts))


def verdict(report: ReportDocument) -> str:
    """How the run ended, in one sentence."""
    named = {
        status: [name for name, one in report["hosts"].items() if one["status"] == status] for status in TROUBLE_FIRST
    }
    parts = [
        "%d %s: %s" % (len(named[status]), words, listed(named[status], 5)) for status, words in _ENDED if named[status]
    ]
    left = [name for name in named["would_fix"] if any(map(needs_somebody, report["hosts"][name]["findings"]))]
    parts += ["%d of these with more for you to do: %s" % (len(left), listed(left, 5))] if left else []
    changed = report["run"]["mode"] == "fix" and any(
        one["outcome"] in ("fixed", "relieved", "undone", "failed")
        for entry in report["hosts"].values()
        for one in entry["findings"]
    )
    asked = sum(len(entry["probes"]) for entry in report["hosts"].values())
    if not parts:
        parts = ["No host answers 502 (%d URL%s asked)" % (asked, "" if asked == 1 else "s")]
    text = "; ".join(parts)
    return text[:1].upper() + text[1:] + ("." if changed else ". Nothing was changed.")
