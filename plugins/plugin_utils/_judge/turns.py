# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Never more than half of the servers that stand in for each other are out at once: steps that take one out wait for the others.

Steps on servers of one group are made one after the other anyway. What is decided here is their order, which of them needs the proof of
another first, and which is not run at all, as servers that nobody cures are out already.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Judged, Plan, Step
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.planner import Refusal, left_to_people
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.stand_ins import (
    Daemon,
    Group,
    Server,
    groups_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.roles import ORDER

WAITS = "its turn is after the proof of %s: no more than half of %s may be out at once"
TOO_MANY = "%s out, and nothing that is done here brings %s back: with %s more than half of %s would be out"
RETRY = "# bring back %s first, then run this again"
NO_HELP = "the same was done on %s and did not help there: it is not tried on %s, another of %s"
#: How a step ended that did not help.
NO_CURE = ("undone", "failed")


class _Turn(t.NamedTuple):
    """A step that takes working servers of a group out. before: steps of that group whose turn comes first.

    lost: hosts of which servers stay out, too many to take out another; failed: hosts on which the same did not help.
    """

    group: Group
    before: tuple[Step, ...]
    lost: frozenset[str]
    failed: frozenset[str]


def in_turns(planned: Plan, fleet: Fleet) -> Plan:
    """The same plan, with what takes servers out behind what brings some back, one after the other; and what would leave too few left to people."""
    if not any(map(_interrupts, planned.steps)):
        return planned
    groups: dict[str, list[Group]] = {}
    for group in groups_of(fleet):
        for host in {server.host for server in group.servers}:
            groups.setdefault(host, []).append(group)
    failed = {(one.finding.cause, one.finding.on) for one in planned.judged if one.step and one.outcome in NO_CURE}
    made: dict[str, list[Step]] = {}  # by host
    steps: list[Step] = []
    waits: dict[str, str] = {}
    refused: dict[str, Refusal] = {}
    takes = {step.id: any(_taken(step, group) for group in groups.get(step.on, ())) for step in planned.steps}
    for step in sorted(planned.steps, key=lambda one: (ORDER.index(one.role), takes[one.id])):
        turns = [_turn(step, group, made, failed) for group in groups.get(step.on, ()) if _taken(step, group)]
        barred = next((turn for turn in turns if turn.lost or turn.failed), None)
        if barred:
            refused[step.id] = _refusal(step, barred)
            continue
        before = {one.id: one for turn in turns for one in turn.before}
        if before:
            first = next(turn for turn in turns if turn.before)
            waits[step.id] = WAITS % (_listed(one.on for one in before.values()), first.group.name)
            driver = max(step.driver, *(one.driver for one in before.values()))
            step = replace(step, after=tuple(before), driver=driver)
        made.setdefault(step.on, []).append(step)
        steps.append(step)
    return Plan([_with_turn(one, waits, refused) for one in planned.judged], steps)


def _turn(
    step: Step, group: Group, before: t.Mapping[str, t.Sequence[Step]], failed: t.Collection[tuple[str, str]]
) -> _Turn:
    """The turn of a step in a group of which it takes working servers out.

    before: by host, the steps that are run before it. failed: causes with the hosts on which they were not cured.
    """
    others = [one for one in group.servers if one.daemon != _daemon(step)]
    hosts = dict.fromkeys(one.host for one in others)
    concerned = tuple(one for host in hosts for one in before.get(host, ()))
    lost = [one.host for one in others if one.out and not before.get(one.host)]
    too_many = bool(lost) and 2 * (len(lost) + len(_taken(step, group))) > len(group.servers)
    no_help = frozenset(host for host in hosts for cause in step.causes if (cause, host) in failed)
    return _Turn(group, concerned, frozenset(lost if too_many else ()), no_help)


def _taken(step: Step, group: Group) -> tuple[Server, ...]:
    """The servers that serve now, and do not while a step is made."""
    daemon = _daemon(step) if _interrupts(step) else None
    return tuple(one for one in group.servers if daemon and one.daemon == daemon and not one.out)


def _interrupts(step: Step) -> bool:
    """Whether a step takes something out that runs: a reload of PHP-FPM waits until its children are done, in which it takes no request."""
    if step.role == "php_fpm":
        return step.variables["php_fpm_action"] in ("reloaded", "restarted")
    return step.role == "nginx_limits" and bool(step.variables["nginx_limits_unit_files"])


def _daemon(step: Step) -> Daemon:
    """What a step that interrupts something takes out as a whole."""
    return (step.on, step.variables["php_fpm_config" if step.role == "php_fpm" else "nginx_limits_unit"])


def _refusal(step: Step, turn: _Turn) -> Refusal:
    if turn.failed:
        return Refusal("advice", NO_HELP % (_listed(turn.failed), step.on, turn.group.name))
    out = _listed(turn.lost)
    verb, them = ("is", "it") if len(turn.lost) == 1 else ("are", "them")
    why = TOO_MANY % ("%s %s" % (out, verb), them, step.on, turn.group.name)
    return Refusal("advice", why, before=(RETRY % out,))


def _with_turn(one: Judged, waits: t.Mapping[str, str], refused: t.Mapping[str, Refusal]) -> Judged:
    """What was judged, with whom its step waits for, or why that is not run."""
    if one.outcome != "planned" or one.step is None:
        return one
    if one.step in refused:
        return replace(left_to_people(one.finding, refused[one.step]), history=one.history)
    if one.step in waits:
        return replace(one, waits="; ".join(filter(None, (one.waits, waits[one.step]))))
    return one


def _listed(names: t.Iterable[str]) -> str:
    return ", ".join(sorted(set(names)))
