# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a unit came to be down: the chain of what systemd said of it since it last ran for a while.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: A unit that was started and ended within these seconds never really ran.
RAN_SECONDS = 60.0
#: Events that say that a unit runs, or goes on running.
_RUNS = ("started", "reloading", "reloaded")
STOPPED = "was stopped"
UNASKED = "ended without an error, though systemd had not stopped it"
_SIGNALS = {"9/KILL": "signal 9 (KILL)", "11/SEGV": "signal 11 (SEGV), a crash", "6/ABRT": "signal 6 (ABRT)"}
_RESULTS = {
    "oom-kill": "the kernel killed it, as the memory was full",
    "timeout": "it took too long",
    "watchdog": "it did not report to systemd's watchdog in time",
    "resources": "systemd could not make what it needs",
}


class Death(t.NamedTuple):
    """How a unit came to be down: when, in words (with the unit as their subject), who asked for it, and what became of its starts since."""

    at: float
    unit: str
    how: str
    by: str | None
    since: str

    @property
    def by_itself(self) -> bool:
        """Whether it ended without anybody's doing, so that what it reads may be the reason."""
        return self.how.startswith(("ended", "failed", "was not started")) and not (self.how == UNASKED and self.by)


def last_start(events: t.Sequence[Change]) -> float | None:
    """When a unit was last started so that it ran for a while; None where the events have no such start. events: of one unit, the oldest first."""
    place = _last_start(events)
    return None if place is None else events[place]["at"]


def death(events: t.Sequence[Change]) -> Death | None:
    """How a unit came to be down; None where the last that is said of it is that it runs. events: of one unit, the oldest first."""
    place = _last_start(events)
    chain = [one for one in events[0 if place is None else place + 1 :] if one["what"] not in _RUNS[1:]]
    ends = [one for one in chain if one["what"] not in ("starting", "started")]
    if not ends:
        return None
    end = ends[0]
    by = next((one["by"] for one in chain if one["by"] and one["at"] <= end["at"] + 1), None)
    return Death(end["at"], end["subject"], how_it_ended(chain, end), by, starts_since(chain, end))


def _last_start(events: t.Sequence[Change]) -> int | None:
    """The place of the last start after which the unit ran for a while."""
    for place in range(len(events) - 1, -1, -1):
        if events[place]["what"] == "started":
            later = next((one for one in events[place + 1 :] if one["what"] not in _RUNS), None)
            if later is None or later["at"] - events[place]["at"] >= RAN_SECONDS:
                return place
    return None


def how_it_ended(chain: t.Sequence[Change], end: Change) -> str:
    """How it ended, as words that follow the unit's name."""
    near = [one["what"] for one in chain if 0 <= one["at"] - end["at"] <= 5]
    if "out of memory" in near or "failed: oom-kill" in near:
        return "was killed by the kernel, as the memory was full"
    word, _colon, details = end["what"].partition(": ")
    if word in ("stopping", "stopped"):
        return STOPPED
    if word == "ended":
        return UNASKED
    if word == "process ended":
        return ended_by(details)
    if word == "dependency failed":
        return "was not started, as a unit that it needs failed"
    if word == "start limit":
        return "was not started, as systemd had started it too often"
    reason = next((_RESULTS[one[len("failed: ") :]] for one in near if one[len("failed: ") :] in _RESULTS), "")
    return "failed" + (": " + reason if reason else "")


def ended_by(details: str) -> str:
    """How a process ended, by systemd's words `killed, 9/KILL` or `exited, 1/FAILURE`."""
    how, _comma, status = details.partition(", ")
    if how == "exited":
        return "ended by itself, with exit status %s" % status.partition("/")[0]
    return "was killed by %s" % _SIGNALS.get(status, "signal %s" % status.replace("/", " (") + ")")


def starts_since(chain: t.Sequence[Change], end: Change) -> str:
    """What became of its starts after it ended; empty where there was none."""
    later = chain[chain.index(end) + 1 :]
    starts = [one for one in later if one["what"] == "starting"] or [one for one in later if one["what"] == "started"]
    failed = [one for one in later if one["what"].startswith(("process ended", "start failed", "failed"))]
    if not starts or not failed:
        return ""
    times = "its start after that failed" if len(starts) == 1 else "%d starts after that failed" % len(starts)
    last = next((one for one in reversed(failed) if one["what"].startswith("process ended")), None)
    how = ": it %s" % ended_by(last["what"].partition(": ")[2]) if last else ""
    limit = ", and systemd gave up (start limit)" if any(one["what"] == "start limit" for one in later) else ""
    return times + how + limit
