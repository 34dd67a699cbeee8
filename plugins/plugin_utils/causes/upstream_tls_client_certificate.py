# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend wants a certificate of nginx, and gets none, or one that it does not take.

Signatures: upstream_tls_client_certificate, upstream_tls_sni, upstream_tls_reset.

Looked at: a TLS handshake with the backend as nginx makes it, the certificate that nginx shows, nginx's log.

Done: nothing is changed: the directives and files are named.

A quick fix: other ciphers or protocols do not stand in for a certificate.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    file_and_line,
    on_hop,
    reload_nginx,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import (
    CLIENT_CERTIFICATE,
    VAGUE,
    directive,
    failed_handshake,
    handshake_evidence,
    s_client,
    setting,
    setting_evidence,
    wants_certificate,
)

#: What alerts say of the certificate that nginx shows (RFC 8446, 6.2).
REASONS = {
    "44": "says that the one that nginx shows has been revoked",
    "45": "says that the one that nginx shows has expired",
    "48": "does not know the authority that has signed the one that nginx shows",
}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if wants_certificate(hop):
            yield not_taken(hop)


def refused_for(seen: t.Iterable[Evidence]) -> str:
    """What the backend's alert says of the certificate that it does not take."""
    alerts = re.findall(r"alert number (\d+)", " ".join(item.text for item in seen))
    return next((REASONS[number] for number in alerts if number in REASONS), "does not take the one that nginx shows")


def not_taken(hop: Hop) -> Finding:
    given = setting(hop, "certificate")
    seen = (*hop.seen(CLIENT_CERTIFICATE, *VAGUE), *handshake_evidence(hop))
    asked = Evidence("tls", "%s asks for a client certificate in the handshake" % (hop.address,), 0.9)
    return on_hop(
        hop,
        CAUSE.name,
        (
            *seen,
            *((asked,) if failed_handshake(hop).get("asks_certificate") else ()),
            setting_evidence(hop, "certificate", "nginx shows no certificate of its own"),
        ),
        on=hop.proxy.name,
        why="%s wants a client certificate, and %s" % (hop.address, refused_for(seen) if given else "nginx shows none"),
        advice=other(hop, given["args"]) if given else to_set(hop),
    )


def to_set(hop: Hop) -> tuple[str, ...]:
    return (
        "# have the owner of %s sign a certificate for nginx, and keep its key readable for root alone; then, beside the pass directive at %s:"
        % (hop.address, file_and_line(hop.routes[0]["pass"]["place"])),
        "# %s FILE; %s FILE;" % (directive(hop, "certificate"), directive(hop, "certificate_key")),
        whose_signature(hop),
        reload_nginx(hop),
    )


def whose_signature(hop: Hop) -> str:
    return "%s | grep -A5 'Acceptable client certificate'   # on %s: whose signature does it take?" % (
        s_client(hop),
        hop.proxy.name,
    )


def other(hop: Hop, shown: t.Sequence[str]) -> tuple[str, ...]:
    return (
        "openssl x509 -noout -subject -issuer -dates -in %s   # on %s: has it expired, and who has signed it?"
        % (" ".join(map(shlex.quote, shown)), hop.proxy.name),
        whose_signature(hop),
        "# renew it with that authority, then:",
        reload_nginx(hop),
    )


CAUSE = Cause(
    name=CLIENT_CERTIFICATE,
    title="The backend wants a certificate of nginx",
    says="the backend at {subject} wants a certificate of {proxy}'s nginx",
    find=find,
    set_off_by=("backend", "route", "certificates"),
    # TLS 1.3 asks for it once nginx takes the handshake for done: the alert may be lost in the reset behind it.
    outdoes=ENDED,
)
