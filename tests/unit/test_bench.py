# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench makes of several measurements in a row, and docs/performance.md of what was kept of them."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys

import pytest

from ansible_collections.webops.bad_gateway.tests.bench.figures import Row, in_rounds

BENCH = pathlib.Path(__file__).parents[1] / "bench"
#: The parts of the bench import each other as programs do, so that this is one.
PROGRAM = """
import json, sys, pathlib, page
if sys.argv[1:]:
    page.FOLDER, page.PAGE = map(pathlib.Path, sys.argv[1:3])
    page.keep("far", json.load(sys.stdin))
print(json.dumps([page.page(), page.PAGE.read_text(encoding="utf-8"), list(page.TITLES)]))
"""


def pages(*words, **options):
    """The page that the kept figures make, the page that there is, and the parts that it may have."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], cwd=BENCH, check=True, stdout=subprocess.PIPE, text=True, **options
    )
    return json.loads(done.stdout)


def rounds(*shares, wanted=0.75):
    """The figures of rounds in which a play was so long, and another had no share."""
    return in_rounds([[Row("look", "figures of %s" % share, share, wanted), Row("ping", "1 s")] for share in shares])


def test_the_median_of_the_rounds_counts_and_is_shown_with_its_own_figures():
    look, ping = rounds(1.25, 0.5, 0.7)
    assert (look.what, look.share, look.figures, look.each) == ("look", 0.7, "figures of 0.7", [1.25, 0.5, 0.7])
    assert (look.spread, look.missed_by) == (0.75, None)
    assert (ping.share, ping.spread, ping.each, ping.missed_by) == (None, None, [], None)


def test_a_goal_is_missed_by_what_the_median_is_above_it():
    assert rounds(1.25, 0.5, 1.0)[0].missed_by == 0.25
    assert rounds(0.75)[0].missed_by is None
    assert rounds(0.9, wanted=None)[0].missed_by is None


def test_one_round_has_no_spread():
    look = rounds(1.0)[0]
    assert (look.share, look.each, look.spread, look.missed_by) == (1.0, [], None, 0.25)


def test_a_task_that_only_one_round_had_is_shown_too():
    found = in_rounds([[Row("a", "")], [Row("a", ""), Row("b", "", 2.0)]])
    assert [(one.what, one.share) for one in found] == [("a", None), ("b", 2.0)]


def test_the_page_is_what_was_measured():
    made, page, parts = pages()
    assert made == page, "figures were kept, or the page edited, and not both"
    assert {path.stem for folder in ("seen", "notes") for path in (BENCH / folder).iterdir()} <= set(parts)


def test_a_part_that_is_measured_alone_leaves_the_others_as_they_were(tmp_path):
    seen, page = tmp_path / "seen", tmp_path / "performance.md"
    shutil.copytree(BENCH / "seen", seen)
    look = rounds(1.254, 0.5, 0.7)[0].shown
    far = {"when": "2026-01-01", "machine": "a fast one", "load": ["0.1", "0.2"], "rows": [look]}
    before, _there, parts = pages()
    made, written, _parts = pages(str(seen), str(page), input=json.dumps(far))
    assert made == written
    assert "| look | figures of 0.7 | 0.70 | 1.25, 0.50, 0.70 | 0.75 | 0.75 |  |" in made
    untouched = [part for part in before.split("\n## ") if not part.startswith("Over a slow line")]
    assert all(part in made for part in untouched)


@pytest.mark.parametrize("shares", [(1.0,), (0.7512, 0.7514, 0.9)])
def test_what_is_kept_has_two_places(shares):
    shown = rounds(*shares)[0].shown
    numbers = [shown["share"], shown["spread"], shown["missed_by"], *shown["rounds"]]
    assert all(number is None or number == round(number, 2) for number in numbers)


def test_the_hosts_of_a_fleet_are_alike():
    program = "import plays; print(*plays.fleet())"
    done = subprocess.run([sys.executable, "-c", program], cwd=BENCH, check=True, stdout=subprocess.PIPE, text=True)
    faults = [
        (BENCH.parent / "lab" / "faults" / (name + ".yml")).read_text(encoding="utf-8") for name in done.stdout.split()
    ]
    assert len(faults) == 40
    assert not any("\npackages:" in fault or "\npodman_args:" in fault for fault in faults)
