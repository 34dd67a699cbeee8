# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at all hosts, judged and planned, as plain data for each host.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet, Inventory
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails, is_masked
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.visited import statuses_before
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.also import also
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.history_questions import history_questions
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.in_containers import with_containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import RuleErrors, judge, known_causes
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.memory import MAX_CURES
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Outcome, Plan, Step
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.unknowns import (
    unknown_of,
    why_not_judged,
    why_nothing_is_known,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Unknown
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import (
        HostJudgement,
        JudgedFinding,
        JudgedHop,
        Judgement,
        LoggedFailures,
        StepData,
    )


def judgements(
    facts: t.Mapping[str, GatewayFacts],
    allow: t.Collection[str],
    run: str,
    tried: t.Mapping[str, Outcome],
    backend_services: t.Mapping[str, str],
    urls: t.Sequence[str] = (),
    max_cures: int = MAX_CURES,
    approved: t.Collection[str] | None = None,
    inventory: Inventory | None = None,
) -> dict[str, Judgement]:
    """The judgement of each host.

    tried: ids of steps that were run before in this run, with how they ended. urls: those that the user named.
    max_cures: of one cause on one host in a day.
    approved: ids of the only steps that may be run; None where any may.
    """
    fleet = Fleet(facts, backend_services, inventory)
    causes = {} if fleet.is_well else {cause.name: cause for cause in known_causes()}
    errors: RuleErrors = {}
    findings = judge(fleet, list(causes.values()), errors)
    failure = why_nothing_is_known(fleet, findings, urls)
    if failure:
        return {name: {"failure": failure} for name in facts}
    planned = decided(findings, fleet, allow, run, tried, max_cures, approved)
    unknown = unknown_of(fleet, findings, urls, errors)
    parts = by_host(planned)
    made: dict[str, Judgement] = {}
    for name, host in fleet.hosts.items():
        why = why_not_judged(fleet, host, findings)
        part = parts.get(name, Plan([], []))
        made[name] = {"failure": why} if why else host_judgement(fleet, host, part, unknown[name], causes)
    made = with_containers(fleet, made)
    found = [one for judgement in made.values() if "failure" not in judgement for one in judgement["findings"]]
    asked = history_questions(fleet, [(one["seen_from"], one["on"], one["trigger"]) for one in found])
    for name, judgement in made.items():
        if "failure" not in judgement:
            judgement["asked"] = asked.get(name)
    return made


def decided(
    findings: t.Sequence[Finding],
    fleet: Fleet,
    allow: t.Collection[str],
    run: str,
    tried: t.Mapping[str, Outcome],
    max_cures: int,
    approved: t.Collection[str] | None,
) -> Plan:
    """What is done about the findings, with the steps in turns and waves."""
    if not findings:
        return Plan([], [])
    # Loaded only here: Ansible compiles a collection anew in each run, which takes longer than judging hosts that are well.
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import plan
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.turns import in_turns
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.waves import in_waves

    return in_waves(in_turns(plan(findings, fleet, allow, run, tried, max_cures, approved), fleet), fleet)


def by_host(planned: Plan) -> dict[str, Plan]:
    """The parts of a plan: what is judged under the host that serves the 502, and the steps under the one that drives them."""
    parts: dict[str, Plan] = {}
    for one in planned.judged:
        parts.setdefault(one.finding.seen_from, Plan([], [])).judged.append(one)
    for step in planned.steps:
        parts.setdefault(step.driver, Plan([], [])).steps.append(step)
    return parts


def host_judgement(
    fleet: Fleet, host: Host, planned: Plan, unknown: list[Unknown], causes: t.Mapping[str, Cause]
) -> HostJudgement:
    """What is known of one host: its part of the plan, its answers, and what is unknown."""
    return {
        "curable": any(one.outcome == "planned" for one in planned.judged),
        "findings": findings_data(fleet, planned, causes),
        "steps": [step_data(step) for step in planned.steps],
        "answers": [
            {
                "host": host.name,
                "url": one["url"],
                "from": one.get("from", "host"),
                "connect": one.get("connect"),
                "method": one.get("method", "GET"),
                "status": one.get("status"),
                "signature": one.get("signature"),
                "timed_out": one.get("timed_out", False),
                "masked": is_masked(one),
                "route": one.get("route"),
                "had": statuses_before(host, one.get("route"), one["url"]),
                "covers": covered_error(fleet, host, one, asked.get("route")),
            }
            for one, asked in zip(host.answers, host.facts.get("answers") or [])
        ],
        "unknown": unknown,
        "hops": hops_of(fleet, host) if planned.judged else [],
        "logged": logged(host),
        "also": also(fleet, host),
        "asked": None,
    }


def findings_data(fleet: Fleet, planned: Plan, causes: t.Mapping[str, Cause]) -> list[JudgedFinding]:
    """The findings of a plan as plain data."""
    if not planned.judged:
        return []
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.finding_data import finding_data

    return [finding_data(fleet, one, causes[one.finding.cause]) for one in planned.judged]


def covered_error(fleet: Fleet, proxy: Host, answer: Answer, asked: int | None) -> int | None:
    """The error that the application of the asked route gives to a direct request, where nginx goes on to another upstream for it
    (error_page with proxy_intercept_errors) and that one fails; None where it is not so, or not seen."""
    if not answer_fails(answer) or answer.get("route") == asked:
        return None
    for hop in fleet.hops_of(proxy):
        status = or_empty(or_empty(hop.reach).get("reply")).get("status") or 0
        for route in hop.routes:
            given = route["settings"].get("%s_intercept_errors" % hop.family)
            if route["id"] == asked and given and given["args"] == ["on"] and status >= 500:
                return status
    return None


def hops_of(fleet: Fleet, host: Host) -> list[JudgedHop]:
    """The upstreams of a proxy, each once, the broken ones first."""
    found: dict[str, JudgedHop] = {}
    for hop in fleet.hops_of(host):
        upstream = str(hop.address).removeprefix("tcp:")
        broken = bool(hop.failing) or found.get(upstream, {"broken": False})["broken"]
        found[upstream] = {
            "upstream": upstream,
            "backend": hop.backend.name if hop.backend else None,
            "broken": broken,
        }
    return sorted(found.values(), key=lambda one: not one["broken"])


def logged(host: Host) -> list[LoggedFailures]:
    """What nginx's log says of failed requests, by signature."""
    found: dict[str, LoggedFailures] = {}
    for record in or_empty(host.facts.get("log")).get("records") or []:
        if record["kind"] == "nginx":
            name, first, last = record["signature"], record["first"], record["last"]
            known = found.setdefault(name, {"signature": name, "first": first, "last": last, "count": 0})
            known["first"], known["last"] = min(known["first"], first), max(known["last"], last)
            known["count"] += record["count"]
    return list(found.values())


def step_data(step: Step) -> StepData:
    """A step as plain data."""
    return {
        "id": step.id,
        "on": step.on,
        "role": step.role,
        "variables": dict(step.variables),
        "causes": list(step.causes),
        "after": list(step.after),
        "wave": step.wave,
    }
