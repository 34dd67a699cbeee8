# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From findings to the steps that change hosts: what is allowed, in which order, each change once.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding, Remedy, fingerprint
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import SURE_ENOUGH
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import ORDER, RELOADS_NGINX

#: Kinds of change that fix_502_allow speaks of.
KINDS = ("start", "reload", "restart", "config", "firewall", "selinux")

#: The 502 of a proxy whose backend is one, too.
NEXT_HOP = "upstream_returned_502"

#: URLs that one step's proof asks for at most.
PROOF_URLS = 10


@dataclass(frozen=True)
class Judged:
    """A finding with what will be done about it: planned, advice or not_allowed, and the step that does it."""

    finding: Finding
    outcome: str
    why: str
    step: str | None = None


@dataclass(frozen=True)
class Step:
    """One remedy to run: a role on a host, with its variables, driven by the first proxy that needs it."""

    id: str
    on: str
    driver: str
    role: str
    variables: t.Mapping[str, t.Any]
    causes: tuple[str, ...]


def refusal(finding: Finding, remedy: Remedy, fleet: Fleet, allow: t.Collection[str]) -> tuple[str, str] | None:
    """Why a finding's remedy is not run: the outcome and the reason; None where it may run."""
    missing = [kind for kind in remedy.kinds if kind not in allow]
    if missing:
        return "not_allowed", "fix_502_allow leaves out %s" % ", ".join(missing)
    if finding.confidence < SURE_ENOUGH:
        return "advice", "not sure enough to change anything (confidence %.2f, needed %.2f)" % (
            finding.confidence,
            SURE_ENOUGH,
        )
    if finding.on not in fleet.hosts:
        return "advice", "%s is not among the hosts of this run" % finding.on
    test = fleet.hosts[finding.on].nginx.get("test") or {}
    if remedy.role in RELOADS_NGINX and test.get("sound") is False:
        return "advice", "nginx -t fails on %s (%s): nginx is not reloaded before that is repaired" % (
            finding.on,
            test.get("error"),
        )
    return None


def plan(
    findings: t.Sequence[Finding], fleet: Fleet, allow: t.Collection[str], run: str, tried: t.Mapping[str, str]
) -> tuple[list[Judged], list[Step]]:
    """What is done about each finding. tried: ids of steps that were run before in this run, with how they ended."""
    judged: list[Judged] = []
    steps: dict[str, Step] = {}
    for finding in findings:
        remedy = finding.remedy
        if remedy is None:
            judged.append(Judged(finding, "advice", finding.why))
            continue
        refused = refusal(finding, remedy, fleet, allow)
        if refused:
            judged.append(Judged(finding, *refused))
            continue
        step = step_for(finding, remedy, fleet, run)
        if step.id in tried:
            ended = "failed" if tried[step.id] == "fixed" else tried[step.id]
            judged.append(Judged(finding, ended, "the remedy was run and the cause is still there", step.id))
            continue
        steps[step.id] = joined(steps[step.id], step) if step.id in steps else step
        judged.append(Judged(finding, "planned", remedy.note, step.id))
    judged = handed_on(judged, steps, fleet)
    return judged, sorted(steps.values(), key=lambda step: (ORDER.index(step.role), step.id))


def handed_on(judged: list[Judged], steps: dict[str, Step], fleet: Fleet) -> list[Judged]:
    """A proxy whose next hop makes the 502, and that hop is a proxy of this run with a step of its own: the same step cures both and is proven at both."""
    for number, one in enumerate(judged):
        behind = next(
            (other for other in judged if other.step in steps and other.finding.seen_from == one.finding.on), None
        )
        if one.finding.cause != NEXT_HOP or one.outcome != "advice" or behind is None:
            continue
        step = steps[str(behind.step)]
        mine = replace(
            step,
            driver=one.finding.seen_from,
            variables={step.role + "_proof": proof(one.finding, fleet)},
            causes=(NEXT_HOP,),
        )
        steps[step.id] = joined(step, mine)
        cured = Judged(
            replace(one.finding, remedy=behind.finding.remedy),
            "planned",
            "what %s lacks is mended there" % one.finding.on,
            step.id,
        )
        return handed_on([*judged[:number], cured, *judged[number + 1 :]], steps, fleet)
    return judged


def step_for(finding: Finding, remedy: Remedy, fleet: Fleet, run: str) -> Step:
    name = "%s-%s" % (remedy.role, fingerprint(finding.on, remedy.parameters))
    variables = {"%s_%s" % (remedy.role, key): value for key, value in remedy.parameters.items()}
    if remedy.role in RELOADS_NGINX:
        variables.update(nginx_service(fleet.hosts[finding.on]))
    variables.update(
        {remedy.role + "_run": run, remedy.role + "_change": name, remedy.role + "_proof": proof(finding, fleet)}
    )
    return Step(name, finding.on, finding.seen_from, remedy.role, variables, (finding.cause,))


def nginx_service(host: Host) -> dict[str, t.Any]:
    """How nginx is reloaded on this host, for the role that does it. One that was started by hand has no unit, and is asked itself."""
    unit = host.nginx.get("unit")
    manager = host.system.get("service_manager") if unit else "none"
    service = (unit or "nginx").replace(".service", "")
    return {
        "nginx_restart_service": service,
        "nginx_restart_manager": manager,
        "nginx_restart_system": host.system.get("family"),
    }


def joined(first: Step, other: Step) -> Step:
    """The same change for two findings: one step that proves both, driven by the first proxy by name, whose turn comes first in fix_502.yml."""
    key = first.role + "_proof"
    both = list(first.variables[key]) + [entry for entry in other.variables[key] if entry not in first.variables[key]]
    causes = first.causes + tuple(cause for cause in other.causes if cause not in first.causes)
    driver = min(first.driver, other.driver)
    return Step(first.id, first.on, driver, first.role, {**first.variables, key: both}, causes)


def proof(finding: Finding, fleet: Fleet) -> list[dict[str, t.Any]]:
    """What must be better afterwards: the URLs of the finding's routes as they answer now, the failing ones first."""
    proxy = fleet.hosts[finding.seen_from]
    sources = [
        source
        for source in (proxy.facts.get("log") or {}).get("sources") or []
        if source["kind"] == "nginx" and source["state"] == "ok"
    ]
    logs = [source["path"] for source in sources if source["path"].startswith("/")]
    answers = [
        answer
        for answer in proxy.answers
        if answer.get("from", "host") == "host" and answer.get("route") in finding.routes
    ]
    answers.sort(key=lambda answer: not answer_fails(answer))
    peers = {route["id"]: route["peers"] for route in proxy.config.get("routes") or []}
    keep = ("url", "connect", "method", "proxy_protocol", "status", "signature", "upstream", "timed_out")
    return [
        {
            "host": proxy.name,
            "error_logs": logs,
            "peers": peers.get(answer.get("route"), []),
            **{key: answer.get(key) for key in keep},
        }
        for answer in answers[:PROOF_URLS]
    ]
