# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resolver that nginx asks at run time does not answer, or says that there is no such name."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_loopback
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import answer_evidence, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import admin_says_no, unit_evidence

SIGNATURE = "resolver_failure"

#: units that serve DNS on a host's own loopback address
LOCAL_RESOLVERS = (
    "systemd-resolved.service",
    "dnsmasq.service",
    "unbound.service",
    "named.service",
    "bind9.service",
    "nscd.service",
)


def failing(proxy: Host) -> list[Facts]:
    return [answer for answer in proxy.failing if answer.get("signature") == SIGNATURE]


def asked(proxy: Host) -> list[Facts]:
    """What nginx's own resolvers say now."""
    return [one for one in proxy.facts.get("names") or [] if one.get("resolver")]


def local_unit(proxy: Host) -> tuple[str, Facts] | None:
    """The DNS service on this host, where nginx asks a loopback address."""
    addresses = [address for resolver in proxy.config.get("resolvers") or [] for address in resolver["addresses"]]
    if not any(
        is_loopback(address.rsplit(":", 1)[0] if address.count(":") == 1 else address.strip("[]"))
        for address in addresses
    ):
        return None
    units = proxy.facts.get("units") or {}
    return next(
        ((name, units[name]) for name in LOCAL_RESOLVERS if name in units and units[name].get("load") == "loaded"), None
    )


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        answers = failing(proxy)
        if answers:
            yield unresolved(proxy, answers)


def unresolved(proxy: Host, answers: list[Facts]) -> Finding:
    lines = [log_evidence(record) for record in proxy.records if record["signature"] == SIGNATURE]
    told = [
        Evidence(
            "name",
            "resolver %s says of %s: %s" % (one["resolver"], one["name"], one["error"] or ", ".join(one["addresses"])),
        )
        for one in asked(proxy)
    ]
    found = local_unit(proxy)
    evidence = [
        *(answer_evidence(answer) for answer in answers),
        *lines,
        *told,
        *((unit_evidence(*found),) if found else ()),
    ]
    remedy, why = cure(proxy, found)
    return Finding(
        cause=CAUSE.name,
        seen_from=proxy.name,
        on=proxy.name,
        subject="resolver",
        evidence=tuple(evidence),
        remedy=remedy,
        why=why,
        advice=(
            "dig @RESOLVER NAME A; dig @RESOLVER NAME AAAA",
            "set `resolver` to a server that answers; `ipv6=off` where only AAAA fails",
        ),
        routes=frozenset(answer["route"] for answer in answers if answer.get("route") is not None),
    )


def cure(proxy: Host, found: tuple[str, Facts] | None) -> tuple[Remedy | None, str]:
    """Start the local resolver where it is down; flush its cache where it runs; a resolver elsewhere is somebody else's."""
    if found:
        name, unit = found
        if unit.get("active") != "active":
            refused = admin_says_no(name, unit)
            return (
                (None, refused)
                if refused
                else (remedies.backend_service(proxy, name, note="nginx asks the resolver of this host"), "")
            )
        return remedies.upstream_dns(
            [name.replace(".service", "")], note="the resolver's cache is flushed and nginx reloaded"
        ), ""
    if any(not one.get("error") for one in asked(proxy)):
        return remedies.upstream_dns(note="the resolver answers by now: a reload makes nginx ask again"), ""
    return None, "nginx asks a resolver that is not on this host: a reload would not make it answer"


CAUSE = Cause(name=SIGNATURE, title="nginx's resolver does not answer", find=find)
