# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx verifies the backend's certificate, and refuses it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import directive, in_force, probed

SIGNATURE = "upstream_tls_verify"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SIGNATURE):
            yield refused(hop)


def refused(hop: Hop) -> Finding:
    tls = (hop.reach or {}).get("tls") or {}
    shown = (
        (Evidence("tls", "the certificate of %s is for %s" % (hop.address, tls["subject"]), 0.3),)
        if tls.get("subject")
        else ()
    )
    defaults = (
        ("verify", "off"),
        ("trusted_certificate", "no authority is trusted"),
        ("name", "the name in the pass directive"),
    )
    settings = [in_force(hop, name, default) for name, default in defaults]
    peer = hop.address.bare
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), *probed(hop), *shown, *settings),
        why="the certificate that %s shows is not one that nginx is told to trust: expired, of another authority, or for another name"
        % (hop.address,),
        advice=(
            "openssl s_client -connect %s -showcerts </dev/null | openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
            % peer,
            "%s FILE with the authority that signed it, %s N for longer chains"
            % (directive(hop, "trusted_certificate"), directive(hop, "verify_depth")),
            "%s NAME, where the certificate is for another name than nginx asks for" % directive(hop, "name"),
            "renew an expired certificate on the backend; `%s off` would let anybody on the way be the backend"
            % directive(hop, "verify"),
        ),
    )


CAUSE = Cause(name=SIGNATURE, title="nginx does not trust the backend's certificate", find=find)
