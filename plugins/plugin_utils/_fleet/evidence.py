# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen that speaks for a cause, and how sure it makes.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import is_masked

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer

#: How sure one kind of look alone makes. Several pieces of evidence of one kind are not independent, so only the strongest counts.
WEIGHTS: t.Mapping[str, float] = {
    "log": 0.5,
    "answer": 0.5,
    "probe": 0.6,
    "socket": 0.6,
    "unit": 0.7,
    "process": 0.6,
    "config": 0.6,
    "firewall": 0.8,
    "pool": 0.6,
    "name": 0.7,
    "kernel": 0.7,
    "backend_log": 0.7,
    "selinux": 0.8,
    "limit": 0.7,
    "disk": 0.8,
    "tls": 0.7,
}


@dataclass(frozen=True)
class Evidence:
    """One thing that was seen, by one kind of look."""

    look: str
    text: str
    weight: float = -1.0

    @property
    def decides(self) -> float:
        """How sure it makes by itself, from 0 to 1: the weight of its kind, unless it has its own."""
        return WEIGHTS[self.look] if self.weight < 0 else self.weight


def answer_evidence(answer: Answer) -> Evidence:
    """What nginx answered, as evidence."""
    status = answer.get("status")
    given = "answers %s" % status if status else "gives no answer in time"
    instead = ", as error_page has it in place of a 502 or 504" if is_masked(answer) else ""
    return Evidence("answer", "%s %s%s" % (asked(answer), given, instead))


def asked(answer: Answer) -> str:
    """What was asked, in words: the URL, with the method where that is not GET."""
    return "HEAD %s" % answer["url"] if answer.get("method") == "HEAD" else answer["url"]


def log_evidence(record: LogRecord) -> Evidence:
    """What a log says, as evidence of the kind that fits its source."""
    times = "" if record["count"] == 1 else " (%d times)" % record["count"]
    where = record.get("source") or ""
    upstream = or_empty(record.get("upstream")).get("text")
    look = {"nginx": "log", "kernel": "kernel"}.get(record["kind"], "backend_log")
    return Evidence(
        look, "%s: %s%s%s" % (where, record["message"], ", upstream %s" % upstream if upstream else "", times)
    )
