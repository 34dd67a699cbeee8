# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes of report.json; report.schema.json of the role report says the same to those who read it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Outcome
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.timeline import Timeline

Mode = t.Literal["fix", "check", "diagnose"]
Status = t.Literal["healthy", "fixed", "would_fix", "advice", "not_fixed", "failed"]


class EarlierCureEntry(t.TypedDict):
    """When the same cause was cured on the same host before, and for how many seconds that held at most."""

    at: str
    held: float


class FindingEntry(t.TypedDict):
    """A finding in report.json. seconds and undo (the command) only where its remedy was run, history only where it was cured before.

    fault: the same in all findings of one broken thing, where that is not the host's own matter. behind: what is wrong there, where says is of one host.

    rhythm: only where a log has its lines. urls: those that were asked over its upstream and failed, where any did.
    diff: what was, or would be, changed in files.
    step: the id of what is planned or was run, the same whenever that does the same at the same place.
    task: for one's own playbooks, where a change that lasts was kept.
    """

    cause: str
    title: str
    says: str
    seen_from: str
    on: str
    confidence: float
    subject: str
    evidence: list[str]
    remedy: str | None
    outcome: Outcome
    why: str
    change: str
    advice: list[str]
    began: str | None
    because: list[str]
    rhythm: t.NotRequired[str]
    urls: t.NotRequired[list[str]]
    step: t.NotRequired[str]
    seconds: t.NotRequired[float]
    diff: t.NotRequired[str]
    undo: t.NotRequired[str]
    task: t.NotRequired[str]
    history: t.NotRequired[list[EarlierCureEntry]]
    fault: t.NotRequired[str]
    behind: t.NotRequired[str]


class SharedEntry(t.TypedDict):
    """One broken thing that was found more than once: the hosts that suffer from it, what was or would be changed for it, what is left to do.

    on: the host to change, or the address at fault. findings: how many findings are of it. outcome: the worst of them.
    """

    fault: str
    says: str
    on: str
    causes: list[str]
    hosts: list[str]
    findings: int
    outcome: Outcome
    changes: list[str]
    advice: list[str]


class RunEntry(t.TypedDict):
    """The run that a report is of. Its id names the journal on the hosts; times are UTC, as 2026-01-02T03:04:05Z.

    says: how it ended, in a sentence. plan: the id of the dry run that it kept to. apply: the command that carries out a dry run.
    undo: the one that undoes what the run changed.
    Each only where there is anything to do.
    """

    id: str
    mode: Mode
    started: str
    finished: str
    version: str
    says: t.NotRequired[str]
    plan: t.NotRequired[str]
    apply: t.NotRequired[str]
    undo: t.NotRequired[str]


When = t.Literal["before", "after"]
#: A URL with what it answered first and last: a status, or None where there was no answer or where it was not asked.
ProbeEntry = t.TypedDict(
    "ProbeEntry",
    {
        "url": str,
        "host": str,
        "from": t.Literal["host", "controller"],
        "before": t.Optional[int],
        "after": t.Optional[int],
        # When error_page had put the status in the place of a 502 or 504. In quotes, as Python 3.10 does not know NotRequired.
        "masked": "t.NotRequired[list[When]]",
    },
)


class UnknownEntry(t.TypedDict):
    """What could not be read or explained, and why."""

    missing: str
    why: str


class _HostEntry(t.TypedDict):
    status: Status
    says: str
    probes: list[ProbeEntry]
    findings: list[FindingEntry]
    unknown: list[UnknownEntry]


class HopEntry(t.TypedDict):
    """An upstream of a host: whether requests over it failed at first, and whether they do at the end."""

    upstream: str
    backend: str | None
    before: t.Literal["broken", "well"]
    after: t.Literal["broken", "well"]


class HostEntry(_HostEntry, total=False):
    """What the report says of one host. why: the reason why it failed, or what still stands in the way; only where there is one.

    hops and timeline only where something was found. also: what visitors suffer from besides, and no 502 with a known upstream shows; only where there is any.
    """

    why: str
    also: list[str]
    hops: list[HopEntry]
    timeline: Timeline


class ReportDocument(t.TypedDict):
    """report.json. Its JSON Schema is report.schema.json of the role report."""

    schema_version: t.Literal[1]
    run: RunEntry
    hosts: dict[str, HostEntry]
    shared: t.NotRequired[list[SharedEntry]]
