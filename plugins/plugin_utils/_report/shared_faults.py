# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is broken once and found many times: a backend of twenty proxies, a database that twenty hosts wait for.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.entries import (
    FindingEntry,
    HostEntry,
    SharedEntry,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import HARMLESS

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Outcome

#: How a fault ended is how it ended where that was worst.
WORST_FIRST: tuple[Outcome, ...] = ("failed", "undone", "not_allowed", "advice", "planned", "relieved", "fixed")
EACH = "each host"


def shared_faults(hosts: t.Mapping[str, HostEntry]) -> dict[str, list[FindingEntry]]:
    """The findings of each fault that was found more than once."""
    found: dict[str, list[FindingEntry]] = {}
    for finding in (one for entry in hosts.values() for one in entry["findings"]):
        fault = finding.get("fault")
        if fault and finding["cause"] not in HARMLESS:
            found.setdefault(fault, []).append(finding)
    return {fault: findings for fault, findings in found.items() if len(findings) > 1}


def shared_entries(hosts: t.Mapping[str, HostEntry]) -> list[SharedEntry]:
    """What the report says of each fault that was found more than once, those that most hosts suffer from first."""
    entries = [shared_entry(fault, findings) for fault, findings in shared_faults(hosts).items()]
    return sorted(entries, key=lambda one: (-len(one["hosts"]), -one["findings"], one["fault"]))


def shared_entry(fault: str, findings: t.Sequence[FindingEntry]) -> SharedEntry:
    """One fault, as it is said of all who suffer from it."""
    first = findings[0]
    hosts = list(dict.fromkeys(one["seen_from"] for one in findings))
    says = first.get("behind") or (first["says"].replace(first["seen_from"], EACH) if len(hosts) > 1 else first["says"])
    worst = min(findings, key=lambda one: WORST_FIRST.index(one["outcome"]))
    return {
        "fault": fault,
        "says": says,
        "on": first["on"] if all(one["on"] == first["on"] for one in findings) else fault.partition(":")[2] or fault,
        "causes": list(dict.fromkeys(one["cause"] for one in findings)),
        "hosts": hosts,
        "findings": len(findings),
        "outcome": worst["outcome"],
        "changes": list(dict.fromkeys(one["change"] for one in findings if one["change"])),
        "advice": worst["advice"],
    }
