# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cause says of itself: the docstring of its file in causes/, of which its page is made.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import functools
import re
import sys
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils import causes as causes_package
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import known_causes

#: Where the pages lie.
PAGES = "https://github.com/webops/bad_gateway/blob/main/docs/causes/%s.md"


class CausePage(t.NamedTuple):
    """A cause in words. summary: what it is, in a sentence. signatures: of log lines that point to it."""

    name: str
    title: str
    summary: str
    signatures: tuple[str, ...]

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
    """The page that a docstring makes: its first paragraph, and paragraphs that begin with a word and a colon."""
    paragraphs = [" ".join(part.split()) for part in docstring.split("\n\n")]
    found = next((part for part in paragraphs if part.startswith("Signatures: ")), "")
    return CausePage(name, title, paragraphs[0], tuple(re.findall(r"[a-z]\w+", found.partition(": ")[2])))
