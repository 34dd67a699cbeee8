# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of which the same is to be said, findings that read alike, and what is said of them together.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.entries import FindingEntry, HostEntry
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.shared_faults import EACH, shared_entry
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._report.words import (
    as_sentence,
    fails,
    how_they_answer,
    listed,
)

#: Changes of one fault that are named.
NAMED = 3
#: Addresses that are named where findings differ in nothing else.
ADDRESSES = 6
_NUMBER = re.compile(r"\d+")


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
                tuple(line.replace(name, "") for line in one["advice"]),
            )
            for one in entry["findings"]
        )
    )
    beside = tuple(entry.get("also", ()))
    if entry["status"] == "healthy" and not findings:
        return ("healthy", bool(entry["probes"]), how_they_answer(entry["probes"]), beside)
    worst = max((one["before"] or 0 for one in entry["probes"] if fails(one, "before")), default=None)
    return (findings, entry["says"].replace(name, "") if not findings else worst, beside)


def likewise(findings: t.Sequence[FindingEntry], shared: t.Container[str]) -> list[FindingEntry]:
    """The findings, with one in place of those that differ only in the address that they are about: servers of one upstream that are slow alike.

    What was or would be changed is said of each. shared: faults that are said once anyway.
    """
    groups: dict[t.Any, list[FindingEntry]] = {}
    for number, finding in enumerate(findings):
        apart = finding["change"] or finding.get("fault") in shared
        groups.setdefault(number if apart else without_address(finding), []).append(finding)
    return [of_addresses(group) for group in groups.values()]


def in_one_article(hosts: t.Mapping[str, HostEntry]) -> dict[str, list[FindingEntry]]:
    """What the page says of hosts some of whose findings read alike, by host: an article for each, with one in place of those."""
    said = {name: likewise(entry["findings"], ()) for name, entry in hosts.items() if len(entry["findings"]) > 1}
    return {name: findings for name, findings in said.items() if len(findings) < len(hosts[name]["findings"])}


def without_address(finding: FindingEntry) -> tuple[str, ...]:
    """What a finding says and advises, less its address, its host and all numbers."""
    address = finding["subject"].removeprefix("tcp:")
    texts = (finding["cause"], finding["outcome"], finding["says"], finding["why"], *finding["advice"])
    return tuple(_NUMBER.sub("0", text.replace(address, "").replace(finding["on"], "")) for text in texts)


def of_addresses(findings: t.Sequence[FindingEntry]) -> FindingEntry:
    """The first of several findings that read alike, with the addresses of the others named."""
    first, *others = findings
    if not others:
        return first
    names = [
        one["subject"].removeprefix("tcp:") + (" (on %s)" % one["on"] if one["on"] != first["on"] else "")
        for one in others
    ]
    return {
        **first,
        "says": "%s; the same holds for %s" % (first["says"].rstrip("."), listed(names, ADDRESSES)),
        "evidence": list(dict.fromkeys(text for one in findings for text in one["evidence"])),
        "confidence": min(one["confidence"] for one in findings),
        "urls": list(dict.fromkeys(url for one in findings for url in one.get("urls", ()))),
    }


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
    """The finding of one host as it is said of several that are alike. Its URLs, when it began and why are each host's own: the report has them."""
    on = "each" if finding["on"] == name else finding["on"]
    says, why = (finding[key].replace(name, EACH) for key in ("says", "why"))
    return {**finding, "on": on, "says": says, "why": why, "urls": [], "began": None, "because": []}
