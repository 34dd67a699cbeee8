# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend itself answers 502: nginx only passes it on, and writes no error line."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, answer_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import GATEWAY_STATUSES
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        reply = (hop.reach or {}).get("reply") or {}
        passed_on = [
            answer for answer in hop.failing if answer.get("status") in GATEWAY_STATUSES and not answer.get("signature")
        ]
        if passed_on and reply.get("status") in GATEWAY_STATUSES:
            yield told_by_backend(hop, reply["status"], [answer_evidence(answer) for answer in passed_on])


def told_by_backend(hop: Hop, status: int, evidence: list[Evidence]) -> Finding:
    probe = Evidence("probe", "asked directly, %s answers %d itself" % (hop.address, status), 0.8)
    return on_hop(
        hop,
        CAUSE.name,
        (*evidence, probe),
        why="the next hop makes the 502: the cause is behind %s" % (hop.address,),
        advice=(
            "look at the error log of what listens on %s" % (hop.address,),
            "run diagnose_502 with %s among the hosts, if it is an nginx" % hop.on,
        ),
    )


CAUSE = Cause(name="upstream_returned_502", title="The backend itself answers 502", find=find)
