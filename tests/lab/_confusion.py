# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults against the causes that a report names for them, as a table: what belongs to a fault, what was named, and how surely."""

import csv
from pathlib import Path
from typing import Any, NamedTuple

from _faults import Fault
from _hosts import Place

Row = dict[str, float]
SURE = 0.8
#: Its finding shows what was seen where no cause is known, and must not sound sure.
UNEXPLAINED = "upstream_failed"


class Confusion(NamedTuple):
    """rows: for each fault the causes that were named, each with its confidence. wanted: those that belong to it."""

    rows: dict[str, Row]
    wanted: dict[str, list[str]]

    def causes(self) -> list[str]:
        return sorted({cause for row in [*self.rows.values(), *self.wanted.values()] for cause in row})

    def strays(self) -> list[str]:
        """What is named beside the diagonal."""
        return [
            "%s: %s (%.3f)" % (fault, cause, sure)
            for fault, row in self.rows.items()
            for cause, sure in row.items()
            if cause not in self.wanted[fault]
        ]

    def summary(self) -> list[str]:
        """A line for each fault, and one that counts."""
        width = max([len(fault) for fault in self.rows], default=0)
        lines = [
            "%-*s  %s" % (width, fault, ", ".join("%s %.3f" % item for item in row.items()) or "-")
            for fault, row in self.rows.items()
        ]
        named = sum(len(row) for row in self.rows.values())
        return [
            *lines,
            "%d faults, %d causes named, %d of them beside the diagonal" % (len(self.rows), named, len(self.strays())),
            *self.strays(),
        ]

    def write(self, path: Path) -> None:
        """Every fault a row, every cause a column; a cell that is empty means: not named. A star marks the diagonal."""
        causes = self.causes()
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["fault", *causes])
            for fault, row in self.rows.items():
                writer.writerow([fault, *(_cell(row.get(cause), cause in self.wanted[fault]) for cause in causes)])


def is_as_sure_as_it_may(finding: dict[str, Any]) -> bool:
    """Whether a report's finding is sure where its cause is known, and only there."""
    is_sure: bool = finding["confidence"] >= SURE
    return is_sure == (finding["cause"] != UNEXPLAINED)


def _cell(sure: float | None, is_wanted: bool) -> str:
    return ("" if sure is None else "%.3f" % sure) + ("*" if is_wanted else "")


def expected(fault: Fault) -> list[str]:
    """The causes that belong to a fault: its own, the one to be named first, and those behind it."""
    named = [fault.cause, fault.expect.get("cause"), *(one["cause"] for one in fault.expect.get("also", []))]
    return list(dict.fromkeys(cause for cause in named if cause))


def table(report: dict[str, Any], places: list[Place]) -> Confusion:
    """The table of one report. A host that the report lacks is an error, not an empty row."""
    rows: dict[str, Row] = {}
    for place in places:
        row = rows.setdefault(place.fault.name, {})
        for finding in (finding for host in place.names() for finding in report["hosts"][host]["findings"]):
            row[finding["cause"]] = max(finding["confidence"], row.get(finding["cause"], 0.0))
    return Confusion(rows, {place.fault.name: expected(place.fault) for place in places})
