# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx and the backend have no version of TLS, or no cipher, in common.

Signatures: upstream_tls_protocol, upstream_tls_sni, upstream_tls_reset.

Looked at: a TLS handshake with the backend, the protocols and ciphers that nginx is allowed.

Done: nothing is changed: what both sides could agree on is named.

A quick fix: SECLEVEL=0 or TLSv1 for all backends weakens every other connection, too.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    file_and_line,
    on_hop,
    reload_nginx,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import (
    PROTOCOL,
    VAGUE,
    directive,
    failed_handshake,
    handshake_evidence,
    is_about_the_version,
    setting,
    setting_evidence,
    to_set,
    where_to_write,
    which_version,
)

#: Versions that no backend should be limited to any more (RFC 8996).
OLD = ("TLSv1", "TLSv1.1")
#: nginx speaks TLS 1.3 to upstreams unasked since this version, and 1.2 in all of them.
TLS_1_3_SINCE = (1, 23, 4)


class Weakness(t.NamedTuple):
    """What OpenSSL refuses of a backend: what it has, how it is mended there, what makes nginx take it until then."""

    has: str
    mend: str
    until: str


#: By the reason that OpenSSL gives.
SIGNED_WEAKLY = Weakness(
    "signs its handshake too weakly, mostly with SHA-1, as old Windows servers and appliances do",
    "# update the backend, or let it sign with SHA-256",
    "{ciphers} DEFAULT:@SECLEVEL=0; (EL 9 forbids SHA-1 by itself: update-crypto-policies --show)",
)
WEAKNESSES = {
    "wrong signature type": SIGNED_WEAKLY,
    "legacy sigalg disallowed or unsupported": SIGNED_WEAKLY,
    "dh key too small": Weakness(
        "sends Diffie-Hellman parameters that are too short",
        "# on the backend: parameters of 2048 bits (openssl dhparam -out dhparam.pem 2048), or ciphers with ECDHE in place of DHE",
        "{ciphers} DEFAULT:!DHE; where it knows ECDHE or RSA, else DEFAULT:@SECLEVEL=1;",
    ),
    "unsafe legacy renegotiation disabled": Weakness(
        "does not know secure renegotiation (RFC 5746)",
        "# update the backend's TLS library: without secure renegotiation others can put data before a request's own",
        "{conf} Options UnsafeLegacyServerConnect; (nginx 1.19.4 or later)",
    ),
}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if is_about_the_version(hop):
            yield nothing_in_common(hop)


def nothing_in_common(hop: Hop) -> Finding:
    takes = list(failed_handshake(hop).get("takes") or [])
    offered = offered_versions(hop)
    shared = [one for one in takes if one in offered]
    seen = Evidence("tls", "greeted in each version alone, %s answers in %s" % (hop.address, ", ".join(takes)), 0.9)
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(PROTOCOL, *VAGUE),
            *handshake_evidence(hop),
            *((seen,) if takes else ()),
            setting_evidence(hop, "protocols", "by default %s" % ", ".join(offered)),
            setting_evidence(hop, "ciphers", "DEFAULT, OpenSSL's own"),
        ),
        why=why(hop, takes, shared),
        advice=(*to_write(hop, takes, shared), *to_look_at(hop)),
    )


def offered_versions(hop: Hop) -> list[str]:
    """The versions that nginx offers: those that are set, or its default, as far as backends of today may know them."""
    given = setting(hop, "protocols")
    if given:
        return given["args"]
    version = tuple(int(part) for part in re.findall(r"\d{1,5}", hop.proxy.nginx.get("version") or ""))
    return ["TLSv1.2", "TLSv1.3"] if version >= TLS_1_3_SINCE else ["TLSv1.2"]


def weakness(hop: Hop) -> Weakness | None:
    """What OpenSSL refuses of the backend, where that is no matter of versions or ciphers."""
    return WEAKNESSES.get(failed_handshake(hop).get("error") or "")


def why(hop: Hop, takes: t.Sequence[str], shared: t.Sequence[str]) -> str:
    weak = weakness(hop)
    if weak:
        return "%s %s, which nginx's TLS library refuses" % (hop.address, weak.has)
    if shared and all(one in OLD for one in takes):
        return (
            "%s takes %s only, which nginx is set to offer, and its TLS library refuses at its usual security level"
            % (hop.address, ", ".join(takes))
        )
    if shared:
        return "%s takes %s, and none of the ciphers that nginx offers for it" % (hop.address, ", ".join(shared))
    if takes:
        return "%s takes %s only, and nginx offers it %s" % (
            hop.address,
            ", ".join(takes),
            ", ".join(offered_versions(hop)),
        )
    return "nginx and %s have no version of TLS or no cipher in common" % (hop.address,)


def to_write(hop: Hop, takes: t.Sequence[str], shared: t.Sequence[str]) -> tuple[str, ...]:
    """What to set for this backend; for one that knows old versions only, what to do about that first."""
    place = file_and_line(hop.routes[0]["pass"]["place"])
    weak = weakness(hop)
    if weak:
        line = "# until then, beside the pass directive at %s, for this location alone: %s"
        return (
            weak.mend,
            line % (place, weak.until.format(ciphers=directive(hop, "ciphers"), conf=directive(hop, "conf_command"))),
        )
    protocols = to_set(hop, {"protocols": " ".join(takes)})
    if takes and all(one in OLD for one in takes):
        return (
            "# update the backend: %s is no protection any more; until then, for this location alone:"
            % ", ".join(takes),
            *protocols,
            "# with OpenSSL 3 an old version needs %s DEFAULT:@SECLEVEL=0; too" % directive(hop, "ciphers"),
            *policy_of_the_host(hop.proxy),
        )
    if shared:
        return (
            "# %s: %s with a cipher that the backend takes, or none, which offers OpenSSL's own"
            % (where_to_write(hop, "ciphers"), directive(hop, "ciphers")),
        )
    return protocols if takes else ()


def policy_of_the_host(host: Host) -> tuple[str, ...]:
    """What a host of EL refuses beyond OpenSSL's own levels."""
    version = host.system.get("version") or ""
    if host.system.get("family") != "redhat" or not version.startswith("9"):
        return ()
    allow = "update-crypto-policies --set DEFAULT:SHA1   # on %s, if it is still refused: EL 9 forbids SHA-1, with which old versions sign, to all of the host"
    return (allow % host.name,)


def to_look_at(hop: Hop) -> tuple[str, ...]:
    return (
        which_version(hop),
        reload_nginx(hop),
    )


CAUSE = Cause(
    name=PROTOCOL,
    title="nginx and the backend have no TLS version or cipher in common",
    says="{proxy}'s nginx and the backend at {subject} agree on no TLS version or cipher",
    find=find,
    set_off_by=("backend", "route", "certificates"),
)
