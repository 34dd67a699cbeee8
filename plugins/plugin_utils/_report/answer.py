# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of a run for a terminal: what is left to do first, then what was changed, then what is well, and the sum of it in the last line.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import itertools
import textwrap
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.entries import (
    FindingEntry,
    HostEntry,
    ReportDocument,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import (
    HARMLESS,
    HEADLINES,
    TROUBLE_FIRST,
    as_sentence,
    began_words,
    confidence_words,
    counts,
    listed,
    needs_somebody,
    verdict,
)

#: Lines wrap here, however wide the terminal is: nobody reads longer ones.
WIDEST, NARROWEST = 100, 40
#: Hosts from which on the counts stand above the rest as well.
MANY = 8
#: Lines of one finding, and of them what its reason, one piece of evidence and its commands may take. What was changed is never cut.
FINDING_LINES = 12
REASON_LINES, EVIDENCE_LINES, COMMANDS = 3, 3, 5
#: Pieces of evidence that are shown where a cure has ended the matter; the report has all of them.
EVIDENCE = 2
_LABEL = "  %-8s "


def render(report: ReportDocument, width: int = 80) -> str:
    """The answer, at most as wide as the terminal; commands stay on one line, however long, as they are there to be copied."""
    width = max(min(width, WIDEST), NARROWEST)
    blocks = [[counts(report)]] if len(report["hosts"]) > MANY else []
    for status in TROUBLE_FIRST:
        groups = alike({name: one for name, one in report["hosts"].items() if one["status"] == status})
        if status == "healthy":
            lines = [line for names, entry in groups for line in well(names, entry, width)]
            blocks += [lines] if lines else []
        else:
            blocks += [host_block(names, entry, width) for names, entry in groups]
    missing = not_seen(report, width)
    blocks += [missing] if missing else []
    blocks.append(last_lines(report, width))
    return "\n\n".join("\n".join(lines) for lines in blocks)


def alike(hosts: t.Mapping[str, HostEntry]) -> list[tuple[list[str], HostEntry]]:
    """Hosts of which the same is to be said, with what is said of the first of them."""
    groups: dict[t.Any, tuple[list[str], HostEntry]] = {}
    for name, entry in hosts.items():
        groups.setdefault(what_is_said(name, entry), ([], entry))[0].append(name)
    return list(groups.values())


def what_is_said(name: str, entry: HostEntry) -> tuple[t.Any, ...]:
    """What makes two hosts alike: for somebody who reads it, it does not matter that each names itself."""
    findings = tuple(
        (one["cause"], one["on"] == name or one["on"], one["outcome"], one["change"], one["why"].replace(name, ""))
        for one in entry["findings"]
    )
    if entry["status"] == "healthy" and not findings:
        return ("healthy", bool(entry["probes"]))
    return (findings, entry["says"].replace(name, "") if not findings else "")


def host_block(names: t.Sequence[str], entry: HostEntry, width: int) -> list[str]:
    """A headline, and a paragraph for each finding."""
    who = names[0] if len(names) == 1 else "%d hosts (%s)" % (len(names), listed(names, 6))
    lines = wrapped("%s  %s: %s" % (HEADLINES[entry["status"]], who, entry["says"]), "", width, "  ")
    for finding in entry["findings"]:
        lines += finding_lines(finding if len(names) == 1 else of_each(finding, names[0]), width)
    return lines


def of_each(finding: FindingEntry, name: str) -> FindingEntry:
    """The finding of one host as it is said of several that are alike. When and why it began is each host's own: the report has it."""
    on = "each" if finding["on"] == name else finding["on"]
    says, why = (finding[key].replace(name, "each host") for key in ("says", "why"))
    return {**finding, "on": on, "says": says, "why": why, "began": None, "because": []}


def finding_lines(finding: FindingEntry, width: int) -> list[str]:
    """What is wrong, what was done about it or has to be done, and why, in a dozen lines."""
    sure = confidence_words(finding)
    said = as_sentence(finding["says"]).rstrip(".")
    lines = labelled("Cause", "%s (%s)." % (said, ", ".join((finding["cause"], *sure))), width)
    label, change = done_about(finding)
    if change:
        lines += labelled(label, change, width)
    when = began_words(finding)
    if when:
        lines += cut_lines(labelled("Began", when, width), REASON_LINES)
    orders = [] if finding["cause"] in HARMLESS else commands(finding, width)
    room = FINDING_LINES - len(lines) - len(orders)
    if finding["why"] and room > 0:
        reason = cut_lines(labelled("Why", finding["why"], width), min(REASON_LINES, room))
        lines, room = lines + reason, room - len(reason)
    for number, text in enumerate(finding["evidence"][:EVIDENCE]):
        if room > 0:
            seen = cut_lines(labelled("" if number else "Seen", text, width), min(EVIDENCE_LINES, room))
            lines, room = lines + seen, room - len(seen)
    return lines + orders


def done_about(finding: FindingEntry) -> tuple[str, str]:
    """What was, would be or was not changed, and where, with the word for it."""
    change = "%s: %s" % (finding["on"], finding["change"]) if finding["change"] else ""
    words = {
        "fixed": ("Changed", change),
        "relieved": ("Changed", change and "%s (for now)" % change),
        "planned": ("Would", "on %s" % change if change else ""),
        "undone": ("Undone", change),
        "failed": ("Failed", change),
        "not_allowed": ("Barred", "%s (fix_502_allow forbids it)" % change),
    }
    return words.get(finding["outcome"], ("", ""))


def commands(finding: FindingEntry, width: int) -> list[str]:
    """What somebody has to do, or what makes a cure last. Only what can be pasted has a prompt before it, and stays on one line."""
    items = [_shown(line, width) for line in finding["advice"]]
    lines = [line for item in items for line in item]
    if len(lines) > COMMANDS:
        # A sentence is shown whole or not at all, unless there were nothing else.
        ends = [end for end in itertools.accumulate(map(len, items)) if end < COMMANDS]
        lines = [*lines[: max(ends, default=COMMANDS - 1)], "# and more in the report"]
    label = "Do" if needs_somebody(finding) else "Then"
    return [_LABEL % ("" if number else label) + line for number, line in enumerate(lines)]


def _shown(advice: str, width: int) -> list[str]:
    """The lines of one advice."""
    if advice.startswith("#"):
        return textwrap.wrap(advice, width - len(_LABEL % ""), subsequent_indent="# ", break_on_hyphens=False)
    return ["$ " + advice]


def well(names: t.Sequence[str], entry: HostEntry, width: int) -> list[str]:
    """The line for hosts on which nothing is wrong: whether anything was asked there is a difference."""
    if entry["findings"]:
        return host_block(names, entry, width)
    if not entry["probes"]:
        says = "no URL was asked here."
    elif len(names) == 1:
        says = entry["says"]
    else:
        says = "all URLs that were asked answer."
    return wrapped("%s  %s: %s" % (HEADLINES["healthy"], listed(names, 12), says), "", width, "  ")


def not_seen(report: ReportDocument, width: int) -> list[str]:
    """What could not be looked at, each thing once; hosts that only read as backends have nothing to say of nginx."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for name, entry in report["hosts"].items():
        for one in entry["unknown"]:
            if one["missing"] != "nginx":
                hosts.setdefault((one["missing"], one["why"].replace(name, "this host")), []).append(name)
    lines = []
    for (missing, why), names in hosts.items():
        where = "all %d hosts" % len(names) if len(names) == len(report["hosts"]) > 1 else listed(names, 4)
        lines += wrapped("Not seen on %s: %s (%s)" % (where, missing, why), "", width, "  ")
    return lines


def last_lines(report: ReportDocument, width: int) -> list[str]:
    """What there is to do with the whole run, and in the last line how it ended."""
    run = report["run"]
    lines = ["To undo what this run changed:", "  $ " + run["undo"], ""] if run.get("undo") else []
    lines += ["To carry this plan out:", "  $ " + run["apply"], ""] if run.get("apply") else []
    return lines + wrapped(verdict(report), "", width, "")


def labelled(label: str, text: str, width: int) -> list[str]:
    """A text behind its label, wrapped below itself."""
    return textwrap.wrap(
        text, width, initial_indent=_LABEL % label, subsequent_indent=_LABEL % "", break_on_hyphens=False
    ) or [(_LABEL % label).rstrip()]


def cut_lines(lines: list[str], limit: int) -> list[str]:
    """At most so many lines; what is left out is in the report."""
    return lines if len(lines) <= limit else [*lines[: limit - 1], lines[limit - 1][:-2] + " …"]


def wrapped(text: str, indent: str, width: int, further: str) -> list[str]:
    """The lines of a text, all but the first indented further."""
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent + further, break_on_hyphens=False)
