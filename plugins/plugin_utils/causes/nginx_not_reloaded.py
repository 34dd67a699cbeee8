# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's files were changed and it has not read them since: it asks an address that stands there no more, mostly after a deployment, or has the
certificates in memory that were there before a renewal.

Looked at: files that are newer than nginx's workers, the address that nginx's line names, a direct connection to the one that the files name, with the
certificates that lie there now.

Done: nginx is reloaded. Where its own files were saved since, only where fix_502_allow has `pending`, as a reload puts in force what somebody else has saved.

A quick fix: starting the old backend again serves the release before, and hides that nginx was never reloaded; so does `proxy_ssl_verify off`.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import answer_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet, blamed_by
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import setting

NAME = "nginx_not_reloaded"
SHOWN = 3
#: What the wrong certificate of one of the two ends with.
OF_CERTIFICATES = ("upstream_tls_verify", "upstream_tls_client_certificate")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        saved = hop.proxy.nginx.get("pending") or []
        asked = asked_instead(fleet, hop) if saved and not hop.address.is_name else None
        old = renewed(hop)
        if asked and or_empty(hop.reach).get("connected"):
            yield not_reloaded(hop, saved, asked)
        elif old and hop.has(*OF_CERTIFICATES) and is_taken(hop):
            yield not_read(hop, old)


def renewed(hop: Hop) -> list[str]:
    """The files of certificates in force on a hop that were written since nginx's workers began."""
    given = [setting(hop, name) for name in ("trusted_certificate", "crl", "certificate", "certificate_key")]
    folder = posixpath.dirname(or_empty(hop.proxy.nginx.get("configure")).get("conf_path") or "")
    paths = [posixpath.join(folder, one["args"][0]) for one in given if one and one["args"]]
    return [path for path in paths if path in (hop.proxy.nginx.get("renewed") or [])]


def is_taken(hop: Hop) -> bool:
    """Whether the same handshake succeeds with the files that lie there now."""
    reach = or_empty(hop.reach)
    return bool(or_empty(reach.get("tls")).get("ok")) and not or_empty(reach.get("reply")).get("error")


def not_read(hop: Hop, files: list[str]) -> Finding:
    """nginx uses certificates that are no more what lies there."""
    words = "%s %s written since nginx's workers began, and with %s the TLS handshake succeeds" % (
        ", ".join(files),
        "was" if len(files) == 1 else "were",
        "it" if len(files) == 1 else "them",
    )
    return on_hop(
        hop,
        NAME,
        (
            *hop.seen(*OF_CERTIFICATES),
            Evidence("process", words),
            Evidence("tls", "asked directly, %s is trusted" % (hop.address,), 0.9),
        ),
        on=hop.proxy.name,
        says="%s's nginx has the certificates in memory that lay there before, and does not know the new ones yet"
        % hop.proxy.name,
        remedy=remedies.upstream_dns(note=words),
        why=words,
        advice=(
            "# let what renews them reload nginx afterwards (certbot: a script in /etc/letsencrypt/renewal-hooks/deploy/ with nginx -t && nginx -s reload)",
        ),
    )


def asked_instead(fleet: Fleet, hop: Hop) -> Address | None:
    """The address that nginx asked for requests over this hop, where its files name that nowhere any more."""
    known = {address for other in fleet.hops_of(hop.proxy) for address in other.addresses}
    blamed = [blamed_by(answer.get("upstream")) for answer in hop.failing]
    return next((one for one in blamed if one and one not in known), None)


def not_reloaded(hop: Hop, saved: list[str], asked: Address) -> Finding:
    files = ", ".join(saved[:SHOWN])
    answers = [answer_evidence(answer) for answer in hop.failing if blamed_by(answer.get("upstream")) == asked]
    old, new = (str(one).removeprefix("tcp:") for one in (asked, hop.address))
    runs = "nginx still asks %s; %s says %s" % (old, named_at(hop), new)
    return on_hop(
        hop,
        NAME,
        (
            *answers[:SHOWN],
            Evidence("config", runs),
            Evidence("process", "saved after nginx's workers began: %s" % files),
            Evidence("probe", "%s takes connections from %s" % (hop.address, hop.proxy.name)),
        ),
        on=hop.proxy.name,
        remedy=remedies.upstream_dns(note="%s; it reads its files again" % runs),
        why=runs,
    )


CAUSE = Cause(
    name=NAME,
    title="nginx has not read its files since they were changed",
    says="{proxy}'s nginx does not know yet that {subject} is its backend: it was not reloaded",
    find=find,
    set_off_by=("nginx",),
    outdoes=("transient", "upstream_failed", *OF_CERTIFICATES),
)
