# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A span of time, and what changed on a host in it.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable, without_secrets

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Change(TypedDict):
        """Something that happened on a host. All texts are safe to show."""

        at: float
        kind: str  # package | file | unit | command | oom | boot
        subject: str  # the package, the path, the unit, the program that was killed; of a command what it says
        what: str  # what became of it, in words that follow its name
        by: Optional[str]  # who asked for it; None: nothing says so
        of: Optional[
            str
        ]  # of a file: the unit that uses it; of a kill: the unit of the process; of a command: the unit that it ends


TEXT_LIMIT = 200
#: What is missing where nothing tells of it.
UNIT_HISTORY = "what became of units"


class Span(NamedTuple):
    """From when to when, in seconds since the epoch."""

    since: float
    until: float

    def has(self, when: float) -> bool:
        return self.since <= when <= self.until


def change(
    at: float, kind: str, subject: str, what: str, by: Optional[str] = None, of: Optional[str] = None
) -> "Change":
    """A change, its texts made safe to show."""
    return {
        "at": round(at, 3),
        "kind": kind,
        "subject": _shown(subject),
        "what": _shown(what),
        "by": _shown(by) if by else None,
        "of": of,
    }


def _shown(text: str) -> str:
    return printable(without_secrets(text), TEXT_LIMIT)
