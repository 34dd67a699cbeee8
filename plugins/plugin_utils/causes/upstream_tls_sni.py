# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend needs a server name in the TLS handshake, and gets none, or one that it does not know.

Signatures: upstream_tls_sni, upstream_tls_reset.

Looked at: a TLS handshake with and without the server name.

Done: nothing is changed: proxy_ssl_server_name and proxy_ssl_name are advised, with the name.

A quick fix: an address in place of the name takes the last hint of it away.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_number
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
    handshake_evidence,
    is_about_the_name,
    name_to_match,
    setting,
    setting_evidence,
    to_set,
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SNI, RESET) and is_about_the_name(hop):
            yield nameless(hop)


def nameless(hop: Hop) -> Finding:
    again = or_empty(or_empty(or_empty(hop.reach).get("tls")).get("with_name"))
    name = again["name"] if again.get("ok") else "NAME"
    ends = "succeeds" if again.get("ok") else "ends with: %s" % again.get("error")
    tried = Evidence("tls", "with the server name %s the same handshake %s" % (again.get("name"), ends), 0.9)
    ours, is_sent = name_to_match(hop), or_empty(setting(hop, "server_name")).get("args") == ["on"]
    no_name = Evidence("config", "nginx sends no number as a server name: %s" % ours, 0.3)
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(SNI, RESET),
            *handshake_evidence(hop),
            *((tried,) if again else ()),
            setting_evidence(hop, "server_name", "off, no name is sent"),
            *((no_name,) if is_number(ours) else ()),
        ),
        why="%s serves by name, and nginx sends it %s"
        % (
            hop.address,
            "%s, which it does not know" % ours if is_sent and not is_number(ours) else "none that it knows",
        ),
        advice=(
            *to_set(hop, {"server_name": "on", "name": name}),
            ("" if name != "NAME" else "# ")
            + "openssl s_client -connect %s -servername %s </dev/null 2>&1 | grep -E 'alert|errno|Cipher is'   # on %s: does it take that name?"
            % (hop.address.bare, shlex.quote(name), hop.proxy.name),
            reload_nginx(hop),
            "# the Host header may have to be that name, too (%s_set_header Host %s;): the backend serves the site of that name"
            % ("grpc" if hop.family == "grpc" else "proxy", name),
        ),
    )


CAUSE = Cause(
    name=SNI,
    title="The backend needs a server name in the TLS handshake",
    says="the backend at {subject} needs a server name (SNI), and {proxy}'s nginx sends none that it knows",
    find=find,
    set_off_by=("backend", "route", "certificates"),
)
