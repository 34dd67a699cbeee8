# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/performance.md, made of what was measured of each part last, and of what there is to say of it.

Both are kept beside the bench, so that a part can be measured alone.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

from figures import RUNS, TOP, Shown
from plays import RUNS_OF_FLEET

PAGE = TOP / "docs" / "performance.md"
FOLDER = pathlib.Path(__file__).parent / "seen"
#: What there is to say of a part beside its figures: where a goal is missed, where the time goes and what the floor is.
NOTES = pathlib.Path(__file__).parent / "notes"
#: The parts in their order, which are named like the files of their figures.
TITLES = {
    "plays": "One host, and two",
    "profile": "Where the time goes",
    "far": "Over a slow line",
    "doors": "Other ways to a host",
    "fleet": "Forty hosts",
    "alike": "Twenty hosts that are broken alike",
    "host": "What it costs a host",
    "judging": "Judging",
}
HEAD = """# How long it takes

Written by `make bench`. The plays take turns over ssh with pipelining, so that all meet the same machine: what counts is the ratio. A part is measured several
times in a row. Seconds are medians of the %d runs in one round (of a fleet %d), in parentheses all of them; the ratio or amount is the median of the rounds,
spread is the largest less the smallest, and the figures beside it are those of the middle round.

`ping` is the floor: Ansible's start, a connection and one module. No play goes below its ratio, whatever it does.
"""
PART = """
## %s

Measured on %s: %s. The load of the machine was %s before and %s after.

| what | figures | ratio or amount | rounds | spread | wanted at most | missed by |
|---|---|---|---|---|---|---|
"""
ROW = "| %s | %s | %s | %s | %s | %s | %s |\n"


class Measured(t.TypedDict):
    """A part of the page. load: of the machine, before and after."""

    when: str
    machine: str
    load: list[str]
    rows: list[Shown]


def keep(part: str, measured: Measured) -> None:
    """Put what was measured in the place of what was measured before, and write the page anew."""
    FOLDER.mkdir(exist_ok=True)
    _file(part).write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """What was measured of each part last."""
    parts = (_section(part) for part in TITLES if _file(part).exists())
    return HEAD % (RUNS, RUNS_OF_FLEET) + "".join(parts)


def amount(value: float | None) -> str:
    return "" if value is None else "%.2f" % value


def _file(part: str) -> pathlib.Path:
    return FOLDER / (part + ".json")


def _section(part: str) -> str:
    measured: Measured = json.loads(_file(part).read_text(encoding="utf-8"))
    text = PART % (TITLES[part], measured["when"], measured["machine"], *measured["load"])
    notes = NOTES / (part + ".md")
    said = "\n" + notes.read_text(encoding="utf-8") if notes.exists() else ""
    return text + "".join(_row(row) for row in measured["rows"]) + said


def _row(row: Shown) -> str:
    rounds = ", ".join(amount(share) for share in row["rounds"])
    amounts = amount(row["share"]), rounds, amount(row["spread"]), amount(row["wanted"]), amount(row["missed_by"])
    return ROW % (row["what"], row["figures"], *amounts)
