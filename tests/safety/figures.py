# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a harness saw into docs/safety.md, between two comments that name the harness."""

import fcntl
import json
import re
import time
from pathlib import Path
from typing import Any, Protocol

import alone
import back
import bounded
import doors
import firewalls
import home
import hostile
import killed
import lasts
import leaks
import lost
import respect
from _play import ROOT
from _rows import Results, Rows, table

#: What was seen, kept with the page so that any of it can be made anew.
FOLDER = Path(__file__).parent / "seen"
PAGE = ROOT / "docs" / "safety.md"
MARKS = "<!-- %s: written by tests/safety/safety.py -->", "<!-- end of %s -->"


class Harness(Protocol):
    """What a harness says of its results."""

    def rows(self, results: Results) -> Rows: ...

    def summary(self, results: Results) -> str: ...


HARNESSES: dict[str, Harness] = {
    "killed": killed,
    "lost": lost,
    "back": back,
    "home": home,
    "lasts": lasts,
    "respect": respect,
    "bounded": bounded,
    "leaks": leaks,
    "hostile": hostile,
    "alone": alone,
    "doors": doors,
    "firewalls": firewalls,
}


def keep(harness: str, result: dict[str, Any]) -> Results:
    """Put one result in the place of what was seen before in the same way, and write the page anew. Returns all results of the harness.

    Results are kept one by one, so that a harness that is interrupted goes on where it was.
    """
    with PAGE.open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = {_key(one): one for one in stored(harness)}
        known[_key(result)] = {**result, "when": time.strftime("%Y-%m-%d", time.gmtime())}
        results = list(known.values())
        _path(harness).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        _write(harness, results)
    return results


def stored(harness: str) -> Results:
    path = _path(harness)
    loaded: Results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return loaded


def _path(harness: str) -> Path:
    return FOLDER / (harness + ".json")


def _key(result: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two results two views of the same thing."""
    return tuple(result.get(name) for name in ("fault", "number", "title"))


def _write(harness: str, results: Results) -> None:
    begin, end = MARKS[0] % harness, MARKS[1] % harness
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(pattern.sub(lambda _found: block(harness, results), text), encoding="utf-8")


def block(harness: str, results: Results) -> str:
    """The part of the page that a harness has, with the day of each result where they are of several."""
    days = sorted({result["when"] for result in results})
    said = HARNESSES[harness].rows(results)
    head, rows = list(said.head), [list(row) for row in said.rows]
    if len(days) > 1:
        head, rows = [*head, "seen"], [[*row, result["when"]] for row, result in zip(rows, results)]
    lines = [
        MARKS[0] % harness,
        "%s: **%s**." % (" to ".join(dict.fromkeys([days[0], days[-1]])), HARNESSES[harness].summary(results)),
        "",
        *said.above,
        *table(head, rows),
        MARKS[1] % harness,
    ]
    return "\n".join(lines)
