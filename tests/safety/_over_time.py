# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault that comes back over days and months: how often it is cured, and when it is left to people."""

from collections import Counter
from typing import Any, NamedTuple

import _world
from _play import Play

MINUTE, DAY = 60, 86400
#: The kernel has one clock for all hosts, so that no time passes here: what a host remembers becomes older instead.
OLDER = r"""python3 - %d <<'PYTHON'
import json, pathlib, sys

SECONDS, TIMES = int(sys.argv[1]), ("at", "begun", "closed", "ended", "saved")
BASE = pathlib.Path("/var/lib/bad_gateway")


def older(value):
    if isinstance(value, dict):
        return {key: one - SECONDS if key in TIMES and isinstance(one, (int, float)) else older(one) for key, one in value.items()}
    return [older(one) for one in value] if isinstance(value, list) else value


for path in BASE.rglob("*.json"):
    path.write_text(json.dumps(older(json.loads(path.read_text()))))
last = BASE / "last_change"
if last.exists():
    last.write_text("%%.3f\n" %% (float(last.read_text()) - SECONDS))
PYTHON
"""


class Returns(NamedTuple):
    """How often a fault comes back at a stretch, after how many seconds each time; how many stretches there are, and the seconds from one to the next.

    left: whether each stretch ends with a run that leaves it to people.
    """

    title: str
    times: int
    after: int
    stretches: int
    apart: int
    left: bool


RETURNS = [
    Returns("comes back every two minutes, for a week", 3, 2 * MINUTE, 7, DAY, True),
    Returns("comes back a month after each cure", 1, 0, 6, 30 * DAY, False),
]


def over_time(returns: Returns, fault: str, again: str) -> dict[str, Any]:
    """A fault that comes back and back: what each run makes of it. again: the command that breaks it."""
    place = _world.fresh(fault)
    role = _world.changed_role(place)
    wanted = ["fixed"] * returns.times + ["advice"] * returns.left
    ends: list[str] = []
    for _stretch in range(returns.stretches):
        for _wanted in wanted:
            play = Play("fix_502.yml", place)
            play.wait()
            entry = play.report()["hosts"].get(place.host(place.proxy), {"status": "no report: " + play.text()[-1500:]})
            ends.append(entry["status"])
            play.close()
            _world.run_on(place, role, again + "; " + OLDER % returns.after)
        _world.run_on(place, role, OLDER % returns.apart)
    wrong = [] if ends == wanted * returns.stretches else ["ended with %s" % ends]
    wrong += ["left over: " + line for line in _world.left_over(place)]
    _world.remove(fault)
    said = ["%s: %d" % end for end in Counter(ends).items()]
    return {"title": returns.title, "said": ["of %d runs: %s" % (len(ends), ", ".join(said))], "wrong": wrong}
