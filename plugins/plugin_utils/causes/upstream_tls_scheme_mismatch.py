# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx speaks TLS to a port that speaks plain text.

Signatures: upstream_tls_scheme_mismatch.

Looked at: what the port answers to TLS and to plain HTTP.

Done: nothing is changed: the directive and its line are named.

A quick fix: other ciphers or protocols do not make plain text TLS.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import handshake_evidence

SIGNATURE = "upstream_tls_scheme_mismatch"
#: The scheme without TLS, by the one with it.
PLAIN = {"https": "http", "grpcs": "grpc", "suwsgi": "uwsgi"}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SIGNATURE):
            yield plain_text(hop)


def plain_text(hop: Hop) -> Finding:
    plain, place = PLAIN.get(hop.scheme, "http"), named_at(hop)
    asked = Evidence("config", "%s asks with %s://" % (place, hop.scheme), 0.3)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), *handshake_evidence(hop), asked),
        why="what listens on %s speaks plain text, not TLS" % (hop.address,),
        advice=(
            "# write %s:// instead of %s:// at %s, then:" % (plain, hop.scheme, place),
            "nginx -t && nginx -s reload",
            "# or let the backend speak TLS there: with %s://, everybody on the way can read what is sent" % plain,
        ),
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="nginx speaks TLS to a port without TLS",
    says="{proxy}'s nginx speaks TLS to {subject}, which speaks plain text",
    find=find,
)
