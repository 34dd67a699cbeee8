# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cause that comes back after each cure: how often it is cured, and what is said then."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge import memory
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import KINDS, plan
from ansible_collections.webops.bad_gateway.tests.unit.plugins.plugin_utils.small_fleet import (
    finding,
    fleet,
    host,
    proxy,
    remedy,
)

NOW = 1_800_000_000.0
HOUR = 3600.0
START = remedy(unit="php8.2-fpm.service")


def cure(at, cause="c", run=None):
    return {"cause": cause, "at": at, "run": run or "r%d" % at}


def web(*cures, now=NOW):
    return fleet(
        web=proxy("http://10.0.0.2", clock={"now": now, "last_change": None}, journal={"unended": [], "cures": cures})
    )


def judged(*cures, max_cures=3, now=NOW, one=None, run="now"):
    made = plan([one or finding(remedy=START)], web(*cures, now=now), KINDS, run, {}, max_cures)
    return made.judged[0], made.steps


def test_the_third_cure_of_a_day_is_made_and_the_fourth_is_not():
    twice = [cure(NOW - 5 * HOUR), cure(NOW - HOUR)]
    one, steps = judged(*twice)
    assert (one.outcome, len(steps), one.given_up) == ("planned", 1, False)
    one, steps = judged(*twice, cure(NOW - 120))
    assert (one.outcome, steps, one.given_up, one.step) == ("advice", [], True, None)
    assert one.why.startswith(
        "cured 3 times on web since 2027-01-15 03:00:00 UTC and back each time, within 4 h at the latest"
    )
    assert "fix_502_max_cures: 3 in 24 h" in one.why


def test_the_advice_says_where_to_look_before_how_to_cure_it_by_hand():
    one, _steps = judged(*(cure(NOW - seconds) for seconds in (360, 240, 120)))
    look = one.finding.advice[1]
    assert one.finding.advice[0].startswith("# look first for what sets it off")
    assert "journalctl --no-pager -u php8.2-fpm.service --since '2027-01-15 07:58:00 UTC'" in look
    assert "fix_502_max_cures=4" in one.finding.advice[2]
    assert any("systemctl start" in line for line in one.finding.advice[3:])


def test_a_remedy_without_a_unit_asks_for_all_warnings_and_one_that_fades_says_why():
    fading = remedy("upstream_dns", ("reload",))
    fading = type(fading)(**{**fading.__dict__, "fades": "nginx asks for the name only when it starts"})
    one, _steps = judged(*(cure(NOW - seconds) for seconds in (360, 240, 120)), one=finding(remedy=fading))
    assert one.why.endswith("; nginx asks for the name only when it starts")
    assert "journalctl --no-pager -p warning --since" in one.finding.advice[1]


@pytest.mark.parametrize(
    "others",
    [
        [cure(NOW - seconds, cause="another") for seconds in (300, 200, 100)],
        [cure(NOW - seconds, run="now") for seconds in (300, 200, 100)],
        [cure(NOW - memory.WINDOW - seconds) for seconds in (300, 200, 100)],
        [cure(NOW + memory.WINDOW + seconds) for seconds in (300, 200, 100)],
    ],
    ids=["other causes", "this run", "older than a day", "a clock that was put right"],
)
def test_what_does_not_count(others):
    one, steps = judged(*others)
    assert (one.outcome, len(steps)) == ("planned", 1)


def test_cures_of_another_host_do_not_count():
    hosts = fleet(
        web=proxy("http://10.0.0.2", clock={"now": NOW, "last_change": None}),
        app=host(
            "10.0.0.2", clock={"now": NOW, "last_change": None}, journal={"unended": [], "cures": [cure(NOW - 9)] * 3}
        ),
    )
    there, here = finding(remedy=START, on="app"), finding(remedy=START)
    assert [one.outcome for one in plan([there, here], hosts, KINDS, "now", {}).judged] == ["advice", "planned"]


def test_a_host_without_a_journal_or_outside_the_run_has_no_history():
    bare = fleet(web=proxy("http://10.0.0.2", journal=None))
    assert memory.earlier_cures(finding(remedy=START), bare, "now") == []
    assert memory.earlier_cures(finding(remedy=START, on="10.9.9.9"), bare, "now") == []
    assert memory.given_up(finding(remedy=START, on="10.9.9.9"), [], bare, 3) == ("", ())


def test_a_refusal_stands_before_the_limit_and_history_stands_in_any_case():
    made = plan([finding(remedy=START)], web(*(cure(NOW - seconds) for seconds in (3, 2, 1))), [], "now", {})
    assert (made.judged[0].outcome, made.judged[0].given_up) == ("not_allowed", False)
    assert [one["held"] for one in made.judged[0].history] == [1.0, 1.0, 1.0]


def simulated(every, days, max_cures=3):
    """When runs cure a fault that returns some seconds after each cure, with a run every minute."""
    cures, back = [], 0.0
    hosts, one = web(), finding(remedy=START)
    facts = hosts.hosts["web"].facts
    for minute in range(0, days * 86400, 60):
        facts["clock"]["now"], facts["journal"]["cures"] = NOW + minute, cures
        earlier = memory.earlier_cures(one, hosts, "now")
        if minute >= back and memory.given_up(one, earlier, hosts, max_cures) == ("", ()):
            cures.append(cure(NOW + minute))
            back = minute + every
    return [one["at"] - NOW for one in cures]


def test_in_weeks_a_fault_that_returns_every_two_minutes_is_cured_three_times_in_a_day():
    times = simulated(every=120, days=14)
    assert times[:3] == [0, 120, 240]
    assert all(sum(first <= one < first + memory.WINDOW for one in times) <= 3 for first in times)
    assert len(times) == 3 * 14


def test_a_fault_that_returns_a_month_later_is_cured_each_time():
    cures = []
    for month in range(12):
        now = NOW + month * 30 * 86400
        one, steps = judged(*cures, now=now)
        assert steps and not one.given_up
        cures.append(cure(now))
    assert len(cures) == 12


@pytest.mark.parametrize(
    "seconds,words", [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h")]
)
def test_a_time_in_words(seconds, words):
    assert memory.in_words(seconds) == words


@pytest.mark.parametrize("limit,words", [(1, "cured once on"), (2, "cured twice on")])
def test_a_lower_limit_in_words(limit, words):
    one, _steps = judged(*(cure(NOW - 60 * number) for number in range(limit, 0, -1)), max_cures=limit)
    assert one.why.startswith(words)
