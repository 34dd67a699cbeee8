# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a table for a terminal.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import textwrap
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.document import (
    HARMLESS,
    HostEntry,
    ReportDocument,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.findings import FindingEntry

HEAD = ("HOST", "CAUSE", "CHANGE", "BEFORE", "AFTER")
MIN_WIDTH = 60
#: Pieces of evidence that are shown of a finding; report.json has all of them.
EVIDENCE_TO_ACT = 4
EVIDENCE_DONE = 2


def cut(text: str, width: int) -> str:
    """The text, or as much of it as fits and an ellipsis."""
    return text if len(text) <= width else text[: max(width - 1, 1)] + "…"


def statuses(entry: HostEntry, key: t.Literal["before", "after"]) -> str:
    """The worst answer of a host's own probes: what somebody sees who meets it. none: no answer in time; -: not asked."""
    own = [probe[key] for probe in entry["probes"] if probe["from"] == "host"]
    if not own:
        return "-"
    answered = [status for status in own if status is not None]
    if len(answered) < len(own):
        return "-" if key == "after" and not answered else "none"
    return str(max(answered))


def change_of(finding: FindingEntry) -> str:
    """What was changed, or would be, or was not."""
    text = finding["change"] or "nothing"
    return {
        "fixed": text,
        "relieved": "not proven: " + text,
        "planned": "would: " + text,
        "undone": "undone: " + text,
        "failed": "failed: " + text,
        "not_allowed": "not allowed: " + text,
    }.get(finding["outcome"], "nothing" if finding["cause"] in HARMLESS else "advice")


def rows(report: ReportDocument) -> list[tuple[str, ...]]:
    """A row for each finding, and one for each host without any; the columns are those of HEAD."""
    table: list[tuple[str, ...]] = []
    for name, entry in report["hosts"].items():
        before, after = statuses(entry, "before"), statuses(entry, "after")
        if not entry["findings"]:
            table.append((name, entry["status"], "-", before, after))
        for number, finding in enumerate(entry["findings"]):
            where = "" if finding["on"] == name else " on %s" % finding["on"]
            table.append(
                (
                    name if not number else "",
                    finding["cause"],
                    change_of(finding) + where,
                    before if not number else "",
                    after if not number else "",
                )
            )
    return table


def render(report: ReportDocument, width: int = 100) -> str:
    """The table, at most as wide as the terminal or MIN_WIDTH, and below it what a person has to do or know: reasons and commands."""
    body = rows(report)
    widths = [max(len(row[column]) for row in [HEAD, *body]) for column in range(len(HEAD))]
    spare = max(width, MIN_WIDTH) - sum(widths) - 2 * (len(widths) - 1)
    for column in (2, 0, 1):
        if spare < 0:
            give = min(-spare, max(widths[column] - 12, 0))
            widths[column] -= give
            spare += give
    lines = [
        "  ".join(cut(cell, size).ljust(size) for cell, size in zip(row, widths, strict=True)).rstrip()
        for row in [HEAD, *body]
    ]
    return "\n".join(lines + notes(report, max(width, MIN_WIDTH)))


def notes(report: ReportDocument, width: int) -> list[str]:
    """A paragraph for each host that is not simply well. Commands stay on one line, however long: they are there to be copied."""
    lines: list[str] = []
    for name, entry in report["hosts"].items():
        if not entry["findings"] and not entry.get("why"):
            continue
        lines += [
            "",
            *wrapped("%s: %s%s" % (name, entry["status"], ", " + entry["why"] if entry.get("why") else ""), "", width),
        ]
        for finding in entry["findings"]:
            somebody_has_to_act = finding["outcome"] in ("relieved", "advice", "not_allowed", "undone", "failed")
            reason = finding["why"] or finding["title"]
            lines += wrapped(
                "%s on %s (confidence %.2f): %s" % (finding["cause"], finding["on"], finding["confidence"], reason),
                "  ",
                width,
            )
            shown = finding["evidence"][: EVIDENCE_TO_ACT if somebody_has_to_act else EVIDENCE_DONE]
            lines += [line for text in shown for line in wrapped("seen: " + text, "    ", width)]
            # A line that begins with # is a remark; what is pasted from it does nothing.
            lines += [("    " if line.startswith("# ") else "    $ ") + line for line in finding["advice"]]
        lines += [
            line
            for one in entry["unknown"]
            for line in wrapped("not seen: %s (%s)" % (one["missing"], one["why"]), "  ", width)
        ]
    return lines


def wrapped(text: str, indent: str, width: int) -> list[str]:
    """The lines of a text, all but the first indented further."""
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent + "  ") or [indent]
