# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From findings to the steps that change hosts: what is allowed, in which order, each change once.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import bisect
import shlex
import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.at_work import STOP
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding, Remedy, fingerprint
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.behind import is_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judge import SURE_ENOUGH
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.lasting_edits import of_container
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.memory import MAX_CURES, earlier_cures, given_up
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Judged, Outcome, Plan, Step
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.proof_questions import proof_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.by_hand import after_undo, by_hand
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.panels import Written, not_ours
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import ORDER, RELOADS_NGINX

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.at_work import GuardFacts

#: Kinds of change that fix_502_allow names.
KINDS = ("start", "reload", "restart", "config", "firewall", "selinux")
#: What else it may have: a reload or restart may put in force what others have saved and not loaded.
PENDING = "pending"

#: Hosts that are named where there are many.
NAMED = 3

WAITS = "%s is at work on %s just now: it is waited for, a minute at most"

IN_CONTAINER = "the nginx that fails runs in container %s (%s), which is looked into and not changed"

#: The 502 of a proxy whose backend is one, too.
NEXT_HOP = "upstream_returned_502"


class Refusal(t.NamedTuple):
    """Why a remedy is not run, and what becomes of its finding; advice that goes before the commands that make it by hand, and after them."""

    outcome: Outcome
    why: str
    advice: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


#: Of a step that the plan of this run does not have: it was not found when the plan was made, or its numbers were others.
NOT_APPROVED = Refusal(
    "advice", "not in the approved plan: to approve it, run the dry run again and name its report in fix_502_plan"
)


def plan(
    findings: t.Sequence[Finding],
    fleet: Fleet,
    allow: t.Collection[str],
    run: str,
    tried: t.Mapping[str, Outcome],
    max_cures: int = MAX_CURES,
    approved: t.Collection[str] | None = None,
) -> Plan:
    """What is done about each finding.

    tried: ids of steps that were run before in this run, with how they ended. max_cures: of one cause on one host in a day.
    approved: ids of the only steps that may be run; None where any may.
    """
    judged: list[Judged] = []
    steps: dict[str, Step] = {}
    for finding in findings:
        cures = earlier_cures(finding, fleet, run)
        one, step = decision(finding, fleet, allow, run, tried, approved)
        why, advice = given_up(finding, cures, fleet, max_cures) if step else ("", ())
        if why:
            advised = with_advice(finding, by_hand)
            one, step = Judged(replace(advised, advice=advice + advised.advice), "advice", why, given_up=True), None
        judged.append(replace(one, history=tuple(cures)))
        if step:
            steps[step.id] = joined(steps[step.id], step) if step.id in steps else step
    judged = handed_on(judged, steps, fleet)
    return Plan(judged, sorted(steps.values(), key=lambda step: (ORDER.index(step.role), step.id)))


def decision(
    finding: Finding,
    fleet: Fleet,
    allow: t.Collection[str],
    run: str,
    tried: t.Mapping[str, Outcome],
    approved: t.Collection[str] | None,
) -> tuple[Judged, Step | None]:
    """What is done about one finding, and the step that does it where one is planned."""
    if finding.remedy is None:
        return Judged(finding, "advice", finding.why), None
    written = not_ours(fleet.hosts[finding.on], finding.remedy) if finding.on in fleet.hosts else None
    container = fleet.hosts[finding.seen_from].facts.get("container") if finding.seen_from in fleet.hosts else None
    inside = IN_CONTAINER % (container["name"], container["engine"]) if container else ""
    if written and not (container and written.is_its_owners):
        return left_to_its_writer(finding, finding.remedy, written, inside), None
    if container:
        return left_to_people(finding, Refusal("advice", inside, lasts_inside(finding, finding.remedy, fleet))), None
    refused = refusal(finding, finding.remedy, fleet, allow)
    if refused:
        return left_to_people(finding, refused), None
    step = step_for(finding, finding.remedy, fleet, run)
    if step.id in tried:
        ended = "failed" if tried[step.id] == "fixed" else tried[step.id]
        seen = with_advice(finding, after_undo)
        return Judged(seen, ended, "the remedy was run and the cause is still there", step.id), None
    if approved is not None and step.id not in approved:
        return left_to_people(finding, NOT_APPROVED), None
    busy = guard_of(fleet, finding.on).get("busy")
    waits = WAITS % (" and ".join(busy), finding.on) if busy else ""
    return Judged(finding, "planned", finding.remedy.note, step.id, waits=waits), step


def lasts_inside(finding: Finding, remedy: Remedy, fleet: Fleet) -> tuple[str, ...]:
    """Where the files that a remedy would write for an nginx in a container are on its host, or that they are gone with that container."""
    proxy = fleet.hosts[finding.seen_from]
    if finding.on != finding.seen_from or "config" not in remedy.kinds or proxy.within is None:
        return ()
    container, within = proxy.facts["container"], proxy.within
    paths = [remedy.parameters.get("dropin"), *(edit["path"] for edit in remedy.parameters.get("edits") or [])]
    return tuple(dict.fromkeys(of_container(path, container, within) for path in paths if path))


def guard_of(fleet: Fleet, name: str) -> GuardFacts:
    """What keeps a run from changing a host; empty where that is not known."""
    return or_empty(fleet.hosts[name].facts.get("guard") if name in fleet.hosts else None)


def left_to_people(finding: Finding, refused: Refusal) -> Judged:
    """A finding whose remedy is not run, with how a person would make it."""
    advised = with_advice(finding, by_hand)
    advice = refused.before + advised.advice + refused.advice
    return Judged(replace(advised, advice=advice), refused.outcome, refused.why)


def left_to_its_writer(finding: Finding, remedy: Remedy, written: Written, inside: str) -> Judged:
    """A finding whose remedy would edit a file that a panel or another tool writes anew: what to set, and where that lasts.

    inside: in whose container.
    """
    why = "; ".join(filter(None, (inside, written.why)))
    what = [line for line in by_hand(remedy, finding.on) if line.startswith("# ")]
    advice = (*written.advice(finding.on, what), *finding.advice)
    return Judged(replace(finding, remedy=None, why=why, advice=advice), "advice", why)


def with_advice(finding: Finding, words: t.Callable[[Remedy, str], tuple[str, ...]]) -> Finding:
    """The same finding with what is left to a person, as its remedy is not run (any more)."""
    return replace(finding, advice=(*words(finding.remedy, finding.on), *finding.advice)) if finding.remedy else finding


def refusal(finding: Finding, remedy: Remedy, fleet: Fleet, allow: t.Collection[str]) -> Refusal | None:
    """Why a finding's remedy is not run; None where it may run."""
    stop = guard_of(fleet, finding.on).get("stop")
    if stop is not None:
        advice = (
            "ls -l --time-style=full-iso %s   # on %s" % (STOP, finding.on),
            "# when changes may be made there again: remove that file, and run this again",
        )
        return Refusal("advice", "%s is there on %s: %s" % (STOP, finding.on, stop or "(empty)"), advice)
    missing = [kind for kind in remedy.kinds if kind not in allow]
    if missing:
        return Refusal("not_allowed", "fix_502_allow leaves out %s" % ", ".join(missing))
    if finding.confidence < SURE_ENOUGH:
        numbers = "confidence %.2f, needed %.2f" % (finding.confidence, SURE_ENOUGH)
        return Refusal("advice", "not sure enough to change anything (%s)" % numbers)
    if finding.on not in fleet.hosts:
        return Refusal("advice", "%s is not among the hosts of this run" % finding.on)
    number = fleet.doubted(finding.seen_from, finding.on)
    if number:
        return wrong_host(finding, number, fleet.inventory.unseen)
    test = or_empty(fleet.hosts[finding.on].nginx.get("test"))
    if remedy.role in RELOADS_NGINX and test.get("sound") is False:
        why = "nginx -t fails on %s (%s): nginx is not reloaded before that is repaired"
        return Refusal("advice", why % (finding.on, test.get("error")))
    saved = saved_by_others(fleet.hosts[finding.on], remedy)
    if saved and PENDING not in allow:
        why = "a reload would also put in force what somebody has saved on %s and not loaded: %s (fix_502_allow: %s)"
        advice = (
            "ls -ld --time-style=full-iso %s   # on %s: who saved it, and when"
            % (" ".join(map(shlex.quote, saved)), finding.on),
            "# when that may go live: load it, or run this again with %s in fix_502_allow" % PENDING,
        )
        return Refusal("advice", why % (finding.on, ", ".join(saved), PENDING), advice)
    return None


def wrong_host(finding: Finding, number: str, unseen: t.Sequence[str]) -> Refusal:
    """Why a host is not changed that may not be the one that the proxy means."""
    shown = ", ".join(unseen[:NAMED]) + (" and %d more" % (len(unseen) - NAMED) if len(unseen) > NAMED else "")
    why = "%s is %s's, and may be another host's as well, as not all of the inventory was looked at (%s)"
    advice = (
        "ip neigh show to %s   # on %s: the hardware address that answers there" % (number, finding.seen_from),
        "ip -brief link   # on %s: whether it has that one; behind a router compare their ssh host keys" % finding.on,
        "# or run this again for all hosts",
    )
    return Refusal("advice", why % (number, finding.on, shown), advice)


def saved_by_others(host: Host, remedy: Remedy) -> t.Sequence[str]:
    """Files of a daemon that a remedy reloads or restarts which are newer than what runs."""
    if remedy.role in RELOADS_NGINX:
        return host.nginx.get("pending") or ()
    if remedy.role != "php_fpm" or remedy.parameters.get("action") not in ("reloaded", "restarted"):
        return ()
    running = [fpm for fpm in host.facts.get("php_fpm") or [] if fpm["config"] == remedy.parameters.get("config")]
    return [path for fpm in running for path in fpm.get("pending") or ()]


def handed_on(judged: t.Sequence[Judged], steps: dict[str, Step], fleet: Fleet) -> list[Judged]:
    """The same, where the 502 of a proxy's next hop is planned with the step that cures that hop: it is proven at both.

    The next hop is a proxy of this run with a step, or has a next hop of its own. steps: gets the proofs and causes of the proxies in front.
    """
    judged = list(judged)
    cured: dict[str, list[int]] = {}  # by proxy: where its findings with a step stand in judged, in order
    for number, one in enumerate(judged):
        if one.step in steps:
            cured.setdefault(one.finding.seen_from, []).append(number)
    waiting = [number for number, one in enumerate(judged) if one.finding.cause == NEXT_HOP and one.outcome == "advice"]
    while True:
        found = ((turn, number) for turn in waiting for number in cured.get(judged[turn].finding.on, ()))
        turns = (one for one in found if is_behind(judged[one[0]].finding, judged[one[1]].finding, fleet))
        turn, number = next(turns, (-1, -1))
        if turn < 0:
            return judged
        waiting.remove(turn)
        finding, behind = judged[turn].finding, judged[number]
        step = steps[str(behind.step)]
        mine = replace(
            step,
            driver=finding.seen_from,
            variables={step.role + "_proof": proof_of(finding, fleet)},
            causes=(NEXT_HOP,),
        )
        steps[step.id] = joined(step, mine)
        why = "the 502 comes from %s and is cured there" % finding.on
        judged[turn] = Judged(replace(finding, remedy=behind.finding.remedy, advice=()), "planned", why, step.id)
        bisect.insort(cured.setdefault(finding.seen_from, []), turn)


def step_for(finding: Finding, remedy: Remedy, fleet: Fleet, run: str) -> Step:
    """The step of a remedy. Its id is the same whenever the change is the same."""
    name = "%s-%s" % (remedy.role, fingerprint(finding.on, remedy.parameters))
    variables = {"%s_%s" % (remedy.role, key): value for key, value in remedy.parameters.items()}
    if remedy.role in RELOADS_NGINX:
        variables.update(nginx_service(fleet.hosts[finding.on]))
    variables.update(
        {remedy.role + "_run": run, remedy.role + "_change": name, remedy.role + "_proof": proof_of(finding, fleet)}
    )
    return Step(name, finding.on, finding.seen_from, remedy.role, variables, (finding.cause,))


def nginx_service(host: Host) -> dict[str, str | None]:
    """How nginx is reloaded on this host, for the role that does it. One that was started by hand, or on a Mac, is asked itself."""
    unit = host.nginx.get("unit")
    manager = host.system.get("service_manager") if unit and host.system.get("os") != "darwin" else "none"
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
