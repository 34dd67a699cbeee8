# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend closes the connection before it has answered, and nothing that was seen says why: only its own log can.

Signatures: upstream_closed_prematurely, backend_worker_ended.

Looked at: nginx's log, a direct request, the backend's unit and log.

Done: nothing is changed: where the backend's own log is, and what to look for.

A quick fix: longer timeouts have no influence on a connection that the backend closes.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._barred_relays import is_barred_beyond
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._limits_of_time import ends_late_requests
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import recurring
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import leads_nowhere
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._started_again import started_again
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._why_ended import ends_connections

REFUSED = "backend_port_closed"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        is_ended = hop.has(CLOSED) or recurring(hop, CLOSED) or ends_late_requests(hop) or is_back(hop)
        if is_ended and not (leads_nowhere(fleet, hop) or is_barred_beyond(fleet, hop)):
            yield ends_connections(fleet, hop, CLOSED, "closes the connection")


def is_back(hop: Hop) -> bool:
    """Whether the backend refused what was asked, and listens again a moment later: it had ended with requests, and systemd started it again."""
    refused = any(answer.get("signature") == REFUSED for answer in hop.failing)
    return refused and bool(or_empty(hop.reach).get("connected")) and bool(started_again(hop, CLOSED).words)


CAUSE = Cause(
    name=CLOSED,
    title="The backend closes the connection before it answers",
    says="the backend at {subject} closes connections before it has answered",
    find=find,
)
