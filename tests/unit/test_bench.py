# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench makes of several measurements in a row."""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.tests.bench.figures import Row, in_rounds


def rounds(*shares, wanted=0.75):
    """The figures of rounds in which a play was so long, and another had no share."""
    return in_rounds([[Row("look", "figures of %s" % share, share, wanted), Row("ping", "1 s")] for share in shares])


def test_the_median_of_the_rounds_counts_and_is_shown_with_its_own_figures():
    look, ping = rounds(1.25, 0.5, 0.7)
    assert (look.what, look.share, look.figures, look.each) == ("look", 0.7, "figures of 0.7", "1.25, 0.50, 0.70")
    assert (look.spread, look.missed_by) == (0.75, None)
    assert (ping.share, ping.spread, ping.each, ping.missed_by) == (None, None, "", None)


def test_a_goal_is_missed_by_what_the_median_is_above_it():
    assert rounds(1.25, 0.5, 1.0)[0].missed_by == 0.25
    assert rounds(0.75)[0].missed_by is None
    assert rounds(0.9, wanted=None)[0].missed_by is None


def test_one_round_has_no_spread():
    look = rounds(1.0)[0]
    assert (look.share, look.each, look.spread, look.missed_by) == (1.0, "", None, 0.25)


def test_a_task_that_only_one_round_had_is_shown_too():
    found = in_rounds([[Row("a", "")], [Row("a", ""), Row("b", "", 2.0)]])
    assert [(one.what, one.share) for one in found] == [("a", None), ("b", 2.0)]
