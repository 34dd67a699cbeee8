# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx verifies the backend's certificate, and refuses it.

Signatures: upstream_tls_verify.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import (
    directive,
    handshake_evidence,
    setting_evidence,
)

SIGNATURE = "upstream_tls_verify"
#: What holds where a directive is not set.
DEFAULTS = (
    ("verify", "off"),
    ("trusted_certificate", "no authority is trusted"),
    ("name", "the name in the pass directive"),
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SIGNATURE):
            yield refused(hop)


def refused(hop: Hop) -> Finding:
    subject = or_empty(or_empty(hop.reach).get("tls")).get("subject")
    shown = Evidence("tls", "the certificate of %s is for %s" % (hop.address, subject), 0.3)
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(SIGNATURE),
            *handshake_evidence(hop),
            *((shown,) if subject else ()),
            *(setting_evidence(hop, name, default) for name, default in DEFAULTS),
        ),
        why="nginx is not set to trust the certificate that %s shows: it has expired, is of another authority, or is for another name"
        % (hop.address,),
        advice=(
            "openssl s_client -connect %s -showcerts </dev/null | openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
            % hop.address.bare,
            "# set %s FILE to the authority that signed it, and %s N for longer chains"
            % (directive(hop, "trusted_certificate"), directive(hop, "verify_depth")),
            "# set %s NAME, if the certificate is for another name than nginx asks for" % directive(hop, "name"),
            "# renew an expired certificate on the backend; do not set %s off: anybody on the way could be the backend then"
            % directive(hop, "verify"),
        ),
    )


CAUSE = Cause(name=SIGNATURE, title="nginx does not trust the backend's certificate", find=find)
