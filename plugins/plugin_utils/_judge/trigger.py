# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finding is about, so that what happened on its hosts can be held against it: its log lines, and what can have set it off.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, DaemonState, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.trigger_subjects import (
    About,
    Subject,
    subjects_of,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord


class Trigger(t.TypedDict):
    """What a finding is about. first and count: of its lines in the look's own window, less those from before the last change made here (since)."""

    signatures: list[str]
    upstreams: list[str]
    first: float | None
    count: int
    since: float
    daemon: DaemonState
    subjects: list[Subject]


class Onset(t.TypedDict):
    """When a finding began (null: no line of a log says), how its lines came since, and what set it off, the likeliest first."""

    began: float | None
    rhythm: str
    because: list[str]


def trigger_of(fleet: Fleet, finding: Finding, cause: Cause) -> Trigger:
    """What a finding is about."""
    proxy = fleet.hosts[finding.seen_from]
    hops = [hop for hop in fleet.hops_of(proxy) if any(route["id"] in finding.routes for route in hop.routes)]
    evident = evident_records(proxy, hops, finding)
    addresses = {str(address) for hop in hops for address in (hop.address, *hop.tried_addresses)}
    addresses |= set(filter(None, map(upstream_of, evident)))
    signatures = {one["signature"] for one in evident} or {
        str(answer["signature"]) for hop in hops for answer in hop.failing if answer.get("signature")
    }
    lines = [
        one
        for one in proxy.records
        if one["kind"] == "nginx" and one["signature"] in signatures and upstream_of(one) in (None, *addresses)
    ]
    return {
        "signatures": sorted(signatures),
        "upstreams": sorted(addresses),
        "first": min((one["first"] for one in lines), default=None),
        "count": sum(one["count"] for one in lines),
        "since": max(proxy.last_change, fleet.hosts[finding.on].last_change if finding.on in fleet.hosts else 0.0),
        "daemon": cause.daemon,
        "subjects": subjects_of(About(fleet, finding, cause, proxy, hops)),
    }


def upstream_of(record: LogRecord) -> str | None:
    """The address that a line names."""
    return or_empty(record.get("upstream")).get("address")


def evident_records(proxy: Host, hops: t.Sequence[Hop], finding: Finding) -> list[LogRecord]:
    """nginx's lines that a finding has as evidence; all that blame its hops where it has none."""
    texts = {item.text for item in finding.evidence}
    evident = [one for one in proxy.records if one["kind"] == "nginx" and log_evidence(one).text in texts]
    return evident or [record for hop in hops for record in hop.records]
