# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of log records, in words.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SHOWN = 3


def times_of(records: t.Sequence[LogRecord]) -> str:
    """How often the log has them."""
    count = sum(one["count"] for one in records)
    return "once in its log" if count == 1 else "%d times in its log" % count


def paths_of(records: t.Sequence[LogRecord]) -> str:
    """The requests of log records, the newest first; empty where none is known."""
    newest = sorted(records, key=lambda one: -one["last"])
    asked = [or_empty(one.get("request")) for one in newest]
    paths = list(dict.fromkeys("%s %s" % (one["method"], one["path"]) for one in asked if one))
    return ", ".join(paths[:SHOWN]) + (", ..." if len(paths) > SHOWN else "")
