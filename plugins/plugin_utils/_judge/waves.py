# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps on hosts between which no request goes are made side by side, in one wave; all others one after the other.

The proof of a step asks its proxies, and pages beside on them. While a second step is at work on one of these, or on a host behind, it could
not be said which of the two helped, or did harm.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.plan import Plan, Step


def in_waves(planned: Plan, fleet: Fleet) -> Plan:
    """The same plan, in which each step has its wave: the earliest in which it meets none of the steps before it in the plan."""
    if len(planned.steps) < 2:
        return planned
    parts = _Parts()
    for proxy in fleet.proxies():
        parts.join([proxy.name, *(hop.backend.name for hop in fleet.hops_of(proxy) if hop.backend)])
    for names in _names_of_machines(fleet):
        parts.join(names)
    for step in planned.steps:
        parts.join(_hosts_of(step))
    following: dict[str, int] = {}  # by part: the wave after those of its steps so far
    made: dict[str, Step] = {}
    for step in planned.steps:
        part = parts.of(step.on)
        wave = max([following.get(part, 0), *(made[one].wave + 1 for one in step.after)])
        following[part] = wave + 1
        made[step.id] = replace(step, wave=wave)
    return planned._replace(steps=list(made.values()))


def _names_of_machines(fleet: Fleet) -> t.Iterable[list[str]]:
    """By machine the names under which the inventory has it: it is known by its addresses."""
    names: dict[frozenset[str], list[str]] = {}
    for host in fleet.hosts.values():
        addresses = frozenset(host.system.get("addresses") or ())
        if addresses:
            names.setdefault(addresses, []).append(host.name)
    return names.values()


def _hosts_of(step: Step) -> list[str]:
    """The hosts that a step is made on, driven from and proven at."""
    proof = step.variables.get(step.role + "_proof") or ()
    return [step.on, step.driver, *(one["host"] for one in proof)]


class _Parts:
    """Hosts in parts, such that whoever was joined is in one part."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, host: str) -> str:
        """The name of the part that a host is in: one of its hosts."""
        top = host
        while self._above.get(top, top) != top:
            top = self._above[top]
        while self._above.get(host, host) != top:
            self._above[host], host = top, self._above[host]
        return top

    def join(self, hosts: t.Sequence[str]) -> None:
        """Make one part of those that these hosts are in."""
        for host in hosts[1:]:
            self._above[self.of(host)] = self.of(hosts[0])
