# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pasted log lines explained: what each says, who wrote it, what to look at next, and which causes it points to.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import textwrap
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import parse_line
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.cause_pages import (
    PAGES,
    CausePage,
    cause_pages,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.meanings import MEANINGS, UNNAMED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.pasted_line import Fragment, fragments_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.safe_text import safe_text

#: How much of a line is shown.
SHOWN = 300
WIDTH = 80
#: Causes that are shown of a line that may have many; the JSON has all of them.
CAUSES_SHOWN = 6
#: The query of a request line, which has no scheme before it.
_QUERY = re.compile(r"(\s/[^\s?\"]*)\?[^\s\"]*")
NOTHING = "None of these lines explains a 502."
WHAT_IS_READ = (
    "What can be read: lines of nginx's error log (not its access log), of PHP-FPM's log, of the kernel, the audit system and systemd. "
    "Paste the line that nginx wrote at the time of the 502; `grep upstream /var/log/nginx/error.log` finds it."
)


class CauseLink(t.TypedDict):
    """A cause that a line points to."""

    cause: str
    title: str
    page: str


class Explanation(t.TypedDict):
    """What lines of one signature say. count: how many of them there are."""

    signature: str
    line: str
    count: int
    source: str
    upstream: str | None
    says: str
    look: list[str]
    causes: list[CauseLink]


class Explained(t.TypedDict):
    """All of a pasted text. silent: lines that explain no 502."""

    explanations: list[Explanation]
    silent: int


def explain(text: str) -> Explained:
    """What the lines of a pasted text say; those of one signature once, the first of them shown."""
    found: dict[str, list[Fragment]] = {}
    silent = 0
    for fragment in fragments_of(text):
        if fragment.signature:
            found.setdefault(fragment.signature, []).append(fragment)
        else:
            silent += 1
    pages = cause_pages()
    return {
        "explanations": [explanation(name, fragments, pages) for name, fragments in found.items()],
        "silent": silent,
    }


def explanation(signature: str, fragments: t.Sequence[Fragment], pages: t.Sequence[CausePage]) -> Explanation:
    """What lines of one signature say; all of them have it."""
    meaning = MEANINGS[signature]
    entry = parse_line(fragments[0].whole)
    upstream = entry.upstream if entry else None
    named = dict(UNNAMED)
    if upstream:
        address = upstream.address
        named["address"] = shlex.quote(str(address))
        if address.is_unix:
            named["path"] = shlex.quote(address.path)
        else:
            host, port = "[%s]" % address.host if ":" in address.host else address.host, str(address.port or "")
            named.update({"host": shlex.quote(host) if host else UNNAMED["host"], "port": port or UNNAMED["port"]})
    return {
        "signature": signature,
        "line": safe_text(_QUERY.sub(r"\1", fragments[0].line))[:SHOWN],
        "count": len(fragments),
        "source": meaning.program,
        "upstream": safe_text(upstream.text) if upstream else None,
        "says": meaning.says,
        "look": [filled(line, named) for line in meaning.look],
        "causes": [
            {"cause": page.name, "title": page.title, "page": page.url} for page in pointed_to(signature, pages)
        ],
    }


def pointed_to(signature: str, pages: t.Sequence[CausePage]) -> list[CausePage]:
    """The causes that a signature points to, those first that it points to most."""
    found = [page for page in pages if signature in page.signatures]
    return sorted(found, key=lambda page: (page.name != signature, page.signatures.index(signature), page.name))


def filled(line: str, named: t.Mapping[str, str]) -> str:
    """A command with the upstream's address in its places; awk's and the shell's own braces stay."""
    return re.sub(r"\{(host|port|path|address)\}", lambda place: named[place.group(1)], line)


def text_of(explained: Explained) -> str:
    """The explanation for a terminal, 80 columns wide; commands stay whole."""
    blocks = [block_of(one) for one in explained["explanations"]]
    if not blocks:
        return "\n".join([NOTHING, *textwrap.wrap(WHAT_IS_READ, WIDTH)])
    if explained["silent"]:
        count = explained["silent"]
        blocks.append(["1 other line explains no 502." if count == 1 else "%d other lines explain no 502." % count])
    return "\n\n".join("\n".join(lines) for lines in blocks)


def block_of(one: Explanation) -> list[str]:
    """The lines of one explanation: its sentence, the line itself, what to look at, the causes."""
    times = "" if one["count"] == 1 else ", %d times" % one["count"]
    lines = textwrap.wrap("%s (%s%s)" % (one["says"], one["signature"], times), WIDTH)
    lines += textwrap.wrap(one["line"], WIDTH, initial_indent="  | ", subsequent_indent="  | ")
    about = ", about the upstream %s" % one["upstream"] if one["upstream"] else ""
    lines += textwrap.wrap("From %s%s." % (one["source"], about), WIDTH, initial_indent="  ", subsequent_indent="  ")
    lines.append("  Look next:")
    lines += ["    " + (line if line.startswith("# ") else "$ " + line) for line in one["look"]]
    if one["causes"]:
        lines.append("  It points to one of these causes; diagnose_502 finds out which:")
    for cause in one["causes"][:CAUSES_SHOWN]:
        lines += textwrap.wrap(
            "%s (%s)" % (cause["title"], cause["cause"]), WIDTH, initial_indent="    ", subsequent_indent="      "
        )
    more = len(one["causes"]) - CAUSES_SHOWN
    lines += ["    and %d more" % more] if more > 0 else []
    return lines + (["  Each has a page: %s" % PAGES.rpartition("/")[0]] if one["causes"] else [])
