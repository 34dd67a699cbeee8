# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was judged of the containers of a host, said of the host: a container is no host of the inventory.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._judge.shapes import HostJudgement, Judgement


def with_containers(fleet: Fleet, made: t.Mapping[str, Judgement]) -> dict[str, Judgement]:
    """The judgements of the hosts of the inventory, each with those of its containers."""
    joined = {name: one for name, one in made.items() if fleet.hosts[name].within is None}
    for name, host in fleet.hosts.items():
        inside = made[name]
        if host.within is None or "failure" in inside:
            continue
        mine, own = of_its_host(inside, host, host.within), joined[host.within.name]
        if "failure" not in own:
            joined[host.within.name] = both(own, mine)
        elif mine["findings"]:
            joined[host.within.name] = mine
    return joined


def of_its_host(inside: HostJudgement, host: Host, within: Host) -> HostJudgement:
    """What was judged of a container, with the names of its host. Numbers of routes are its own, and say nothing there."""
    for finding in inside["findings"]:
        finding["seen_from"] = within.name
        finding["on"] = within.name if finding["on"] == host.name else finding["on"]
        finding["routes"] = []
    for answer in inside["answers"]:
        answer["route"] = None
        # The host may have the same URL at the same number.
        answer["connect"] = "%s of %s" % (answer["connect"] or answer["url"], host.name)
    for hop in inside["hops"]:
        hop["backend"] = within.name if hop["backend"] == host.name else hop["backend"]
    for row in inside["unknown"]:
        row["missing"] = "%s of %s" % (row["missing"], host.name)
    return inside


def both(own: HostJudgement, inside: HostJudgement) -> HostJudgement:
    """Two judgements as one."""
    return {
        **own,
        "findings": own["findings"] + inside["findings"],
        "answers": own["answers"] + inside["answers"],
        "unknown": own["unknown"] + inside["unknown"],
        "hops": own["hops"] + inside["hops"],
        "logged": own["logged"] + inside["logged"],
        "also": own["also"] + inside["also"],
    }
