# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx speaks another protocol than what listens there.

Signatures: upstream_protocol_mismatch, upstream_closed_prematurely, upstream_connection_reset, upstream_tls_reset.

Looked at: what the pass directive speaks, what a direct request in several protocols is answered.

Done: nothing is changed: the directive and what listens there are named.

A quick fix: longer timeouts only let nginx wait longer for what never comes.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.probe_symptoms import SPEAKS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at, passed_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, ENDED, RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    at_location,
    file_and_line,
    late_answers,
    on_hop,
    reload_nginx,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._own_tls import without_tls
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import RESET as TLS_RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import failed_handshake
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._uwsgi import http_was_read

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import SettingInForce

SIGNATURE = "upstream_protocol_mismatch"
#: Programs that speak HTTP and nothing else to a proxy. Asked in another protocol, some wait for the rest of a request that never comes.
HTTP_SERVERS = (
    "apache2",
    "httpd",
    "nginx",
    "gunicorn",
    "uvicorn",
    "hypercorn",
    "daphne",
    "waitress",
    "puma",
    "unicorn",
    "node",
)
#: Families whose requests none of these takes for one.
PROXY_LINE = "proxy_protocol"
#: Heard of a server that hangs up on HTTP/1.0.
HTTP_1_1 = "http/1.1"
NOT_HTTP = ("fastcgi", "scgi", "uwsgi")
#: What a protocol is called, by the family of nginx's directives or by what was heard.
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
    "ajp": "AJP",
    PROXY_LINE: "HTTP after the line of the PROXY protocol",
    HTTP_1_1: "HTTP/1.1 alone",
}
#: The directive for what was heard, and what it needs beside it.
PASSES = {
    "fastcgi": (
        "fastcgi_pass ",
        ", `include fastcgi_params;` and `fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;`",
    ),
    "http": ("proxy_pass http://", " and `proxy_set_header Host $host;`"),
    "http2": ("grpc_pass ", ""),
    "memcached": ("memcached_pass ", ""),
    "cgi": ("scgi_pass ", " and `include scgi_params;`"),
    "uwsgi": ("uwsgi_pass ", " and `include uwsgi_params;`"),
}
#: What else is heard: another directive does not mend it.
OTHERS = ("tls", "ajp", PROXY_LINE, HTTP_1_1)

#: The scheme with TLS, by the family.
OVER_TLS = {"proxy": "https", "grpc": "grpcs", "uwsgi": "suwsgi"}


class Spoken(t.NamedTuple):
    """The protocol that the backend speaks, a key of PASSES, and what shows it."""

    protocol: str
    evidence: Evidence


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        late = any(answer.get("status") is None for answer in hop.answers)
        other = spoken(hop) if late or hop.has(SIGNATURE, CLOSED, RESET, "upstream_read_timeout", TLS_RESET) else None
        if other or hop.has(SIGNATURE) or late and hop.past(SIGNATURE):
            yield mismatch(hop, other)


def spoken(hop: Hop) -> Spoken | None:
    """The protocol that was heard from the backend, or that its daemon is known for, where nginx speaks another one."""
    reply = or_empty(or_empty(hop.reach).get("reply"))
    heard = reply.get("protocol")
    if version_2(hop) and heard == "http":
        said = "asked directly in HTTP/1, %s answers: %s" % (hop.address, reply.get("began"))
        return Spoken("http", Evidence("probe", said)) if hop.has(SIGNATURE) else None
    if heard in (*PASSES, *OTHERS) and heard not in (
        SPEAKS.get(hop.family, (heard,)) if not version_2(hop) else ("http2",)
    ):
        return Spoken(
            heard, Evidence("probe", "asked directly, %s speaks %s: %s" % (hop.address, heard, reply.get("began")))
        )
    if failed_handshake(hop).get("wants_line"):
        taken = "asked directly, %s ends the TLS handshake, and takes it after the line of the PROXY protocol"
        return Spoken(PROXY_LINE, Evidence("tls", taken % (hop.address,)))
    misread = http_was_read(hop) if hop.family == "proxy" else None
    if misread:
        return Spoken("uwsgi", misread)
    return known_for(hop, hop.backend) if hop.backend else None


def version_2(hop: Hop) -> SettingInForce | None:
    """The directive by which nginx (1.29.4 and later) speaks HTTP/2 with proxy_pass."""
    given = hop.routes[0]["settings"].get("proxy_http_version") if hop.family == "proxy" else None
    return given if given and given["args"] == ["2"] else None


def known_for(hop: Hop, host: Host) -> Spoken | None:
    """What the daemon that listens there is known to speak, where nginx speaks another protocol."""
    wants = server_with_line(hop) if hop.family == "proxy" else ""
    if wants:
        return Spoken(PROXY_LINE, Evidence("config", "%s on %s: listen ... proxy_protocol" % (wants, host.name)))
    pool = host.pool_at(hop.real_address) if hop.family != "fastcgi" else None
    if pool and pool.fpm.get("master"):
        text = "%s is the pool %s of PHP-FPM, which speaks FastCGI" % (hop.address, pool.name)
        return Spoken("fastcgi", Evidence("pool", text))
    process = listener_behind(hop).get("process") or ""
    if hop.family in NOT_HTTP and process.startswith(HTTP_SERVERS):
        return Spoken("http", Evidence("process", "%s listens on %s and speaks HTTP" % (process, hop.address)))
    return None


def mismatch(hop: Hop, other: Spoken | None) -> Finding:
    """other: what the backend speaks; None where only nginx's log says that it is something else."""
    used, place = hop.routes[0]["pass"], passed_at(hop)
    ours = ("HTTP/2" if version_2(hop) else NAMES.get(hop.family, hop.family)) + (
        " over TLS" if hop.scheme in OVER_TLS.values() else ""
    )
    theirs = "another protocol"
    if other:
        theirs = NAMES.get(other.protocol, other.protocol)
        if other.protocol == "http" and version_2(hop):
            theirs = "HTTP/1"
        if other.protocol == HTTP_1_1:
            ours = "HTTP/1.0"
        if other.protocol == PROXY_LINE and hop.scheme in OVER_TLS.values():
            theirs = "TLS after the line of the PROXY protocol"
    asked = Evidence("config", "%s: %s %s" % (place, used["directive"], used["target"]), 0.3)
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(SIGNATURE, CLOSED, RESET, TLS_RESET),
            *late_answers(hop),
            *((other.evidence,) if other else ()),
            asked,
        ),
        says="%s's nginx speaks %s to %s, which speaks %s" % (hop.proxy.name, ours, hop.address.bare, theirs),
        why="what listens on %s speaks %s, and nginx speaks %s to it" % (hop.address, theirs, ours),
        advice=(
            *what_to_write(hop, other, place),
            *(
                ()
                if other and other.protocol == HTTP_1_1
                else ("ss -ltnp   # on %s: or is it the wrong port?" % hop.on,)
            ),
        ),
    )


def what_to_write(hop: Hop, other: Spoken | None, place: str) -> tuple[str, ...]:
    """What to change where nginx or the backend is set to the wrong protocol. place: of the pass directive."""
    if other and other.protocol == "tls":
        return (*over_tls(hop, place), *without_tls(hop))
    if other and other.protocol == "ajp":
        return http_connector(hop)
    if other and other.protocol == PROXY_LINE:
        return without_line(hop)
    if other and other.protocol == HTTP_1_1:
        return in_1_1(hop)
    over_http2 = version_2(hop)
    if over_http2 and (other is None or other.protocol == "http"):
        return (
            "# write proxy_http_version 1.1; at %s, or let the backend speak HTTP/2%s"
            % (file_and_line(over_http2["place"]), "" if hop.scheme == "https" else " without TLS (h2c)"),
            reload_nginx(hop),
        )
    return to_other(hop, other, place)


def in_1_1(hop: Hop) -> tuple[str, ...]:
    """How nginx speaks HTTP/1.1, which is not what it speaks by itself before 1.29.7."""
    given = hop.routes[0]["settings"].get("proxy_http_version")
    unset = "" if given else ": where nothing is set, nginx speaks HTTP/1.0 (before 1.29.7)"
    where = at_location(hop.routes[0], "proxy_http_version")
    return "# write proxy_http_version 1.1; %s%s" % (where, unset), reload_nginx(hop)


def without_line(hop: Hop) -> tuple[str, ...]:
    """What to do where the backend wants the PROXY protocol's line, which proxy_pass cannot send."""
    server, after = server_with_line(hop), ""
    if server:
        first = "# take `proxy_protocol` out of the `listen` of the server at %s on %s: proxy_pass can't send that line" % (
            server, hop.on,
        )  # fmt: skip
        after = "nginx -t && systemctl reload nginx   # on %s, after that" % hop.on
    else:
        first = (
            "# let the backend take requests without that line (accept-proxy of HAProxy, proxyProtocol of Traefik, RemoteIPProxyProtocol of Apache):"
            " proxy_pass can't send it"
        )
    return (
        first,
        "# where others still send it: a port of its own for this nginx, without it, to be named at %s" % named_at(hop),
        "# the visitor's address comes in a header then: X-Forwarded-For, which the backend may believe of %s alone"
        % (hop.source or hop.proxy.name),
        *((after,) if after else ()),
    )


def server_with_line(hop: Hop) -> str:
    """FILE:LINE of the server of the backend's own nginx that wants that line at this port; empty where it is not known."""
    blocks = (hop.backend.config.get("blocks") or []) if hop.backend else []
    found = [
        (one, block)
        for block in blocks
        for one in block.get("listens") or []
        if one.get("port") == hop.real_address.port
    ]
    very = [(one, block) for one, block in found if one.get("address") == hop.real_address.host]
    wanting = [block for one, block in very or found if one.get("proxy_protocol")]
    # A listener wants the line for all its servers or for none.
    return file_and_line(wanting[0]["place"]) if wanting else ""


def http_connector(hop: Hop) -> tuple[str, ...]:
    """What to do where nginx asks for a Tomcat's AJP connector, which is made for Apache."""
    return (
        "grep -rn '<Connector' /etc/tomcat*/server.xml /opt/*/conf/server.xml   # on %s: the port of its HTTP connector (8080 as a rule)"
        % hop.on,
        "# write that port in place of %d at %s; nginx as it is built by all cannot speak AJP"
        % (hop.address.port, named_at(hop)),
        reload_nginx(hop),
    )


def over_tls(hop: Hop, place: str) -> tuple[str, ...]:
    """What to do where the backend wants what nginx speaks, and TLS around it."""
    return (
        "# write %s:// instead of %s:// at %s; where the backend serves by name, also %s_ssl_server_name on;"
        % (OVER_TLS.get(hop.family, "https"), hop.scheme, place, hop.family),
        reload_nginx(hop),
    )


def to_other(hop: Hop, other: Spoken | None, place: str) -> tuple[str, ...]:
    """The directive for what the backend speaks, with what goes with it, in place of the one that is there."""
    used = hop.routes[0]["pass"]
    target = "..." if used["variable"] else used["upstream"] or used["target"].rpartition("://")[2]
    directive, beside = PASSES[other.protocol] if other else ("", "")
    written = "`%s%s;`%s" % (directive, target, beside) if directive else "the directive for what it speaks"
    return (
        "# write %s in place of %s at %s, and take out the parameters that go with that"
        % (written, used["directive"], place),
        reload_nginx(hop),
        "# no buffer or timeout helps: nginx reads the other protocol's bytes as lengths",
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="nginx speaks another protocol than the backend",
    says="nginx on {proxy} and what listens at {subject} speak different protocols",
    find=find,
    outdoes=(*ENDED, TLS_RESET),
)
