# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log has 502s, and the same requests answer now: nothing is changed.

Looked at: nginx's log, and the same requests asked again several times.

Done: nothing.

A quick fix: a restart 'to be sure' drops requests that are answered.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import IN_BODY
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import OTHERWISE, recurring


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.hops:
        records = [
            record
            for record in hop.records
            if record["signature"] not in OTHERWISE
            and record.get("action") not in IN_BODY
            and not hop.is_barred(record)
        ]
        if records and hop.answers and not hop.failing and not any(record in records for record in recurring(hop)):
            yield gone(hop, [log_evidence(record) for record in records])


def gone(hop: Hop, evidence: list[Evidence]) -> Finding:
    fine = [
        Evidence("answer", "%s answers %s now" % (answer["url"], answer.get("status"))) for answer in hop.answers[:3]
    ]
    return on_hop(hop, CAUSE.name, (*evidence, *fine), why="asked again, it answers: nothing is changed")


CAUSE = Cause(
    name="transient",
    title="A 502 that is gone when the request is repeated",
    says="requests failed a while ago, and answer now",
    find=find,
    yields_to=("*",),
)
