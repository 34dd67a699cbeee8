# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cause says of itself: the docstring of its file in causes/, of which its page in docs/causes/ is made.

The first paragraph is what it is. Others begin with a label: `Signatures:` of log lines that point to it, `Looked at:`, `Done:`, and `A quick fix:`,
what people try and what that breaks.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import functools
import re
import sys
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils import causes as causes_package
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._explain.meanings import MEANINGS, UNNAMED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import known_causes

#: Where the pages lie.
PAGES = "https://github.com/webops/bad_gateway/blob/main/docs/causes/%s.md"
#: The labels of a docstring, with the headings that they make.
SECTIONS = {"Looked at": "What is looked at", "Done": "What is done", "A quick fix": "What a quick fix breaks"}
COMMANDS = 6


class CausePage(t.NamedTuple):
    """A cause in words. summary: what it is, in a sentence. signatures: of log lines that point to it. texts: by their labels."""

    name: str
    title: str
    summary: str
    signatures: tuple[str, ...]
    texts: t.Mapping[str, str]

    @property
    def url(self) -> str:
        """Where its page is."""
        return PAGES % self.name


@functools.lru_cache(maxsize=1)
def cause_pages() -> tuple[CausePage, ...]:
    """The page of every cause, by name."""
    files = {cause: sys.modules["%s.%s" % (causes_package.__name__, cause.name)] for cause in known_causes()}
    return tuple(page_of(cause.name, cause.title, file.__doc__ or "") for cause, file in files.items())


def page_of(name: str, title: str, docstring: str) -> CausePage:
    """The page that a docstring makes."""
    paragraphs = [" ".join(part.split()) for part in docstring.split("\n\n")]
    labelled = {label: text for label, colon, text in (part.partition(": ") for part in paragraphs[1:]) if colon}
    signatures = tuple(re.findall(r"[a-z]\w+", labelled.get("Signatures", "")))
    texts = {label: sentence(labelled[label]) for label in SECTIONS if label in labelled}
    return CausePage(name, title, paragraphs[0], signatures, texts)


def sentence(text: str) -> str:
    """A text that begins with a capital where its first word is a plain one."""
    first = text.split(" ", 1)[0].rstrip(",:;.")
    plain = (
        first.isalpha() and first.islower() and first not in ("nginx", "chmod", "mkdir", "rm", "setenforce", "ulimit")
    )
    return text[:1].upper() + text[1:] if plain else text


def markdown(page: CausePage) -> str:
    """The page as it lies in docs/causes/."""
    lines = ["# %s" % page.title, "", "`%s`: %s" % (page.name, page.summary), ""]
    if page.signatures:
        lines += ["## Log lines", "", "| signature | what the line says |", "|---|---|"]
        lines += ["| `%s` | %s |" % (name, MEANINGS[name].says) for name in page.signatures]
        lines.append("")
    for label, heading in SECTIONS.items():
        if label in page.texts:
            lines += ["## %s" % heading, "", page.texts[label], ""]
    commands = commands_of(page)
    if commands:
        lines += ["## To look by yourself", "", "```console", *commands, "```", ""]
    return "\n".join([*lines, "[All causes](README.md)", ""])


def commands_of(page: CausePage) -> list[str]:
    """What to look at for the lines that point to the cause, the nearest first."""
    found = [line for name in page.signatures for line in MEANINGS[name].look if not line.startswith("#")]
    return [
        re.sub(r"\{(\w+)\}", lambda place: UNNAMED.get(place.group(1), place.group(0)), line)
        for line in dict.fromkeys(found)
    ][:COMMANDS]


def index() -> str:
    """docs/causes/README.md."""
    rows = ["| [`%s`](%s.md) | %s |" % (page.name, page.name, page.summary) for page in cause_pages()]
    return "\n".join(
        [
            "# Causes",
            "",
            "Each page is made from the cause's own file: `make pages`.",
            "",
            "| cause | what it is |",
            "|---|---|",
            *rows,
            "",
        ]
    )
