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

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import (
    named_at,
    passed_at,
    written_by,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    on_hop,
    reload_nginx,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import (
    failed_handshake,
    handshake_evidence,
    is_silent,
)

SIGNATURE = "upstream_tls_scheme_mismatch"
LATE = "upstream_read_timeout"
HTTP, HTTPS = 80, 443
WITHOUT_PORT = "a server of an upstream{} is asked on port 80 where no other is written, also with TLS"
#: The scheme without TLS, by the one with it.
PLAIN = {"https": "http", "grpcs": "grpc", "suwsgi": "uwsgi"}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SIGNATURE) or is_silent(hop) and failed_handshake(hop).get("plain"):
            yield plain_text(hop)


def plain_text(hop: Hop) -> Finding:
    plain, place = PLAIN.get(hop.scheme, "http"), passed_at(hop)
    no_port = port_of_tls(hop)
    asked = Evidence("config", "%s asks with %s://" % (place, hop.scheme), 0.3)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE, LATE), *handshake_evidence(hop), *answers_without(hop), asked),
        why="what listens on %s speaks plain text, not TLS%s" % (hop.address, no_port and "; " + WITHOUT_PORT),
        advice=(
            *((no_port,) if no_port else ()),
            *apache_with_tls(hop),
            *(
                by_its_environment(hop)
                or (
                    "# %swrite %s:// instead of %s:// at %s, then:"
                    % ("or " if no_port else "", plain, hop.scheme, place),
                    reload_nginx(hop),
                )
            ),
            *on_the_way(hop, plain),
        ),
    )


def on_the_way(hop: Hop, plain: str) -> tuple[str, ...]:
    """What is lost without TLS on a way that others share; nothing within a host."""
    if hop.is_unix or hop.destination.is_loopback:
        return ()
    return ("# or let the backend speak TLS there: with %s://, everybody on the way can read what is sent" % plain,)


def by_its_environment(hop: Hop) -> tuple[str, ...]:
    """What has nginx-proxy ask a container for TLS: it writes https:// for no other reason."""
    written = written_by(hop)
    if written is None or written.said != "nginx-proxy":
        return ()
    asked = containers.at_address(hop)
    return (
        "# take VIRTUAL_PROTO=%s out of the environment of %s, and make that anew (docker compose up -d): nginx-proxy then asks %s://"
        % (
            hop.scheme,
            containers.called(asked) if asked else "the container that is asked",
            PLAIN.get(hop.scheme, "http"),
        ),
    )


def apache_with_tls(hop: Hop) -> tuple[str, ...]:
    """How Apache gets TLS back at a port that is meant for it; nothing of other servers and ports."""
    process, port = listener_behind(hop).get("process") or "", hop.address.port
    if not process.startswith(("apache2", "httpd")) or not str(port).endswith(str(HTTPS)):
        return ()
    control = "apachectl -S 2>&1 | grep -A4 ':%d'   # on %s: which files have that port"
    return (
        control % (port, hop.on),
        "# its <VirtualHost ...:%d> has no TLS: SSLEngine on, SSLCertificateFile and SSLCertificateKeyFile there; if a panel writes it, let it write it anew"
        % port,
    )


def answers_without(hop: Hop) -> tuple[Evidence, ...]:
    """That the backend, which is silent in a TLS handshake, answers without; empty where that was not seen."""
    if not failed_handshake(hop).get("plain"):
        return ()
    return (Evidence("probe", "asked directly without TLS, %s answers HTTP" % (hop.address,), 0.9),)


def port_of_tls(hop: Hop) -> str:
    """The line to write where a server of an upstream{} has the port of plain HTTP, which is nginx's where none is written; empty elsewhere."""
    if hop.address.port != HTTP or not any(route["pass"].get("upstream") for route in hop.routes):
        return ""
    host = Address(hop.address.host, HTTPS).bare
    there = hop.backend.listener(Address(hop.real_address.host, HTTPS)) if hop.backend else None
    has = "%s listens there" % (there.get("process") or "a process") if there else "if it has TLS there"
    return "# write `server %s;` at %s: %s" % (host, named_at(hop), has)


CAUSE = Cause(
    name=SIGNATURE,
    title="nginx speaks TLS to a port without TLS",
    says="{proxy}'s nginx speaks TLS to {subject}, which speaks plain text",
    find=find,
    set_off_by=("backend", "route", "certificates"),
    outdoes=("slow_upstream",),
)
