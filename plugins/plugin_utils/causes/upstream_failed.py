# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last resort: requests over a hop fail and no other cause explains it. nginx's own words and what the direct probe saw are shown.

Signatures: upstream_failed, nginx_temp_dir_permission, backend_unreachable, upstream_closed_midbody,
backend_start_fails, fpm_reload_cuts_requests, uwsgi_request_buffer_too_small, auth_request_unexpected_status.

Looked at: nginx's own line, and what a direct request saw.

Done: nothing is changed: both are shown.

A quick fix: restarting what is near destroys the traces.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import answer_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import IN_BODY, UNLOGGED, answer_fails
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import log_command
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import at_location, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import (
    OTHERWISE,
    rate,
    recurring,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._transparent import as_visitor

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "upstream_failed"
#: All that it shows is a symptom: together it weighs less than one piece of evidence of any other cause.
SYMPTOM = 0.15
SHOWN = 3
LOG_MORE = (
    "# no line of nginx says why: set `error_log /var/log/nginx/error.log info;` in that server until it is found"
)

#: The kernel, or what a provider lets a virtual server have, has no memory left for sockets.
NO_MEMORY = (
    "cat /proc/user_beancounters   # on %s: on a server of OpenVZ or Virtuozzo: which failed (last column: numothersock, othersockbuf)?",
    "cat /proc/net/sockstat; sysctl net.ipv4.tcp_mem   # on %s: else: how much memory have all sockets, in pages, and how much may they have?",
)

_HTTP2_ERROR = re.compile(r"upstream (?:rejected request|sent goaway) with error (\d{1,4})\b")
_GOES_AWAY = "upstream sent goaway with error 0"
_SAYS_GOAWAY = "the backend at %s ends HTTP/2 connections in due form (GOAWAY), and nginx had just taken one"
#: RFC 9113, section 7
HTTP2_ERRORS = {
    0: "NO_ERROR: the backend stops, or ends the stream before it has answered",
    1: "PROTOCOL_ERROR: the backend does not take the request: its path, its content type, or a header that gRPC forbids or requires",
    2: "INTERNAL_ERROR: the backend failed while it worked on the request",
    7: "REFUSED_STREAM: the backend takes no more requests at present: a limit of streams, or it stops",
    8: "CANCEL: the backend gave the request up, mostly for a timeout of its own",
    11: "ENHANCE_YOUR_CALM: the backend limits how often it is asked",
    12: "INADEQUATE_SECURITY: the backend wants a better TLS version or cipher",
    13: "HTTP_1_1_REQUIRED: the backend wants HTTP/1.1: proxy_pass instead of grpc_pass, or proxy_http_version 1.1",
}

#: What nginx itself could not do on its own host: the backend never heard of the request.
_OWN_SIDE = re.compile(
    r"bind\((?P<address>[^)]{1,110})\)|(?P<family>socket\(\) failed \((?:97|47):)|(?P<memory>socket\(\) failed \((?:105|12|55):)"
    r"|(?:socket|setsockopt|ioctl|fcntl|getsockname)\("
    r"|cannot load certificate (?:key )?\"(?P<file>/[^\"]{1,300})\"|cannot load certificate|SSL_(?:use|set)|p?read\(\) |sendfile\(\) reported"
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        lines = [record for record in hop.past(SIGNATURE) if still_counts(hop, record)]
        again = [record for record in recurring(hop) if record["signature"] not in OTHERWISE]
        if hop.failing or lines or again:
            yield not_explained(hop, lines or again, rate(hop, again))


def still_counts(hop: Hop, record: LogRecord) -> bool:
    """Whether nothing shows that this request succeeds by now. A body that breaks off shows only once it is read to its end."""
    request = or_empty(record.get("request"))
    asked = (request.get("method"), request.get("path"))
    again = [one for one in hop.answers if (one["method"], urllib.parse.urlsplit(one["url"]).path) == asked]
    return record.get("action") in IN_BODY or not again or any(answer_fails(answer) for answer in again)


def not_explained(hop: Hop, lines: list[LogRecord], often: str) -> Finding:
    """lines: those of nginx that count. often: how often that fails where nothing fails now."""
    said, saw = lines or hop.records, probe_saw(hop)
    seen = [answer_evidence(answer) for answer in hop.failing[:SHOWN]]
    seen += [Evidence("log", line_of(record)) for record in said[:SHOWN]]
    seen += [Evidence("probe", text) for text in saw]
    words = said[0]["message"] if said else ""
    is_silent = not said or said[0].get("level") == UNLOGGED
    own_side, spoofed = _OWN_SIDE.match(words), as_visitor(hop)
    if spoofed:
        shown = [Evidence(one.look, one.text, SYMPTOM) for one in seen]
        return on_hop(hop, CAUSE.name, shown, on=hop.proxy.name, recurs=often, **spoofed._asdict())
    return on_hop(
        hop,
        CAUSE.name,
        [Evidence(one.look, one.text, SYMPTOM) for one in seen],
        on=hop.proxy.name if own_side else None,
        recurs=often,
        says=_SAYS_GOAWAY % hop.address.bare if words.startswith(_GOES_AWAY) else "",
        why="%s%s%s" % ("" if is_silent else "nginx says: ", words, " (%s)" % often if often else "")
        if words
        else "no line of nginx says why%s" % "".join("; " + text for text in saw),
        advice=on_the_proxy(hop, own_side)
        if own_side
        else (*http2_error(words), *not_in_chunks(hop, words), log_command(hop), *((LOG_MORE,) if is_silent else ())),
    )


def on_the_proxy(hop: Hop, said: t.Match[str]) -> tuple[str, ...]:
    """The commands for what nginx could not do itself."""
    address, name = said.group("address"), hop.proxy.name
    if said.group("family"):
        return no_family(hop)
    if said.group("memory"):
        return NO_MEMORY[0] % name, NO_MEMORY[1] % name
    if said.group("file"):
        return read_by_workers(hop, said.group("file"))
    if address:
        return (
            "ip -brief address   # on %s: which host address should stand in place of %s?" % (name, address),
            "nginx -T 2>/dev/null | grep -nE '_bind |^# configuration'   # on %s: where %s is set" % (name, address),
        )
    return (
        "nginx -T 2>/dev/null | grep -nE '_ssl_certificate|_bind |^# configuration'   # on %s: which files and addresses nginx is to use"
        % name,
    )


def read_by_workers(hop: Hop, file: str) -> tuple[str, ...]:
    """What to look at where nginx cannot read a certificate or key whose name has a variable in it."""
    worker = next((one for one in hop.proxy.nginx.get("workers") or [] if not one.get("stopping")), None)
    user = worker["user"] if worker else "www-data"
    return (
        "namei -l %s   # on %s: is it there, and may %s read it? A name with a variable is read at each connection, by the workers"
        % (shlex.quote(file), hop.proxy.name, user),
        "# let its group be that of %s (chgrp, chmod 0640; x for its folders), or name it without a variable: the master then reads it once, as root"
        % user,
        "nginx -T 2>/dev/null | grep -nE '_ssl_certificate|^# configuration'   # on %s: where it is named"
        % hop.proxy.name,
    )


def no_family(hop: Hop) -> tuple[str, ...]:
    """What to look at where nginx may make no socket of the family that the address wants (97: not supported)."""
    name, unit = hop.proxy.name, hop.proxy.nginx.get("unit") or "nginx.service"
    shown = hop.destination.host
    kind = "AF_UNIX" if hop.is_unix else "AF_INET6" if ":" in shown else "AF_INET"
    unit_lines = (
        "systemctl show -p RestrictAddressFamilies,DropInPaths %s   # on %s: is %s left out?"
        % (shlex.quote(unit), name, kind),
        "# add %s to RestrictAddressFamilies= there; then systemctl daemon-reload && systemctl restart %s"
        % (kind, unit),
    )
    if kind != "AF_INET6":
        return unit_lines
    return (
        "sysctl net.ipv6.conf.all.disable_ipv6; cat /proc/cmdline   # on %s: is IPv6 off?" % name,
        "# if so: an IPv4 address instead of %s at %s; for a name from a resolver: resolver ... ipv6=off;"
        % (hop.address, named_at(hop)),
        *unit_lines,
    )


def line_of(record: LogRecord) -> str:
    """nginx's own line, without what the client sent."""
    action, upstream = record.get("action"), or_empty(record.get("upstream")).get("text")
    return "%s: [%s] %s%s%s%s" % (
        record["source"],
        record.get("level"),
        record["message"],
        " while %s" % action if action else "",
        ", upstream: %s" % upstream if upstream else "",
        " (%d times)" % record["count"] if record["count"] > 1 else "",
    )


def probe_saw(hop: Hop) -> list[str]:
    """What happened when the backend was asked directly, in the order in which it happened; empty where it was not asked."""
    reach = or_empty(hop.reach)
    tls, reply = or_empty(reach.get("tls")), or_empty(reach.get("reply"))
    status = reply.get("status")
    saw = [
        "connect to %s from %s: %s (errno %s)" % (address, hop.proxy.name, attempt["error"], attempt["errno"])
        for attempt, address in zip(hop.tried, hop.tried_addresses)
        if not attempt["connected"]
    ]
    if tls.get("ok") is False:
        saw.append("asked directly, %s ends the TLS handshake: %s" % (hop.address, tls["error"]))
    elif reply.get("error"):
        saw.append("asked directly, %s gives no whole answer: %s" % (hop.address, reply["error"]))
    elif status:
        saw.append("asked directly, %s answers %d" % (hop.address, status))
    elif reach.get("connected"):
        saw.append("asked directly, %s takes the connection" % (hop.address,))
    return saw


def not_in_chunks(hop: Hop, words: str) -> tuple[str, ...]:
    """What to look at where the body is not in the chunks that its header announces; empty where nginx says something else."""
    if not words.startswith("upstream sent invalid chunked response"):
        return ()
    return (
        "# it announces Transfer-Encoding: chunked and sends no chunks: mostly an application that sets this header itself, beside its server",
        "# until that is mended: proxy_http_version 1.0; %s, as an answer to HTTP/1.0 has no chunks"
        % at_location(hop.routes[0], "proxy_http_version"),
    )


def http2_error(words: str) -> tuple[str, ...]:
    """What the number of an HTTP/2 error in nginx's words stands for, as remarks; empty where there is none that says more."""
    if words.startswith(_GOES_AWAY):
        return (
            "# GOAWAY with NO_ERROR: the backend stops, or ends a connection that is old or has had its number of requests (MaxConnectionAge and"
            " max_connection_age of gRPC servers, MaxKeepAliveRequests of Apache), and nginx had just taken that one for this request",
            "# in its upstream{}: keepalive_time and keepalive_requests below those limits (nginx 1.19.10 or later), or no keepalive: then nginx closes first",
        )
    found = _HTTP2_ERROR.match(words)
    name = HTTP2_ERRORS.get(int(found.group(1))) if found else None
    return ("# HTTP/2 error %s" % name,) if name else ()


CAUSE = Cause(
    name=SIGNATURE,
    title="The exchange with the backend fails, and nothing more exact is known",
    says="requests to {subject} fail, and no known cause explains it",
    find=find,
    yields_to=("*",),
    outdoes=("transient",),
)
