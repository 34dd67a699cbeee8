# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx speaks another protocol than what listens there.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import listener_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._uwsgi import read_http

SIGNATURE = "upstream_protocol_mismatch"
#: What a program that does not know the protocol does to nginx.
ENDS = ("upstream_closed_prematurely", "upstream_connection_reset")
#: Programs that speak HTTP and nothing else to a proxy. Asked in another protocol, some wait for the rest of a request that never comes.
HTTP_SERVERS = ("apache2", "httpd", "nginx", "gunicorn", "uvicorn")
NAMES = {
    "proxy": "HTTP",
    "http": "HTTP",
    "fastcgi": "FastCGI",
    "grpc": "gRPC",
    "http2": "HTTP/2",
    "tls": "TLS",
    "cgi": "CGI",
    "scgi": "SCGI",
    "uwsgi": "uwsgi's own protocol",
}
SPEAKS = {
    "fastcgi": ("fastcgi",),
    "proxy": ("http",),
    "grpc": ("http2",),
    "memcached": ("memcached",),
    "uwsgi": ("http", "cgi"),
    "scgi": ("http", "cgi"),
}
PASSES = {
    "fastcgi": "fastcgi_pass",
    "http": "proxy_pass http://",
    "tls": "proxy_pass https://",
    "http2": "grpc_pass",
    "memcached": "memcached_pass",
    "cgi": "scgi_pass",
    "uwsgi": "uwsgi_pass",
}


def spoken(hop: Hop) -> tuple[str, Evidence] | None:
    """The protocol that was heard from the backend, or that its daemon is known for, where it is another than nginx's."""
    reply = (hop.reach or {}).get("reply") or {}
    heard = reply.get("protocol")
    if heard in PASSES and heard not in SPEAKS.get(hop.family, (heard,)):
        return heard, Evidence("probe", "asked directly, %s speaks %s: %s" % (hop.address, heard, reply.get("began")))
    misread = read_http(hop) if hop.family == "proxy" else None
    if misread:
        return "uwsgi", misread
    return known_for(hop, hop.backend) if hop.backend else None


def known_for(hop: Hop, host: Host) -> tuple[str, Evidence] | None:
    """What the daemon that listens there is known to speak, where that is not what nginx speaks."""
    found = host.pool_at(hop.real_address) if hop.family != "fastcgi" else None
    if found and found.fpm.get("master"):
        return "fastcgi", Evidence(
            "pool", "%s is the pool %s of PHP-FPM, which speaks FastCGI" % (hop.address, found.name)
        )
    listener = listener_of(hop)
    if "http" not in SPEAKS.get(hop.family, ()) and (listener.get("process") or "").startswith(HTTP_SERVERS):
        return "http", Evidence("process", "%s listens on %s, which speaks HTTP" % (listener["process"], hop.address))
    return None


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        late = any(answer.get("status") is None for answer in hop.answers)
        other = spoken(hop) if late or hop.has(SIGNATURE, *ENDS, "upstream_read_timeout") else None
        if other or hop.has(SIGNATURE) or late and hop.past(SIGNATURE):
            yield mismatch(hop, other)


def mismatch(hop: Hop, other: tuple[str, Evidence] | None) -> Finding:
    used: Facts = hop.routes[0]["pass"]
    directive = PASSES[other[0]] if other else "the directive of what it speaks"
    asked = Evidence("config", "%s: %s %s" % (named_at(hop), used["directive"], used["target"]), 0.3)
    waits = [
        Evidence("answer", "%s has no answer after %.0f seconds" % (one["url"], one["seconds"]))
        for one in hop.failing
        if one.get("timed_out")
    ]
    theirs, ours = NAMES.get(other[0], other[0]) if other else "another protocol", NAMES.get(hop.family, hop.family)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE, *ENDS), *waits, *((other[1],) if other else ()), asked),
        why="what listens on %s speaks %s, and nginx speaks %s to it" % (hop.address, theirs, ours),
        advice=(
            "%s instead of %s at %s, with the parameters that go with it (fastcgi_param, proxy_set_header)"
            % (directive, used["directive"], named_at(hop)),
            "or the port of the service that was meant: ss -ltnp   # on %s" % hop.on,
            "no buffer or timeout helps: nginx reads the other protocol's bytes as lengths",
        ),
    )


CAUSE = Cause(name=SIGNATURE, title="nginx speaks another protocol than the backend", find=find)
