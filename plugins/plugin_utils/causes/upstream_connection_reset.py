# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend resets the connection before it has answered, and nothing that was seen says why: the next hop has to be asked.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import (
    CLOSED,
    EXPLAINED_BY,
    RESET,
    behind,
    probed,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._uwsgi import too_large


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(RESET):
            yield ended(hop)


def ended(hop: Hop) -> Finding:
    who, log = behind(hop)
    refused, room = too_large(hop)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(RESET), *probed(hop), *refused),
        why="%s resets the connection before it has answered: its own log says why" % who,
        advice=(
            *room,
            log,
            "a worker that its server kills (gunicorn: WORKER TIMEOUT, uwsgi: HARAKIRI), a crash, or a request too large for it (uwsgi: buffer-size)",
            "a longer timeout there keeps a worker busy longer: more workers may be needed",
        ),
    )


CAUSE = Cause(name=RESET, title="The backend resets the connection", find=find, yields_to=(*EXPLAINED_BY, CLOSED))
