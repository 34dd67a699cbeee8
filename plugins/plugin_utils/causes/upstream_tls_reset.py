# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend ends every TLS handshake, whatever is tried: it bans nginx's address, or fails itself.

Signatures: upstream_tls_reset.

Looked at: a TLS handshake with the backend, with and without a name.

Done: nothing is changed: what the handshake showed is named.

A quick fix: proxy_ssl_verify off has no influence on a handshake that the backend ends.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    on_hop,
    reload_nginx,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import (
    RESET,
    SNI,
    directive,
    handshake_evidence,
    is_about_the_name,
    is_about_the_version,
    setting,
    setting_evidence,
    to_set,
    wants_certificate,
    which_version,
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        known = wants_certificate(hop) or is_about_the_version(hop) or is_about_the_name(hop)
        if hop.has(RESET, SNI) and not known:
            yield ended(hop)


def ended(hop: Hop) -> Finding:
    if or_empty(or_empty(hop.reach).get("tls")).get("ok") and not is_off(hop):
        return with_earlier_sessions(hop)
    settings = (
        setting_evidence(hop, "protocols", "nginx's default"),
        setting_evidence(hop, "certificate", "nginx shows no certificate of its own"),
    )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(RESET, SNI), *handshake_evidence(hop), *settings),
        why="%s ends the TLS handshake: its log says whether it is the protocol, the ciphers, a client certificate or a ban of nginx's address"
        % (hop.address,),
        advice=(
            which_version(hop),
            "# set %s and %s to what the backend takes, in this location only: old ones are weak"
            % (directive(hop, "protocols"), directive(hop, "ciphers")),
            "# set %s and %s, if it asks nginx for a certificate"
            % (directive(hop, "certificate"), directive(hop, "certificate_key")),
            "fail2ban-client banned %s   # on %s: in which jail is %s banned?" % (hop.source, hop.on, hop.proxy.name)
            if hop.source
            else "fail2ban-client status   # on %s: is %s banned?" % (hop.on, hop.proxy.name),
        ),
    )


def is_off(hop: Hop) -> bool:
    """Whether nginx begins anew with each connection, and goes on with no earlier session."""
    return or_empty(setting(hop, "session_reuse")).get("args") == ["off"]


def with_earlier_sessions(hop: Hop) -> Finding:
    """A new handshake succeeds: nginx goes on with the session of an earlier connection, and the backend does not."""
    again = Evidence("tls", "asked directly, which is a new session, %s shakes hands" % (hop.address,), 0.9)
    reuses = setting_evidence(hop, "session_reuse", "on, nginx goes on with earlier sessions")
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(RESET, SNI), again, reuses),
        why="%s ends handshakes in which nginx goes on with an earlier session, and takes new ones: its keys were exchanged since, or several servers"
        " behind that address do not share theirs" % (hop.address,),
        advice=(
            *to_set(hop, {"session_reuse": "off"}),
            reload_nginx(hop),
            "# if it fails with that, too: its log says why it ends some handshakes (a limit, a ban, a restart)",
        ),
    )


CAUSE = Cause(
    name=RESET,
    title="The backend ends the TLS handshake",
    says="the backend at {subject} ends the TLS handshake",
    find=find,
    set_off_by=("backend", "route", "certificates"),
)
