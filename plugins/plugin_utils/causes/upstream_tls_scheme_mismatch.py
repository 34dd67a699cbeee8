# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx speaks TLS to a port that speaks plain text.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import probed

SIGNATURE = "upstream_tls_scheme_mismatch"
PLAIN = {"https": "http", "grpcs": "grpc", "suwsgi": "uwsgi"}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SIGNATURE):
            yield plain_text(hop)


def plain_text(hop: Hop) -> Finding:
    asked = Evidence("config", "%s asks with %s://" % (named_at(hop), hop.scheme), 0.3)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), *probed(hop), asked),
        why="what listens on %s speaks plain text, not TLS" % (hop.address,),
        advice=(
            "%s:// instead of %s:// at %s; nginx -t && nginx -s reload"
            % (PLAIN.get(hop.scheme, "http"), hop.scheme, named_at(hop)),
            "or let the backend speak TLS there: with %s:// everybody on the way reads what is sent"
            % PLAIN.get(hop.scheme, "http"),
        ),
    )


CAUSE = Cause(name=SIGNATURE, title="nginx speaks TLS to a port without TLS", find=find)
