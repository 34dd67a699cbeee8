# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge the facts of all hosts on the controller."""

from __future__ import annotations

import secrets
import socket
import time
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._controller import text_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Inventory
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.approved_plan import (
    ApprovedPlan,
    NotAPlan,
    read_plan,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.collector import no_collection
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.judgement import judgements
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.left_out import add_left_out, strangers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.facts_of import facts_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._look.not_run import explained
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.failure import reason

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts


class ActionModule(ActionBase):
    """Reads the looks that gateway_facts left in a registered variable of each host, and judges them together."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(
            {
                "hosts": {"type": "list", "elements": "str", "required": True},
                "looks": {"type": "str", "required": True},
                "again": {"type": "str", "default": ""},
                "allow": {"type": "list", "elements": "str", "required": True},
                "run": {"type": "str", "default": ""},
                "tried": {"type": "dict", "default": {}},
                "backend_services": {"type": "dict", "default": {}},
                "urls": {"type": "list", "elements": "str", "default": []},
                "max_cures": {"type": "int", "default": 3},
                "plan": {"type": "path", "default": ""},
                "approved": {"type": "dict"},
            }
        )
        approved = approved_plan(args["plan"], args["approved"])
        looks = newest(*(registered(args["hosts"], name, task_vars or {}) for name in (args["looks"], args["again"])))
        seen = {name: facts_of(look) for name, look in looks.items()}
        facts = {name: known for name, known in seen.items() if known}
        run = args["run"] or "%s-%s" % (time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), secrets.token_hex(2))
        result.update(changed=False, run=run, failures=failures(args["hosts"], looks), unended=unended(facts))
        with no_collection():
            made = (
                judgements(
                    facts,
                    args["allow"],
                    run,
                    args["tried"],
                    args["backend_services"],
                    args["urls"],
                    args["max_cures"],
                    approved["steps"] if approved else None,
                    inventory_of(facts, task_vars or {}),
                )
                if facts
                else {}
            )
        add_left_out(made, holders_of(strangers(made, facts), facts, task_vars or {}))
        judged: t.Mapping[str, t.Mapping[str, t.Any]] = made
        # The clock of the controller, as each look noted it.
        result["started"] = min((look["began"] for look in looks.values() if "began" in look), default="")
        result["judgements"] = judged
        if approved:
            result["approved"] = approved
        result["curable"] = [name for name in args["hosts"] if judged.get(name, {}).get("curable")]
        return result


def registered(hosts: t.Sequence[str], variable: str, task_vars: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What each host has registered under this name; hosts that have nothing there are left out."""
    hostvars = task_vars["hostvars"]
    found = {name: hostvars[name].get(variable) for name in hosts if variable and name in hostvars}
    return {name: value for name, value in found.items() if value}


def newest(looks: t.Mapping[str, t.Any], again: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The newest look at each host. looks: by host the first one; again: by host what it registered of a loop of later looks, at itself and at others.

    Of a host that could not be reached no time is known: that is as old as the newest look of its loop.
    """
    known = dict(looks)
    began = {name: look.get("began", "") for name, look in looks.items()}
    for loop in again.values():
        results = loop.get("results") or ()
        last = max((one.get("began", "") for one in results), default="")
        for one in results:
            host, time_of = one[one["ansible_loop_var"]], one.get("began", last)
            if time_of >= began.get(host, ""):
                known[host], began[host] = one, time_of
    return known


def inventory_of(seen: t.Collection[str], task_vars: t.Mapping[str, t.Any]) -> Inventory:
    """Hosts that were not looked at, also those that --limit leaves out, and where there are any, how the controller reaches the others."""
    hostvars = task_vars["hostvars"]
    unseen = tuple(name for name in (task_vars.get("groups") or {}).get("all", ()) if name not in seen)
    known = [name for name in seen if name in hostvars] if unseen else []
    return Inventory(unseen, {name: {name, *numbers(door_of(hostvars, name))} for name in known})


def holders_of(wanted: t.Collection[str], seen: t.Collection[str], task_vars: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The hosts of the inventory that were not looked at, by those of the wanted addresses and names by which the controller would reach them."""
    hostvars = task_vars["hostvars"]
    unseen = (name for name in (task_vars.get("groups") or {}).get("all", ()) if name not in seen) if wanted else ()
    doors = ((door, name) for name in unseen for door in (name, door_of(hostvars, name)))
    return {door: name for door, name in doors if door in wanted}


def door_of(hostvars: t.Mapping[str, t.Mapping[str, t.Any]], name: str) -> str:
    """Where the controller connects to for a host; its name where its variables do not say so, or cannot be read."""
    try:
        return str(hostvars[name].get("ansible_host", name))
    except AnsibleError:
        return name


def numbers(name: str) -> set[str]:
    """A name and its numbers, as the controller has just connected to them; the name alone where only ssh knows it."""
    try:
        return {name, *(str(found[4][0]) for found in socket.getaddrinfo(name, None))}
    except OSError:
        return {name}


def approved_plan(path: str, known: ApprovedPlan | None) -> ApprovedPlan | None:
    """The plan that this run has to keep to, read once: later judgements take what the first has read. None where it may do what it finds right."""
    if known or not path:
        return known
    try:
        return read_plan(path, text_in)
    except NotAPlan as error:
        raise AnsibleActionFail(str(error)) from error


def failures(hosts: t.Sequence[str], looks: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Hosts that could not be looked at, each with one line that says why."""
    failed = {}
    for name in hosts:
        look = looks.get(name)
        if look is None:
            failed[name] = "not looked at"
        elif look.get("unreachable"):
            failed[name] = "unreachable: %s" % first_line(look.get("msg")).removeprefix("Task failed: ")
        elif look.get("failed"):
            failed[name] = explained(first_line(reason(look)))
    return failed


def unended(facts: t.Mapping[str, GatewayFacts]) -> list[str]:
    """Hosts on which a run has not ended: one that goes on elsewhere, or one that was killed."""
    return [name for name, known in facts.items() if or_empty(known.get("journal")).get("unended")]


def first_line(text: t.Any) -> str:
    """The first line of a message that has anything in it; empty where there is none."""
    return (str(text or "").strip().splitlines() or [""])[0]
