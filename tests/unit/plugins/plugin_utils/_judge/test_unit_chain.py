# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a unit came to be down, by chains of systemd's words as lab hosts and public reports have them."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.unit_chain import death, last_start


def events(*pairs, by=None):
    """Pairs of a time and what systemd said then; by: who asked for what was asked for."""
    return [
        {
            "at": float(at),
            "kind": "unit",
            "subject": "shop.service",
            "what": what,
            "by": by if what == "stopping" else None,
            "of": None,
        }
        for at, what in pairs
    ]


RUNS = [(0, "starting"), (1, "started")]
STOPPED = [(500, "stopping"), (501, "stopped")]
KILLED = [(500, "process ended: killed, 9/KILL"), (500, "failed: signal")]
CRASHES = [(2, "process ended: exited, 1/FAILURE"), (2, "failed: exit-code")]
LOOP = [(at + after, what) for at in (500, 510, 520) for after, what in (RUNS[0], RUNS[1], *CRASHES)]


@pytest.mark.parametrize(
    "chain, how, since",
    [
        ([*RUNS, *STOPPED], "was stopped", ""),
        ([*RUNS, *KILLED], "was killed by signal 9 (KILL)", ""),
        ([*RUNS, (500, "process ended: dumped, 11/SEGV")], "was killed by signal 11 (SEGV), a crash", ""),
        ([*RUNS, (500, "process ended: killed, 15/TERM")], "was killed by signal 15 (TERM)", ""),
        ([*RUNS, (500, "out of memory"), *KILLED], "was killed by the kernel, as the memory was full", ""),
        (
            [*RUNS, (500, "process ended: killed, 9/KILL"), (501, "failed: oom-kill")],
            "was killed by the kernel, as the memory was full",
            "",
        ),
        ([*RUNS, (500, "failed: watchdog")], "failed: it did not report to systemd's watchdog in time", ""),
        ([(500, "dependency failed")], "was not started, as a unit that it needs failed", ""),
        (
            [(500, "start limit"), (500, "failed: start-limit-hit")],
            "was not started, as systemd had started it too often",
            "",
        ),
        (
            [
                *RUNS,
                *STOPPED,
                (502, "starting"),
                (503, "process ended: exited, 78"),
                (503, "failed: exit-code"),
                (503, "start failed"),
            ],
            "was stopped",
            "its start after that failed: it ended by itself, with exit status 78",
        ),
        (
            [*RUNS, *LOOP, (530, "start limit")],
            "ended by itself, with exit status 1",
            "2 starts after that failed: it ended by itself, with exit status 1, and systemd gave up (start limit)",
        ),
        (
            LOOP,
            "ended by itself, with exit status 1",
            "2 starts after that failed: it ended by itself, with exit status 1",
        ),
    ],
)
def test_how_it_came_to_be_down(chain, how, since):
    found = death(events(*chain))
    assert found is not None
    assert (found.unit, found.how, found.since) == ("shop.service", how, since)
    assert found.at >= 2


@pytest.mark.parametrize(
    "chain",
    [
        [],
        RUNS,
        [*RUNS, (400, "reloading"), (401, "reloaded")],
        [*RUNS, *STOPPED, (502, "starting"), (503, "started")],
        [*RUNS, *KILLED, (502, "started"), (700, "reloaded")],
    ],
)
def test_what_runs_has_not_died(chain):
    assert death(events(*chain)) is None


def test_what_the_journal_took_at_one_time_keeps_its_order():
    at_once = [(500, what) for what in ("stopping", "stopped", "started", "process ended: exited, 1/FAILURE")]
    assert death(events(*RUNS, *at_once)).since == "its start after that failed: it ended by itself, with exit status 1"


def test_who_stopped_it():
    assert death(events(*RUNS, *STOPPED, by="alice, by sudo")).by == "alice, by sudo"


def test_only_a_start_that_lasted_counts():
    assert last_start(events(*RUNS, *LOOP)) == 1.0
    assert last_start(events(*LOOP)) is None
