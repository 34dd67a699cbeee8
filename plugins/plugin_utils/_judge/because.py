# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a finding began and what set it off: its log lines held against what happened on its hosts.

A change explains a finding only where it is of the same subject (trigger_subjects.py) and came shortly before. What merely happened at the same time is no
cause: another package a minute before names nothing.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.because_words import ago, in_words, utc
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.related_changes import (
    Changes,
    History,
    changes_of,
    has_no_unit_history,
    without_files_of_others,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.rhythm import rhythm
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.unit_chain import (
    STOPPED,
    Death,
    death,
    last_start,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Unknown
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import JudgedFinding, Judgement
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.trigger import Onset, Trigger


#: Seconds from a change to the first failing request that it can have caused. An upgrade takes minutes from its first package to the restart of a daemon, and a
#: site of few visitors has none for some; beyond that, a coincidence is likelier than a cause.
BOUND = 600.0
#: nginx's log has whole seconds, so that a line seems to be older than the change that caused it by less than one.
ROUNDED = 1.0
#: A package's own scripts stop and start its daemon within these seconds.
PACKAGE_SECONDS = 180.0
#: A start so many seconds after a stop belongs to it.
RESTART_SECONDS = 60.0
MOST = 3
NOTHING = "nothing that changed on %s in the %d minutes before explains it"


class Reason(t.NamedTuple):
    """A change that may explain a finding. rank: the smallest says most."""

    rank: int
    at: float
    words: str


#: What says most of a change first: who changed a package knows more than whoever restarted its daemon for it.
RANKS = {"package": 0, "oom": 0, "command": 1, "boot": 1, "file": 2, "unit": 3}
DEATH = 1


def onset_of(on: str, seen_from: str, trigger: Trigger, histories: t.Mapping[str, History]) -> Onset:
    """When a finding began, and what set it off. histories: of the hosts that could be asked."""
    down = trigger["daemon"] != "runs"
    changes = changes_of(trigger["subjects"], {host: histories[host] for host in (on, seen_from) if host in histories})
    units = by_unit([one for _host, one in changes if one["kind"] == "unit"])
    minutes = minutes_of(trigger, histories.get(seen_from), floor(trigger, units))
    began = float(min(minutes.values())[0]) if minutes else trigger["first"]
    counts = {minute: count for minute, (_first, count) in minutes.items()}
    result: Onset = {"began": began, "rhythm": rhythm(counts), "because": []}
    ends = deaths(units, began) if down else []
    forgets = on in histories and has_no_unit_history(histories[on])
    if trigger["daemon"] == "stopped" and forgets and not ends:
        changes = without_files_of_others(changes, trigger["subjects"])
    anchor = ends[0].at if ends else began
    reasons: list[Reason] = []
    if anchor is not None:
        asked_for = bool(ends) and not any(one.since or one.by_itself for one in ends)
        reasons += near(changes, anchor, down, not asked_for)
    packages = [one.at for one in reasons if one.rank == RANKS["package"]]
    reasons += [of_death(one, packages, forgets) for one in ends]
    reasons = without_echoes(sorted(reasons, key=lambda one: (one.rank, -one.at)), changes)
    result["because"] = sentences(reasons[:MOST], began) + [
        "%s: %s" % (one.unit, one.since) for one in ends if one.since
    ]
    asked = [host for host in dict.fromkeys((seen_from, on)) if host in histories]
    if not result["because"] and began is not None and asked:
        result["because"] = [NOTHING % (" and ".join(asked), BOUND // 60)]
    return result


def by_unit(events: t.Iterable[Change]) -> dict[str, list[Change]]:
    """Events by their unit, the oldest first."""
    units: dict[str, list[Change]] = {}
    for one in sorted(events, key=lambda one: one["at"]):
        units.setdefault(one["subject"], []).append(one)
    return units


def floor(trigger: Trigger, units: t.Mapping[str, t.Sequence[Change]]) -> float:
    """From when on lines are of this finding: since the last change made here, and where a daemon is down, since it last ran."""
    started = [last_start(events) or 0.0 for events in units.values()] if trigger["daemon"] != "runs" else []
    return max([trigger["since"], *started])


def minutes_of(trigger: Trigger, history: History | None, since: float) -> dict[int, tuple[int, int]]:
    """For each minute with lines of a finding, when the first was written and how many there are."""
    found: dict[int, tuple[int, int]] = {}
    for kind in history["failing"] if history else ():
        if kind["signature"] in trigger["signatures"] and kind["upstream"] in (None, *trigger["upstreams"]):
            for first, count in kind["minutes"]:
                if first >= since - ROUNDED:
                    known = found.get(first // 60, (first, 0))
                    found[first // 60] = (min(first, known[0]), known[1] + count)
    return found


def deaths(units: t.Mapping[str, t.Sequence[Change]], began: float | None) -> list[Death]:
    """How units came to be down before a finding began, the last first. A unit that is down is reason enough, however long it has been so."""
    found = [death(events) for events in units.values()]
    return sorted(
        (one for one in found if one and (began is None or one.at <= began + ROUNDED)), key=lambda one: -one.at
    )


def of_death(one: Death, packages: t.Iterable[float], forgets: bool = False) -> Reason:
    """How a unit came to be down, as a reason. packages: when packages of the same subject were changed shortly before; their scripts stop units.

    forgets: whether its host has no journal that could say by whom it was stopped.
    """
    nobody = ""
    if one.how == STOPPED:
        by_script = any(0 <= one.at - at <= PACKAGE_SECONDS for at in packages)
        nobody = (
            " (by the scripts of that package, it seems)"
            if by_script
            else "; %s by whom" % ("nothing on the host says" if forgets else "the journal does not say")
        )
    return Reason(DEATH, one.at, "%s %s%s" % (one.unit, one.how, " (%s)" % one.by if one.by else nobody))


def near(changes: Changes, at: float, down: bool, files: bool = True) -> list[Reason]:
    """Changes shortly before then, of each kind and subject (of files, of each folder) the last. Where a unit is down, its chain says what became of it.

    files: whether files may explain it; they stop no unit that others have stopped or killed.
    """
    found: dict[tuple[str, str], Reason] = {}
    for one in restarts_joined([one for _host, one in changes]):
        is_known = one["kind"] == "unit" and (down or one["what"] == "starting")
        if -ROUNDED <= at - one["at"] <= BOUND and not is_known and (files or one["kind"] != "file"):
            name = one["subject"].rpartition("/")[0] if one["kind"] == "file" else one["subject"]
            found[(one["kind"], name)] = Reason(RANKS[one["kind"]], one["at"], in_words(one))
    return list(found.values())


def restarts_joined(changes: t.Sequence[Change]) -> list[Change]:
    """The same changes, where a start soon after a stop counts as one restart, by whoever asked for the stop."""
    stops: dict[str, Change] = {}
    joined: list[Change] = []
    for one in sorted(changes, key=lambda one: one["at"]):
        stop = stops.get(one["subject"])
        if one["kind"] == "unit" and one["what"] == "stopping":
            stops[one["subject"]] = one
        if one["kind"] == "unit" and one["what"] == "started" and stop and one["at"] - stop["at"] <= RESTART_SECONDS:
            one = {**one, "what": "was restarted", "by": one["by"] or stop["by"]}
        joined.append(one)
    return joined


def without_echoes(reasons: t.Sequence[Reason], changes: Changes) -> list[Reason]:
    """Reasons without those that say nothing new: the files that a package brought, and commands that are named as who asked for a stop."""
    packages = [one.at for one in reasons if one.rank == RANKS["package"]]
    brought = {in_words(one) for _host, one in changes if one["kind"] == "file"}
    named = {
        in_words(one)
        for _host, one in changes
        if one["kind"] == "command" and any(one["subject"] + ")" in other.words for other in reasons)
    }
    return [
        one
        for one in reasons
        if one.words not in named
        and not (one.words in brought and any(abs(one.at - at) <= PACKAGE_SECONDS for at in packages))
    ]


def sentences(reasons: t.Sequence[Reason], began: float | None) -> list[str]:
    """Each reason in words, with the time from it to the first failing request; the first one continues `began at ..., `."""
    if began is None:
        return ["%s, %s" % (utc(one.at), one.words) for one in reasons]
    return ["%s after %s" % (ago(began - one.at), one.words) for one in reasons]


def with_onset(judgement: Judgement, histories: t.Mapping[str, History], unknown: t.Sequence[Unknown]) -> Judgement:
    """A judgement whose findings say when they began and why. unknown: what could not be read of the host's history."""
    if "failure" in judgement:
        return judgement
    findings: list[JudgedFinding] = [
        {**one, "onset": onset_of(one["on"], one["seen_from"], one["trigger"], histories)}
        for one in judgement["findings"]
    ]
    more = [one for one in unknown if one not in judgement["unknown"]]
    return {**judgement, "findings": findings, "unknown": [*judgement["unknown"], *more]}


def read_histories(
    looked: t.Mapping[str, t.Mapping[str, t.Any] | None],
) -> tuple[dict[str, History], dict[str, list[Unknown]]]:
    """The histories of hosts, and what could not be read of them. looked: what the module returned on each host, if it was run there."""
    histories: dict[str, History] = {}
    unknown: dict[str, list[Unknown]] = {}
    for host, result in looked.items():
        if not result or result.get("skipped"):
            continue
        if "changes" in result:
            histories[host] = t.cast(History, result)
            unknown[host] = list(result.get("unknown") or [])
        else:
            why = (str(result.get("msg") or "").strip().splitlines() or ["no reason given"])[0]
            unknown[host] = [{"missing": "what happened before it", "why": why}]
    return histories, unknown
