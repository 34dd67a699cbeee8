# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at all hosts, judged and planned, as plain data for each host.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding, fingerprint
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet, Inventory
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import answer_fails
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.visited import statuses_before
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import (
    RuleErrors,
    judge,
    known_causes,
    not_asked_again,
    unexplained,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.memory import MAX_CURES, EarlierCure
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import Judged, Outcome, Plan, Step, plan
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.trigger import (
    HistoryQuestion,
    Onset,
    Trigger,
    history_questions,
    trigger_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.turns import in_turns
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.typed_advice import in_commands_of_hosts

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Unknown
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts


class JudgedFinding(t.TypedDict):
    """A finding with what is done about it. key is the same in every round; step is the id of the step that does it."""

    key: str
    cause: str
    title: str
    says: str  # the title as a sentence about these hosts
    seen_from: str
    on: str
    subject: str
    confidence: float
    evidence: list[str]  # the strongest first
    remedy: str | None  # a role
    change: str  # what the remedy does, in a few words
    outcome: Outcome
    why: str
    advice: list[str]
    step: str | None
    routes: list[int]
    recurs: str  # how often it fails where nothing fails now
    fades: str  # why the change does not last, and until when it does; empty where it lasts
    fault: str  # the same in all findings of one broken thing; empty where it is the host's own matter
    behind: str  # what is wrong there, as a sentence about all hosts that suffer from it
    history: list[EarlierCure]  # by other runs, the oldest first
    given_up: bool  # whether it came back so often that it is cured no more
    trigger: Trigger
    onset: t.NotRequired[Onset]  # once it was asked what happened on its hosts
    waits: str  # for whom its step waits, who is changing the host just now


class StepData(t.TypedDict):
    """A step for the role fix_502: the role to run on a host, with its variables."""

    id: str
    on: str
    role: str
    variables: dict[str, t.Any]
    causes: list[str]
    after: list[str]  # ids of steps that have to be proven first


#: What nginx answered to one URL, as far as the report needs it.
JudgedAnswer = t.TypedDict(
    "JudgedAnswer",
    {
        "host": str,
        "url": str,
        "from": t.Literal["host", "controller"],  # who asked
        "connect": t.Optional[str],
        "method": str,
        "status": t.Optional[int],
        "signature": t.Optional[str],
        "timed_out": bool,
        "route": t.Optional[int],
        "had": list[int],  # statuses below 500 that visitors had before
        # The application's own error, in whose place nginx asks for the page of another upstream, which failed.
        "covers": t.Optional[int],
    },
)


class JudgedHop(t.TypedDict):
    """An upstream of a proxy, and whether requests over it fail. backend: the host of this run that has it; None where none has."""

    upstream: str
    backend: str | None
    broken: bool


class LoggedFailures(t.TypedDict):
    """Lines of nginx's log with one signature: how many, from when to when (seconds since the epoch)."""

    signature: str
    first: float
    last: float
    count: int


@t.final
class HostJudgement(t.TypedDict):
    """What is known of one host after a look."""

    curable: bool  # whether a step, of this host or of another, may help it
    findings: list[JudgedFinding]  # those that it serves the 502 for
    steps: list[StepData]  # those that it drives
    answers: list[JudgedAnswer]
    unknown: list[Unknown]
    hops: list[JudgedHop]  # only where something was found
    logged: list[LoggedFailures]
    asked: HistoryQuestion | None  # what it is to be asked of what happened before; None: no finding has to do with it


@t.final
class Failure(t.TypedDict):
    """Why nothing could be judged of a host, in one line."""

    failure: str


Judgement = HostJudgement | Failure

NO_NGINX = "no nginx was found on any host of this run: name the hosts that run nginx (fix_502_hosts, or the inventory)"
IN_CONTAINER = "nginx runs in container %s (%s) on %s, pid %d, not looked into: only an nginx of the host itself is"
NOT_SERVED = "fix_502_urls: no nginx of this run serves %s (http or https, its name, its port)"
STOPPED = "nginx does not run on this host, although its unit is enabled: start it (nginx -t shows whether it can)"
NOT_RUNNING = "nginx runs on no host of this run, so that nothing can be asked of it: start it first (nginx -t shows whether it can)"
NOT_A_PROXY = "no nginx on this host: it was read as a backend only"
RULE_ERROR = "the rule for this cause raised an error on this host's facts (%s)"


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
    planned = in_turns(plan(findings, fleet, allow, run, tried, max_cures, approved), fleet)
    unknown = unknown_of(fleet, findings, urls, errors)
    parts = by_host(planned)
    made: dict[str, Judgement] = {
        name: {"failure": STOPPED}
        if is_stopped(fleet, host, findings)
        else host_judgement(fleet, host, parts.get(name, Plan([], [])), unknown[name], causes)
        for name, host in fleet.hosts.items()
    }
    found = [one for judgement in made.values() if "failure" not in judgement for one in judgement["findings"]]
    asked = history_questions(fleet, [(one["seen_from"], one["on"], one["trigger"]) for one in found])
    for name, judgement in made.items():
        if "failure" not in judgement:
            judgement["asked"] = asked.get(name)
    return made


def why_nothing_is_known(fleet: Fleet, findings: t.Sequence[Finding], urls: t.Sequence[str]) -> str | None:
    """Why nothing can be said of any host, in one line; None where something can."""
    if not fleet.proxies():
        return in_containers(fleet) or NO_NGINX
    if findings:
        return None
    if not any(proxy.nginx.get("master") for proxy in fleet.proxies()):
        return in_containers(fleet) or NOT_RUNNING
    missed = not_served(fleet, urls)
    return NOT_SERVED % ", ".join(missed) if missed and set(missed) == set(urls) else None


def in_containers(fleet: Fleet) -> str:
    """Which nginx runs in containers of the hosts of this run, in one line; empty where none does."""
    return "; ".join(
        IN_CONTAINER % (container["name"], container["engine"], host.name, one["pid"])
        for host in fleet.hosts.values()
        for container in host.facts.get("containers") or []
        for one in container.get("inside") or []
        if one["name"] == "nginx"
    )


def not_served(fleet: Fleet, urls: t.Sequence[str]) -> list[str]:
    """URLs of the user that no nginx of this run was asked for, each once."""
    asked = {answer["url"] for proxy in fleet.proxies() for answer in proxy.answers}
    return [url for url in dict.fromkeys(urls) if url not in asked]


def is_stopped(fleet: Fleet, host: Host, findings: t.Sequence[Finding]) -> bool:
    """Whether a proxy is down that should be up, and no finding says so. An nginx that is installed beside a backend's own service is no proxy."""
    unit = or_empty(host.unit(host.nginx.get("unit")))
    wanted = unit.get("enabled") == "enabled" and host.config.get("routes") and not host.nginx.get("master")
    return (
        bool(wanted)
        and not any(host.name in (finding.seen_from, finding.on) for finding in findings)
        and all(hop.proxy is host for hop in fleet.hops_to(host))
    )


def unknown_of(
    fleet: Fleet, findings: t.Sequence[Finding], urls: t.Sequence[str], errors: RuleErrors
) -> dict[str, list[Unknown]]:
    """Per host, what could not be read, and what no finding explains."""
    failing, barred = unexplained(fleet, findings), not_asked_again(fleet, findings)
    missed = [NOT_SERVED % url for url in not_served(fleet, urls)]
    unknown: dict[str, list[Unknown]] = {}
    for name, host in fleet.hosts.items():
        whys = ["%s fails and nothing that was seen explains it" % url for url in failing.get(name, [])]
        whys += barred.get(name, [])
        whys += missed if host.nginx else []
        rows: list[Unknown] = [
            {"missing": one["missing"], "why": one["why"]} for one in host.facts.get("unknown") or []
        ]
        rows += [{"missing": "cause", "why": why} for why in whys]
        said = any(row["missing"] == "nginx" for row in rows)
        rows += [] if host.nginx or said else [{"missing": "nginx", "why": NOT_A_PROXY}]
        rows += [
            {"missing": "cause %s" % cause, "why": RULE_ERROR % error} for cause, error in errors.get(name, {}).items()
        ]
        unknown[name] = rows
    return unknown


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
        "findings": [finding_data(fleet, one, causes[one.finding.cause]) for one in planned.judged],
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
                "route": one.get("route"),
                "had": statuses_before(host, one.get("route"), one["url"]),
                "covers": covered_error(fleet, host, one, asked.get("route")),
            }
            for one, asked in zip(host.answers, host.facts.get("answers") or [])
        ],
        "unknown": unknown,
        "hops": hops_of(fleet, host) if planned.judged else [],
        "logged": logged(host),
        "asked": None,
    }


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


def finding_data(fleet: Fleet, judged: Judged, cause: Cause) -> JudgedFinding:
    """A finding as plain data. Why it is not cured goes before what the finding itself says."""
    finding = judged.finding
    return {
        "key": finding.key,
        "cause": finding.cause,
        "title": cause.title,
        "says": sentence(finding, cause),
        "seen_from": finding.seen_from,
        "on": finding.on,
        "subject": finding.subject,
        "confidence": finding.confidence,
        "evidence": [item.text for item in sorted(finding.evidence, key=lambda item: -item.decides)],
        "remedy": finding.remedy.role if finding.remedy else None,
        "change": finding.remedy.change if finding.remedy else "",
        "outcome": judged.outcome,
        "why": judged.why or finding.why,
        "advice": in_commands_of_hosts(finding.advice, finding.on, fleet),
        "step": judged.step,
        "routes": sorted(finding.routes),
        "recurs": finding.recurs,
        "fades": finding.remedy.fades if finding.remedy else "",
        "fault": finding.fault or fault_of_daemon(judged, cause),
        "behind": finding.behind.says if finding.behind else "",
        "history": list(judged.history),
        "given_up": judged.given_up,
        "trigger": trigger_of(fleet, finding, cause),
        "waits": judged.waits,
    }


def fault_of_daemon(judged: Judged, cause: Cause) -> str:
    """What is the same in all findings of one daemon of the proxy's own host that does not serve: one PHP-FPM may have a pool for each of a hundred sites."""
    finding = judged.finding
    same = judged.step or finding.why
    if cause.daemon == "runs" or not same:
        return ""
    return "%s %s:%s" % (finding.cause, finding.on, fingerprint(same))


def sentence(finding: Finding, cause: Cause) -> str:
    """What is wrong, with the names of the hosts."""
    if finding.says:
        return finding.says
    subject = finding.subject.removeprefix("tcp:")
    return (cause.says or cause.title).format(on=finding.on, proxy=finding.seen_from, subject=subject)


def step_data(step: Step) -> StepData:
    """A step as plain data."""
    return {
        "id": step.id,
        "on": step.on,
        "role": step.role,
        "variables": dict(step.variables),
        "causes": list(step.causes),
        "after": list(step.after),
    }
