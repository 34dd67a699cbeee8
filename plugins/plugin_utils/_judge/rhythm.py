# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How failed requests come: all the time, in bursts, or at regular times.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

#: Of the minutes from the first line to the last, so many have one where it fails all the time.
CONSTANT = 0.5
#: So many bursts show whether their distances are alike: within so many minutes, or this part of them.
BURSTS, SPREAD_MINUTES, SPREAD_PART = 4, 2, 0.2


def rhythm(minutes: t.Mapping[int, int]) -> str:
    """How lines come, in words. minutes: how many there are in each minute that has any; empty: nothing is said."""
    count = sum(minutes.values())
    if not minutes:
        return ""
    if count == 1:
        return "once"
    length = max(minutes) - min(minutes) + 1
    starts = [minute for minute in sorted(minutes) if minute - 1 not in minutes]
    if length <= 2:
        how = "within %s" % ("a minute" if length == 1 else "two minutes")
    elif len(minutes) >= CONSTANT * length or len(starts) == 1:
        how = "all the time"
    else:
        how = in_bursts(starts)
    return "%d times, %s" % (count, how)


def in_bursts(starts: t.Sequence[int]) -> str:
    """What the distances of bursts say. starts: the first minute of each."""
    gaps = [later - earlier for earlier, later in zip(starts, starts[1:])]
    usual = sorted(gaps)[len(gaps) // 2]
    if len(starts) >= BURSTS and max(gaps) - min(gaps) <= max(SPREAD_MINUTES, SPREAD_PART * usual):
        return "every %d minutes or so" % usual
    return "in %d bursts" % len(starts)
