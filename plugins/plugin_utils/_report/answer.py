# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer of a run for a terminal: what is left to do first, then what was changed, then what is well, and the sum of it in the last line.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import itertools
import re
import textwrap
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.unknowns import NOT_A_PROXY
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.alike import (
    alike,
    likewise,
    of_all,
    of_each,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.entries import (
    FindingEntry,
    HostEntry,
    ReportDocument,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.shared_faults import shared_faults
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import (
    HARMLESS,
    HEADLINES,
    TROUBLE_FIRST,
    as_sentence,
    began_words,
    confidence_words,
    counts,
    how_they_answer,
    is_quiet,
    listed,
    needs_somebody,
    spoken_of,
    verdict,
)

#: Lines wrap here, however wide the terminal is: nobody reads longer ones.
WIDEST, NARROWEST = 100, 40
#: Hosts from which on the counts stand above the rest as well.
MANY = 8
#: Lines of one finding, and of them what its reason, its beginning and one piece of evidence may take. What was changed is never cut.
FINDING_LINES = 12
REASON_LINES, BEGAN_LINES, EVIDENCE_LINES = 4, 3, 3
#: Pieces of evidence that are shown; the report has all of them.
EVIDENCE = 2
#: URLs that are named where findings of a host are about others than the rest.
URLS = 3
#: The part of a text's words that has to be new, or it is not said.
NEWS = 0.34
MORE = "# and more in the report"
NO_REPORT = "A report is written with -e fix_502_report_dir=FOLDER."
_LABEL = "  %-8s "
_WORD = re.compile(r"\w+(?:[.:/@-]+\w+)*")


def render(report: ReportDocument, width: int = 80, page: str = "") -> str:
    """The answer, at most as wide as the terminal; commands stay on one line, however long, as they are there to be copied.

    page: where the whole report is written as a page; empty where nowhere.
    """
    width = max(min(width, WIDEST), NARROWEST)
    blocks = [[counts(report)]] if len(report["hosts"]) > MANY else []
    hosts, shared = spoken_of(report), shared_faults(report["hosts"])
    said: set[tuple[str, str]] = set()
    for status in TROUBLE_FIRST:
        groups = alike({name: one for name, one in hosts.items() if one["status"] == status}, shared)
        if status == "healthy":
            lines = [line for names, entry in groups for line in well(names, entry, width)]
            blocks += [lines] if lines else []
        else:
            blocks += [host_block(names, entry, width, shared, said) for names, entry in groups]
    missing = not_seen(report, width)
    blocks += [missing] if missing else []
    if page:
        blocks.append(["The report: " + page])
    elif any(line.endswith(MORE) for lines in blocks for line in lines):
        blocks.append(wrapped(NO_REPORT, "", width, ""))
    blocks.append(last_lines(report, width))
    return "\n\n".join("\n".join(lines) for lines in blocks)


def host_block(
    names: t.Sequence[str],
    entry: HostEntry,
    width: int,
    shared: t.Mapping[str, t.Sequence[FindingEntry]],
    said: set[tuple[str, str]],
) -> list[str]:
    """A headline, and a paragraph for each finding; for a shared fault that has had its paragraph, a line. said: which had it, and how they ended."""
    who = names[0] if len(names) == 1 else "%d hosts (%s)" % (len(names), listed(names, 6))
    lines = wrapped("%s  %s: %s" % (HEADLINES[entry["status"]], who, entry["says"]), "", width, "  ")
    here = set()
    findings = likewise(entry["findings"], shared)
    apart = len({tuple(one.get("urls", ())) for one in findings}) > 1
    for finding in findings:
        fault = (finding.get("fault", ""), finding["outcome"])
        if fault[0] not in shared:
            said_of = finding if len(names) == 1 else of_each(finding, names[0])
            lines += finding_lines(said_of, entry["says"], width, apart)
        elif fault not in said:
            lines += finding_lines(of_all(finding, shared[fault[0]]), entry["says"], width, False)
        elif fault not in here:
            lines += labelled("Cause", "as above: %s" % (finding.get("behind") or finding["says"]), width)
        here.add(fault)
        said.add(fault)
    return lines + beside_lines(entry, width)


def beside_lines(entry: HostEntry, width: int) -> list[str]:
    """What is no 502 and still no page: answers that break off."""
    return [line for text in entry.get("also", ()) for line in labelled("Also", text, width)]


def finding_lines(finding: FindingEntry, headline: str, width: int, apart: bool) -> list[str]:
    """What is wrong, what was done about it or has to be done, and why, in a dozen lines. What is left out first is what was seen, then when it began.

    apart: whether to say which URLs suffer from it.
    """
    says = as_sentence(finding["says"]).rstrip(".")
    lines = labelled("Cause", "%s (%s)." % (says, ", ".join((finding["cause"], *confidence_words(finding)))), width)
    if apart and finding.get("urls"):
        lines += labelled("Pages", listed(finding["urls"], URLS), width)
    label, change = done_about(finding)
    lines += labelled(label, change, width) if change else []
    known = [headline, says, change]
    if finding["why"] and not is_known(finding["why"], known):
        room = FINDING_LINES - len(lines)
        lines += cut_lines(labelled("Why", finding["why"], width), min(REASON_LINES, room), width)
        known.append(finding["why"])
    orders = [] if finding["cause"] in HARMLESS else commands(finding, width, FINDING_LINES - len(lines))
    lines += began_lines(finding, width, FINDING_LINES - len(lines) - len(orders))
    return lines + seen_lines(finding, known, width, FINDING_LINES - len(lines) - len(orders)) + orders


def began_lines(finding: FindingEntry, width: int, room: int) -> list[str]:
    """When it began and what set it off; the time alone where there is no room for more."""
    texts = began_words(finding)
    wrapped_texts = [labelled("Began", text, width) for text in texts]
    return next((lines for lines in wrapped_texts if len(lines) <= min(BEGAN_LINES, room)), [])


def seen_lines(finding: FindingEntry, known: t.Sequence[str], width: int, room: int) -> list[str]:
    """The evidence that says something new and has room as a whole; where none has, the beginning of the first."""
    new = [text for text in finding["evidence"] if not is_known(text, known)]
    shown: list[list[str]] = []
    for text in new:
        lines = labelled("" if shown else "Seen", text, width)
        if len(shown) < EVIDENCE and len(lines) <= min(EVIDENCE_LINES, room):
            shown, room = [*shown, lines], room - len(lines)
    if shown or not new or room < 1 or finding["why"]:
        return [line for lines in shown for line in lines]
    return cut_lines(labelled("Seen", new[0], width), min(EVIDENCE_LINES, room), width)


def is_known(text: str, said: t.Iterable[str]) -> bool:
    """Whether a text says little that was not said already."""
    words, known = set(_WORD.findall(text.lower())), set(_WORD.findall(" ".join(said).lower()))
    return len(words - known) <= NEWS * len(words)


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


def commands(finding: FindingEntry, width: int, room: int) -> list[str]:
    """What somebody has to do, or what makes a cure last. Only what can be pasted has a prompt before it, and stays on one line."""
    items = [_shown(line, width) for line in finding["advice"]]
    lines = [line for item in items for line in item]
    if len(lines) > room:
        # A sentence is shown whole or not at all, unless there were nothing else.
        ends = [end for end in itertools.accumulate(map(len, items)) if end < room]
        lines = [*lines[: max(ends, default=max(room - 1, 0))], MORE]
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
        return host_block(names, entry, width, {}, set())
    if not entry["probes"]:
        says = "no URL was asked here."
    elif len(names) == 1:
        says = entry["says"]
    else:
        says = "all URLs that were asked answer%s." % how_they_answer(entry["probes"])
    lines = wrapped("%s  %s: %s" % (HEADLINES["healthy"], listed(names, 12), says), "", width, "  ")
    return lines + beside_lines(entry, width)


def not_seen(report: ReportDocument, width: int) -> list[str]:
    """What could not be looked at, each thing once; hosts that only read as backends have nothing to say of nginx."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for name, entry in report["hosts"].items():
        for one in entry["unknown"]:
            if one["why"] != NOT_A_PROXY and not (one["missing"] == "answers" and is_quiet(entry)):
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


def cut_lines(lines: list[str], limit: int, width: int) -> list[str]:
    """At most so many lines; what is left out, from a word's beginning on, is in the report."""
    if len(lines) <= limit:
        return lines
    last = lines[limit - 1]
    if len(last) > width - 2:
        last = last[: width - 2].rpartition(" ")[0].rstrip() or last[: width - 2]
    return [*lines[: limit - 1], last + " …"]


def wrapped(text: str, indent: str, width: int, further: str) -> list[str]:
    """The lines of a text, all but the first indented further."""
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent + further, break_on_hyphens=False)
