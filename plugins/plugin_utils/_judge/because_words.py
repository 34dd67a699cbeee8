# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words for what happened on a host, and for the time from it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import datetime
import re
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: What became of a unit, as words that follow its name.
_UNIT = {
    "stopping": "was stopped",
    "started": "was started",
    "reloading": "was reloaded",
    "reloaded": "was reloaded",
    "out of memory": "had a process killed, as the memory was full",
}
#: Who asked, and how: `alice, by sudo`, `cron, for root`.
_SOMEBODY = re.compile(r"(.+), (?:by )?((?:sudo|for ).*)")


def in_words(change: Change) -> str:
    """What happened, in words that follow `after`."""
    subject, what, by = change["subject"], change["what"], change["by"]
    if change["kind"] == "package":
        done, _blank, versions = what.partition(" ")
        return "%s %s %s %s" % (by, done, subject, versions) if by else "%s was %s" % (subject, what)
    if change["kind"] == "command":
        return "%s ran %s%s" % (_SOMEBODY.sub(r"\1 (\2)", str(by)), subject, what.partition("was run")[2])
    if change["kind"] == "file":
        used = " (of %s)" % change["of"] if change["of"] else ""
        return (
            "%s%s %s; owner %s" % (subject, used, what, by) if is_owner(by) else "%s wrote %s%s" % (by, subject, used)
        )
    words = _UNIT.get(what, what) if change["kind"] == "unit" else what
    return "%s %s%s" % (subject, words, " (%s)" % by if by else "")


def is_owner(by: str | None) -> bool:
    """Whether this is the name of an account, and not that of a run."""
    return " " not in (by or "")


def ago(seconds: float) -> str:
    """A time between two events."""
    whole = max(0, round(seconds))
    if whole < 1:
        return "less than 1 s"
    if whole < 120:
        return "%d s" % whole
    if whole < 2 * 3600:
        return "%d min" % (whole // 60)
    return "%d h" % (whole // 3600)


def utc(seconds: float) -> str:
    """A time as people read it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
