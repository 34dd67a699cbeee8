# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what was seen of each way (seen.yml) and puts it into docs/platforms.md, between two comments."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from _ways import DOORS, WAYS

SEEN = Path(__file__).resolve().parent / "seen.yml"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "platforms.md"
BEGIN, END = "<!-- controllers: written by make controllers -->\n", "<!-- end of the controllers -->\n"
#: What makes two results one and the same thing, of which the newer is kept. A host without a Python has none, and the fault of another was cured.
KEY = ("core", "pipelining", "door", "python", "fault")
#: The cell of a way that nobody has gone.
NOT_TRIED = "·"

Results = list[dict[str, Any]]


def keep(results: Results) -> None:
    """Lay results over those of earlier runs, and write the page."""
    known = {tuple(one[part] for part in KEY): one for one in kept()}
    today = time.strftime("%Y-%m-%d", time.gmtime())
    known.update({tuple(one[part] for part in KEY): {**one, "when": today} for one in results})
    ordered = [known[key] for key in sorted(known, key=str)]
    SEEN.write_text(
        "---\n# Written by `make controllers`.\n"
        + yaml.safe_dump(ordered, default_flow_style=None, sort_keys=False, width=150),
        encoding="utf-8",
    )
    PAGE.write_text(page(), encoding="utf-8")


def kept() -> Results:
    found: Results = yaml.safe_load(SEEN.read_text(encoding="utf-8")) if SEEN.exists() else []
    return found


def page() -> str:
    """docs/platforms.md with what was seen as it is now."""
    text = PAGE.read_text(encoding="utf-8")
    return text.partition(BEGIN)[0] + BEGIN + _tables(kept()) + END + text.partition(END)[2]


def _tables(results: Results) -> str:
    def cell(**wanted: Any) -> str:
        return _said(one for one in results if wanted.items() <= one.items() and not one["said"])

    ways = dict.fromkeys((way.core, way.pipelining) for way in WAYS if way.doors)
    rows = [
        [core, "on" if pipelining else "off", *(cell(core=core, pipelining=pipelining, door=door) for door in DOORS)]
        for core, pipelining in ways
    ]
    text = "\n" + _table(["ansible-core", "pipelining", *DOORS], rows)
    rows = [[way.python, way.core, cell(python=way.python)] for way in WAYS if way.python]
    text += "\n" + _table(["Python of the hosts", "ansible-core", "seen"], rows)
    for one in results:
        if one["said"]:
            text += "\nOf a host without Python, beside which another was cured (core %s):\n\n    %s\n" % (
                one["core"],
                one["said"],
            )
    days = sorted({one["when"] for one in results})
    return text + "\nLast seen: %s.\n\n" % (days[-1] if days else "never")


def _said(results: Iterable[dict[str, Any]]) -> str:
    """How many causes were cured and undone, and whatever was not as it has to be."""
    found: Counter[str] = Counter()
    for one in results:
        found[one["wrong"] or "cured and undone"] += one["causes"]
    return "; ".join("%s %d" % item if item[1] > 1 else item[0] for item in found.items()) or NOT_TRIED


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| %s |\n" % " | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
