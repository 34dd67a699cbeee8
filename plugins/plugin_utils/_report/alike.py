# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of which the same is to be said, and what is said of them together.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.entries import FindingEntry, HostEntry
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.shared_faults import EACH, shared_entry
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import as_sentence, listed

#: Changes of one fault that are named.
NAMED = 3


def alike(hosts: t.Mapping[str, HostEntry], shared: t.Container[str]) -> list[tuple[list[str], HostEntry]]:
    """Hosts of which the same is to be said, with what is said of the first of them. shared: faults that are said once, whoever suffers from them."""
    groups: dict[t.Any, tuple[list[str], HostEntry]] = {}
    for name, entry in hosts.items():
        groups.setdefault(what_is_said(name, entry, shared), ([], entry))[0].append(name)
    return list(groups.values())


def what_is_said(name: str, entry: HostEntry, shared: t.Container[str]) -> tuple[t.Any, ...]:
    """What makes two hosts alike: for somebody who reads it, it does not matter that each names itself."""
    findings = tuple(
        dict.fromkeys(
            (one["fault"], one["outcome"])
            if one.get("fault") in shared
            else (
                one["cause"],
                one["on"] == name or one["on"],
                one["outcome"],
                one["change"],
                one["why"].replace(name, ""),
            )
            for one in entry["findings"]
        )
    )
    if entry["status"] == "healthy" and not findings:
        return ("healthy", bool(entry["probes"]))
    return (findings, entry["says"].replace(name, "") if not findings else "")


def of_all(finding: FindingEntry, findings: t.Sequence[FindingEntry]) -> FindingEntry:
    """A finding of a fault that was found more than once, as it is said of all who suffer from it. It began when the first of them did."""
    one = shared_entry(finding.get("fault", ""), findings)
    whys = {each["why"].replace(each["seen_from"], EACH) for each in findings}
    many = "%d hosts" % len(one["hosts"]) if len(one["hosts"]) > 1 else "%d upstreams" % len(findings)
    first = min(findings, key=lambda each: each["began"] or "9")
    said: FindingEntry = {
        **finding,
        "says": "%s; %s suffer from it" % (as_sentence(one["says"]).rstrip("."), many),
        "on": one["on"],
        "change": listed(one["changes"], NAMED),
        "why": whys.pop() if len(whys) == 1 else "",
        "began": first["began"],
        "because": first["because"],
    }
    if "rhythm" in first:
        said["rhythm"] = first["rhythm"]
    return said


def of_each(finding: FindingEntry, name: str) -> FindingEntry:
    """The finding of one host as it is said of several that are alike. When and why it began is each host's own: the report has it."""
    on = "each" if finding["on"] == name else finding["on"]
    says, why = (finding[key].replace(name, EACH) for key in ("says", "why"))
    return {**finding, "on": on, "says": says, "why": why, "began": None, "because": []}
