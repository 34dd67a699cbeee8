# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role by itself, with its documented variables: check mode changes nothing and foretells whether a run would, the run does it, a second one
finds nothing left to do. alone.yml has the roles as data."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import _world
import back
import yaml
from _hosts import Place
from _play import Keep, Play
from _rows import Results, Rows, failed, yes_or

FAULT = "healthy"
CASES: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
#: Whether check mode, the run and a second run have something to change.
FORETOLD = {"never": (False, False, False), "once": (True, True, False), "each time": (True, True, True)}
RUNS = (("check mode", ("--check", "--diff")), ("for real", ()), ("again", ()))
_RECAP = re.compile(r"^\S+ +: ok=\d+ +changed=(\d+) .*failed=(\d+) ", re.MULTILINE)


def _play_of(role: str, case: dict[str, Any]) -> list[dict[str, Any]]:
    """A playbook of the role alone. Where the tasks are the caller's, its variables are known only when they have run."""
    name = "webops.bad_gateway." + role
    play: dict[str, Any] = {"hosts": "all", "gather_facts": False}
    if "apply" not in case:
        return [{**play, "roles": [{"role": name, "vars": case["variables"]}]}]
    include = {"name": name, "rolespec_validate": False}
    return [{**play, "tasks": [{"ansible.builtin.include_role": include, "vars": case["variables"]}]}]


class _Trial:
    """The runs of one role on a host, how each ended, and what was not as it should be."""

    def __init__(self, place: Place, role: str) -> None:
        self.place, self.case = place, CASES[role]
        self.folder = Path(tempfile.mkdtemp(prefix="bg-alone-"))
        self.playbook = self.folder / "alone.yml"
        self.playbook.write_text(yaml.safe_dump(_play_of(role, self.case)))
        (self.folder / "apply.yml").write_text(yaml.safe_dump(self.case.get("apply", [])))
        self.ends: dict[str, str] = {}
        self.wrong: list[str] = []

    def run(self, title: str, flags: tuple[str, ...], changes: bool) -> None:
        """Run the role, and hold its end against what the data says."""
        play = Play(str(self.playbook), self.place, flags=flags)
        play.wait()
        text = play.text()
        play.close()
        recap = _RECAP.search(text)
        changed, failed = (int(recap.group(1)) > 0, int(recap.group(2)) > 0) if recap else (False, True)
        self.ends[title] = "refused" if failed else "changed" if changed else "well"
        refused = self.case.get("refused", "")
        wanted = "refused" if refused else "changed" if changes else "well"
        if self.ends[title] != wanted or refused not in text:
            self.wrong.append("%s ends %s, not %s: %s" % (title, self.ends[title], wanted, text[-1500:]))

    def serves(self, title: str) -> None:
        answer = _world.status(self.place)
        self.wrong += [] if answer == 200 else ["%s: the site answers %s" % (title, answer)]


def trial(place: Place, role: str) -> dict[str, Any]:
    one = _Trial(place, role)
    if "before" in one.case:
        _world.run_on(place, place.proxy, one.case["before"])
    before = _world.snapshots(place)
    for (title, flags), changes in zip(RUNS, FORETOLD[one.case["changes"]]):
        one.run(title, flags, changes)
        if "--check" in flags:
            one.wrong += ["check mode changed " + line for line in back.differences(before, _world.snapshots(place))]
        else:
            one.serves(title)
    made = "if ! {\n%s\n}; then echo it was not done; fi" % one.case.get("made", ":")
    one.wrong += _world.run_on(place, place.proxy, made, check=False).splitlines()
    one.wrong += ["left over: " + line for line in _world.left_over(place)]
    shutil.rmtree(one.folder)
    return {"title": role, "ends": one.ends, "wrong": one.wrong}


def run(only: str, keep: Keep) -> None:
    place = _world.fresh(FAULT)
    for role in CASES:
        if only in role:
            result = trial(place, role)
            keep(result)
            print(
                "%s: %s" % (role, "; ".join(result["ends"].values())),
                *["  WRONG: " + line for line in result["wrong"]],
                sep="\n",
                flush=True,
            )
    _world.remove(FAULT)


def rows(results: Results) -> Rows:
    """How each run of a role ended."""
    titles = [title for title, _flags in RUNS]
    seen = [[one["title"], *(one["ends"][title] for title in titles), yes_or(one["wrong"])] for one in results]
    return Rows(["role", *titles, "as its README says"], seen)


def summary(results: Results) -> str:
    return "%d roles alone, in check mode, for real and again: %d exceptions" % (
        len(results),
        failed(results),
    )
