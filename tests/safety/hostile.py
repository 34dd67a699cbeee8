# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Site users, colleagues and visitors against a run of root: what they set up before it, and what the run must not do, show or believe."""

from typing import Any

import _attempts_by_files
import _attempts_by_words
import _attempts_in_turns
import _attempts_of_colleagues
import _attempts_of_programs
import _world
from _attempts import Case
from _play import Keep, Play
from _rows import Results, Rows, failed, few

MARK = "s3cret"
CASES = [
    *_attempts_by_words.CASES,
    *_attempts_of_programs.CASES,
    *_attempts_by_files.CASES,
    *_attempts_of_colleagues.CASES,
    *_attempts_in_turns.CASES,
]


def _case(case: Case) -> dict[str, Any]:
    place = _world.fresh(case.fault, broken=case.broken)
    _world.run_on(place, place.proxy, case.setup)
    play = Play("fix_502.yml", place, flags=("-v",))
    play.wait()
    report = play.report()
    hosts = report["hosts"].values()
    said = ["%s: %s" % (one["cause"], one["outcome"]) for host in hosts for one in host["findings"]]
    text = play.text() + "".join(path.read_text() for path in play.folder.glob("report.*"))
    ends = "; ".join(sorted({host["status"] for host in hosts})) or "no report"
    wrong = [] if ends == case.status else ["ends %s, not %s: %s" % (ends, case.status, play.text()[-1500:])]
    wrong += ["says nothing of: " + word for word in case.words if word not in text]
    wrong += ["shows: " + line.strip()[:200] for line in text.splitlines() if MARK in line][:3]
    wrong += ["shows a control of terminals: " + line.strip()[:200] for line in text.splitlines() if "\x1b" in line][:3]
    lines = _world.run_on(place, place.proxy, case.after, check=False).splitlines() if case.after else []
    wrong += [line for line in lines if not line.startswith("seen: ")]
    said += [line for line in lines if line.startswith("seen: ")]
    wrong += ["left over: " + line for line in _world.left_over(place)]
    play.close()
    _world.remove(case.fault)
    return {"title": case.title, "said": [ends, *dict.fromkeys(said)], "wrong": wrong}


def run(only: str, keep: Keep) -> None:
    for case in CASES:
        if only in case.title:
            result = _case(case)
            keep(result)
            print(
                "%s: %s" % (case.title, "; ".join(result["said"])),
                *["  WRONG: " + line for line in result["wrong"]],
                sep="\n",
                flush=True,
            )


def rows(results: Results) -> Rows:
    seen = [[one["title"], few(one["said"]), "; ".join(one["wrong"]) or "no"] for one in results]
    return Rows(["attempt", "the run ends", "succeeded"], seen)


def summary(results: Results) -> str:
    return "%d attempts of others on a host: %d succeeded" % (
        len(results),
        failed(results),
    )
