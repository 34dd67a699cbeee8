# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the changes of hosts are of the subject of a finding: nothing else that happened explains it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import UNIT_HISTORY

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.failing_lines import FailingLines
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Unknown
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.trigger_subjects import Subject


class History(t.TypedDict):
    """What recent_changes_info returned of a host."""

    changes: list[Change]
    failing: list[FailingLines]
    since: float
    unknown: list[Unknown]


#: Changes, each with its host.
Changes = list[tuple[str, "Change"]]


def changes_of(subjects: t.Sequence[Subject], histories: t.Mapping[str, History]) -> Changes:
    """The changes of these subjects."""
    return [
        (host, one) for host, history in histories.items() for one in history["changes"] if is_of(one, host, subjects)
    ]


def has_no_unit_history(history: History) -> bool:
    """Whether nothing on a host tells what became of its units."""
    return any(one["missing"] == UNIT_HISTORY for one in history["unknown"])


def without_files_of_others(changes: Changes, subjects: t.Sequence[Subject]) -> Changes:
    """The same changes, without files that are not the daemon's own. Where nothing tells how a daemon came to be down, and it could run as all is now, the
    file of a site that was written meanwhile is a coincidence."""
    own = [one for one in subjects if one["aspect"] == "backend"]
    return [(host, one) for host, one in changes if one["kind"] != "file" or is_of(one, host, own)]


def is_of(change: Change, host: str, subjects: t.Iterable[Subject]) -> bool:
    """Whether a change is of one of these subjects."""
    return any(one["host"] == host and _FITS[one["kind"]](change, one["name"]) for one in subjects)


def _is_package(change: Change, name: str) -> bool:
    if change["kind"] != "package":
        return False
    return change["subject"].startswith(name[:-1]) if name.endswith("*") else change["subject"] == name


def _is_path(change: Change, name: str) -> bool:
    if change["kind"] != "file":
        return False
    return change["subject"].startswith(name) if name.endswith("/") else change["subject"] == name


def _is_program(change: Change, name: str) -> bool:
    """A process that was killed (the kernel keeps 15 letters of its name), or a command that is about it."""
    if change["kind"] == "oom":
        return change["subject"] == name[:15]
    words = [word.rpartition("/")[2] for word in change["subject"].split()]
    return change["kind"] == "command" and name in words


_FITS: dict[str, t.Callable[[Change, str], bool]] = {
    "unit": lambda change, name: (change["kind"] == "unit" and change["subject"] == name) or change["of"] == name,
    "package": _is_package,
    "path": _is_path,
    "program": _is_program,
    "boot": lambda change, _name: change["kind"] == "boot",
}
