# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at all hosts, judged and planned, as plain data for each host.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import (
    judge,
    known_causes,
    unasked,
    unexplained,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import Judged, Step, plan

NO_NGINX = "no nginx was found on any host of this run: name the hosts that run nginx (fix_502_hosts, or the inventory)"
NOT_SERVED = "fix_502_urls: no nginx of this run serves %s (http or https, its name, its port)"
STOPPED = "nginx does not run on this host, although its unit is enabled: start it (nginx -t tells whether it can)"
NOT_RUNNING = "nginx runs on no host of this run, so that nothing can be asked of it: start it first (nginx -t tells whether it can)"


def judgements(
    facts: t.Mapping[str, t.Mapping[str, t.Any]],
    allow: t.Collection[str],
    run: str,
    tried: t.Mapping[str, str],
    backend_services: t.Mapping[str, str],
    urls: t.Sequence[str] = (),
) -> dict[str, dict[str, t.Any]]:
    """Per host: findings with what will be done about each, the steps it drives, its answers and what could not be seen.

    urls: those of the user; one that nobody serves was not asked, which is no good news.
    """
    fleet = Fleet(facts, backend_services)
    if not fleet.proxies():
        return {name: {"failure": NO_NGINX} for name in facts}
    causes = {} if fleet.is_well else {cause.name: cause for cause in known_causes()}
    stumbled: dict[str, dict[str, str]] = {}
    findings = judge(fleet, list(causes.values()), stumbled)
    if not findings and not any(proxy.nginx.get("master") for proxy in fleet.proxies()):
        return {name: {"failure": NOT_RUNNING} for name in facts}
    strays = not_served(fleet, urls)
    if strays and not findings and len(strays) == len(set(urls)):
        return {name: {"failure": NOT_SERVED % ", ".join(strays)} for name in facts}
    judged, steps = plan(findings, fleet, allow, run, tried)
    left = {
        name: ["%s fails and nothing that was seen explains it" % url for url in urls]
        for name, urls in unexplained(fleet, findings).items()
    }
    for name, texts in unasked(fleet, findings).items():
        left.setdefault(name, []).extend(texts)
    for proxy in fleet.proxies():
        left.setdefault(proxy.name, []).extend(NOT_SERVED % url for url in strays)
    told = {name: host_judgement(name, fleet, judged, steps, left.get(name, []), causes) for name in fleet.hosts}
    for name, rules in stumbled.items():
        why = "its rule stumbled over the facts of this host (%s)"
        told[name]["unknown"] += [{"missing": "cause %s" % rule, "why": why % error} for rule, error in rules.items()]
    return {
        name: {"failure": STOPPED} if is_stopped(fleet, fleet.hosts[name], findings) else one
        for name, one in told.items()
    }


def not_served(fleet: Fleet, urls: t.Sequence[str]) -> list[str]:
    """URLs of the user that no nginx of this run was asked for."""
    asked = {answer["url"] for proxy in fleet.proxies() for answer in proxy.answers}
    return [url for url in dict.fromkeys(urls) if url not in asked]


def is_stopped(fleet: Fleet, host: Host, findings: t.Sequence[Finding]) -> bool:
    """Whether a proxy is down that should be up, and no finding says so. What is installed on a backend beside its own service is no proxy."""
    unit = host.unit(host.nginx.get("unit")) or {}
    wanted = unit.get("enabled") == "enabled" and host.config.get("routes") and not host.nginx.get("master")
    known = any(host.name in (finding.seen_from, finding.on) for finding in findings)
    return bool(wanted) and not known and not any(hop.backend is host and hop.proxy is not host for hop in fleet.hops)


def host_judgement(
    name: str,
    fleet: Fleet,
    judged: t.Sequence[Judged],
    steps: t.Sequence[Step],
    left: t.Sequence[str],
    causes: t.Mapping[str, Cause],
) -> dict[str, t.Any]:
    host = fleet.hosts[name]
    unknown = [{"missing": one["missing"], "why": one["why"]} for one in host.facts.get("unknown") or []]
    unknown += [{"missing": "cause", "why": why} for why in left]
    if not host.nginx:
        unknown.append({"missing": "nginx", "why": "no nginx on this host: it was looked at as a backend"})
    mine = [one for one in judged if one.finding.seen_from == name]
    return {
        "curable": any(one.outcome == "planned" for one in mine),
        "findings": [told(one, causes[one.finding.cause]) for one in mine],
        "steps": [step_data(step) for step in steps if step.driver == name],
        "answers": [
            {
                "host": name,
                "url": one["url"],
                "from": one.get("from", "host"),
                "connect": one.get("connect"),
                "status": one.get("status"),
                "signature": one.get("signature"),
                "timed_out": one.get("timed_out", False),
            }
            for one in host.answers
        ],
        "unknown": unknown,
    }


def told(judged: Judged, cause: Cause) -> dict[str, t.Any]:
    finding: Finding = judged.finding
    return {
        "key": finding.key,
        "cause": finding.cause,
        "title": cause.title,
        "seen_from": finding.seen_from,
        "on": finding.on,
        "subject": finding.subject,
        "confidence": finding.confidence,
        "evidence": [item.text for item in sorted(finding.evidence, key=lambda item: -item.decides)],
        "remedy": finding.remedy.role if finding.remedy else None,
        "change": finding.remedy.change if finding.remedy else "",
        "outcome": judged.outcome,
        "why": judged.why or finding.why,
        "advice": list(finding.advice),
        "step": judged.step,
    }


def step_data(step: Step) -> dict[str, t.Any]:
    return {
        "id": step.id,
        "on": step.on,
        "role": step.role,
        "variables": dict(step.variables),
        "causes": list(step.causes),
    }
