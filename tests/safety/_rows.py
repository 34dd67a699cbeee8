# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of what was seen, as a harness gives them for the page."""

from collections.abc import Sequence
from typing import Any, NamedTuple

Results = list[dict[str, Any]]
#: Of a text that the run says, in a table.
SHOWN = 160


class Rows(NamedTuple):
    """The main table of a harness: a row for each result, in their order. above: what stands before it."""

    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    above: Sequence[str] = ()


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    lines = ["| %s |" % " | ".join(head), "|%s|" % "|".join(["---"] * len(head))]
    return lines + [
        "| %s |" % " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows
    ]


def few(said: list[str]) -> str:
    return "; ".join(text if len(text) <= SHOWN else text[:SHOWN] + "..." for text in said[:5])


def yes_or(wrong: list[str]) -> str:
    """The cell that says whether all was as it should be."""
    return "yes" if not wrong else "no: " + "; ".join(wrong)


def failed(results: Results) -> int:
    return sum(1 for result in results if result["wrong"])
