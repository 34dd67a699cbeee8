# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx verifies the backend's certificate, and refuses it.

Signatures: upstream_tls_verify.

Looked at: the backend's certificate, its names and dates, the CA that nginx trusts.

Done: nothing is changed: what does not match is named.

A quick fix: proxy_ssl_verify off lets anybody between the two read and change everything.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import (
    directive,
    handshake_evidence,
    s_client,
    setting_evidence,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._verify_reasons import SIGNATURE, refusal

#: What holds where a directive is not set.
DEFAULTS = (
    ("verify", "off"),
    ("trusted_certificate", "no authority is trusted"),
    ("name", "the name in the pass directive"),
    ("verify_depth", "1"),
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SIGNATURE):
            since = ended_on(hop)
            yield expired(hop, since) if since else refused(hop)


def ended_on(hop: Hop) -> str | None:
    """When the certificate has expired, where it has."""
    ends = or_empty(or_empty(hop.reach).get("tls")).get("expires")
    now = or_empty(hop.proxy.facts.get("clock")).get("now")
    if not ends or not now:
        return None
    until = datetime.strptime(ends, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
    return "%s UTC" % ends if until.timestamp() < now else None


def expired(hop: Hop, since: str) -> Finding:
    shown = Evidence("tls", "the certificate of %s has expired on %s" % (hop.address, since), 0.9)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), *handshake_evidence(hop), shown, setting_evidence(hop, *DEFAULTS[0])),
        why="the certificate that %s shows has expired on %s, and nginx is set to verify it" % (hop.address, since),
        advice=(
            "# renew it on %s, and let the service that listens there load it (certbot renew, acme.sh --cron, the panel, or its authority)"
            % hop.on,
            "%s | openssl x509 -noout -subject -issuer -dates   # on %s: which one does it show afterwards?"
            % (s_client(hop), hop.proxy.name),
            keep_on(hop),
        ),
    )


def refused(hop: Hop) -> Finding:
    subject, found = or_empty(or_empty(hop.reach).get("tls")).get("subject"), refusal(hop)
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
        why=found.why,
        advice=(*found.advice, keep_on(hop)),
    )


def keep_on(hop: Hop) -> str:
    return "# leave %s on: without it anybody on the way could be the backend" % directive(hop, "verify")


CAUSE = Cause(
    name=SIGNATURE,
    title="nginx does not trust the backend's certificate",
    says="{proxy}'s nginx does not trust the certificate of {subject}",
    find=find,
    set_off_by=("backend", "route", "certificates"),
)
