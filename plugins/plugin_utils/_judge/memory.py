# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was cured on a host before: a cause that comes back after each cure is not cured for ever.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import look_since

#: The seconds in which cures of one cause on one host are counted, and how many of them are enough.
WINDOW = 86400.0
MAX_CURES = 3


class EarlierCure(t.TypedDict):
    """A cure by a run before this one. at: seconds since the epoch; held: seconds until a run met the cause again."""

    at: float
    held: float


def earlier_cures(finding: Finding, fleet: Fleet, run: str) -> list[EarlierCure]:
    """When other runs cured this cause on the host to change, the oldest first."""
    host = fleet.hosts.get(finding.on)
    if host is None:
        return []
    known = or_empty(host.facts.get("journal")).get("cures") or []
    times = sorted(cure["at"] for cure in known if cure["cause"] == finding.cause and cure["run"] != run)
    return [{"at": at, "held": round(max(then - at, 0.0), 1)} for at, then in zip(times, [*times[1:], _now(host)])]


def given_up(
    finding: Finding, cures: t.Sequence[EarlierCure], fleet: Fleet, max_cures: int
) -> tuple[str, tuple[str, ...]]:
    """Why a cause is not cured once more, and what to look at instead; empty where it may be."""
    host, remedy = fleet.hosts.get(finding.on), finding.remedy
    # A clock that was put right may have cures in its future: those long ahead say nothing of today.
    recent = [cure for cure in cures if host and abs(_now(host) - cure["at"]) < WINDOW]
    if remedy is None or len(recent) < max_cures:
        return "", ()
    since, held = _utc(recent[0]["at"]), max(cure["held"] for cure in recent)
    why = "cured %s on %s since %s and back each time, within %s at the latest: another cure would not last (fix_502_max_cures: %d in 24 h)"
    words = why % (_times(len(recent)), finding.on, since, in_words(held), max_cures)
    advice = (
        "# look first for what sets it off: what was said there since the last cure",
        *look_since(remedy, finding.on, _utc(recent[-1]["at"])),
        "# one more cure, by hand or with fix_502_max_cures=%d:" % (len(recent) + 1),
    )
    return ("%s; %s" % (words, remedy.fades) if remedy.fades else words), advice


def in_words(seconds: float) -> str:
    """A time in the largest unit that shows it well."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return "%d %s" % (seconds // size, unit)
    return "%d s" % seconds


def _now(host: Host) -> float:
    return or_empty(host.facts.get("clock")).get("now") or 0.0


def _utc(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, tz=datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, "%d times" % number)
