# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend sends a header that nginx refuses.

Signatures: upstream_invalid_header.

Looked at: nginx's own line, a direct request and the header that it gets.

Done: nothing is changed: the header is named.

A quick fix: proxy_pass_header and the like do not make an invalid header valid.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.scripts import failing_scripts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import log_command
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import at_location, on_hop

SIGNATURE = "upstream_invalid_header"
SHOWN = 2
TWICE = "# two headers where there should be one: mostly the application sets what its server sets already"
A_STATUS = "# Status has to begin with a number of three digits: in PHP http_response_code(401) in place of header('Status: Unauthorized')"
AS_SENT = "the header as it is sent"
#: Of Transfer-Encoding there is one for each way from hop to hop: who calls another server may not copy it.
COPIED = (
    "# mostly it copies all headers of another server's answer to its own (a gateway, a ResponseEntity that is passed on), or sets Transfer-Encoding"
    " itself: that header is its server's to write"
)
SINCE = "# nginx refuses this since 1.23.0, older ones took it: an update of nginx brings it to light"
#: The name of a header that nginx refuses, where it can be searched for as it is.
ITS_NAME = re.compile(r'^invalid header name "([^"\\]{2,80})"$')
#: A line that begins with a tab or a blank goes on with the header before it, by rules that RFC 9112 has taken back.
FOLDED = re.compile(r'^invalid header name "(?:\\x09| )')
#: The first line of an answer, sent among the lines of its header; with what it says.
STATUS_LINE = re.compile(r'^invalid header name "HTTP[ /]?[\d.]* +([1-5]\d\d)\b')
WITHOUT_ITS_SLASH = (
    "# that is a status line, which begins with HTTP/1.1: for PHP and CGI it is no header else. In PHP: http_response_code(%s) in place of"
    " header('HTTP 1.1 %s ...'); an update of the application may have that"
)
OF_AN_ERROR = "# the application sends it with a page of its own about an error (%s): what went wrong stands in that page, and in the log of the application"
ON_ONE_LINE = "# a header is written over two lines (the second one begins with a tab or a blank): it has to stand on one; nginx refuses such lines"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SIGNATURE):
            yield refused(hop)


def refused(hop: Hop) -> Finding:
    faults = or_empty(or_empty(hop.reach).get("reply")).get("faults") or []
    text = "asked directly, %s sends a header with %s" % (hop.address, "; ".join(faults))
    is_about_length = any("transfer-encoding" in fault.lower() for fault in faults)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), *((Evidence("probe", text),) if faults else ())),
        why="what listens on %s sends a header that is not valid HTTP%s: the application has to be repaired"
        % (hop.address, " (%s)" % "; ".join(faults[:SHOWN]) if faults else ""),
        advice=(
            as_sent(hop),
            *(without_chunks(hop) if is_about_length else ()),
            *what_to_mend(hop, faults),
            *((SINCE,) if any(one.endswith(" times") or one.startswith("both") for one in faults) else ()),
        ),
    )


def without_chunks(hop: Hop) -> tuple[str, ...]:
    """How to see whether the header is valid as an answer to HTTP/1.0, which has no chunks; and what to set then. It is not where the application itself
    sends Transfer-Encoding."""
    if hop.family != "proxy" or asks_in_1_0(hop):
        return ()
    return (
        as_sent(hop)
        .replace("curl -", "curl -0", 1)
        .replace(AS_SENT, "the same in HTTP/1.0: is Transfer-Encoding gone?"),
        "# if so, %s until it is mended: proxy_http_version 1.0; keepalive is lost. If not, nginx has no setting that helps"
        % at_location(hop.routes[0], "proxy_http_version"),
    )


def asks_in_1_0(hop: Hop) -> bool:
    """Whether nginx asks in HTTP/1.0 already."""
    given = hop.routes[0]["settings"].get("proxy_http_version")
    return given["args"][:1] == ["1.0"] if given else not hop.proxy.keeps_by_default


def what_to_mend(hop: Hop, faults: t.Sequence[str]) -> tuple[str, ...]:
    """What an application mostly did where its header has these faults."""
    status = next((found.group(1) for found in map(STATUS_LINE.search, faults) if found), "")
    if status:
        failed = (OF_AN_ERROR % status,) if status >= "4" else ()
        return (WITHOUT_ITS_SLASH % (status, status), *failed)
    if any(fault.startswith("Status is") for fault in faults):
        return (A_STATUS,)
    if any(FOLDED.search(fault) for fault in faults):
        return (ON_ONE_LINE,)
    if any(fault.startswith('"transfer-encoding" ') for fault in faults):
        return (COPIED,)
    is_twice = not faults or any(fault.endswith(" times") or fault.startswith("both") for fault in faults)
    return (TWICE,) if is_twice else (where_it_is_set(hop, faults),)


def where_it_is_set(hop: Hop, faults: t.Sequence[str]) -> str:
    """How the line of the application is found that sets a header with one of these faults."""
    name = next((found.group(1) for found in map(ITS_NAME.search, faults) if found), "")
    script = next(iter(failing_scripts(hop)), "")
    if not name or not script:
        return "# look for where the application sets that header"
    return "grep -rnF %s %s   # on %s: where is it set?" % (
        shlex.quote(name), shlex.quote(posixpath.dirname(script)), hop.on,
    )  # fmt: skip


def asked_url(hop: Hop) -> str:
    """The URL that nginx asked the backend for when it refused the header, by its own line; the root where that is not known."""
    asked = (or_empty(record.get("upstream")).get("text") for record in hop.records if record["signature"] == SIGNATURE)
    return next(filter(None, asked), "%s://%s/" % (hop.scheme, hop.address.bare))


def as_sent(hop: Hop) -> str:
    """The command that shows the header as the application sends it; where there is none for the protocol, the backend's log."""
    where = shlex.quote(hop.address.bare)
    if hop.family == "fastcgi":
        script = next(iter(failing_scripts(hop)), "/PATH/OF/THE/SCRIPT")
        return (
            "REQUEST_METHOD=GET SCRIPT_FILENAME=%s cgi-fcgi -bind -connect %s | cat -v | sed '/^\\^M$/q'   # on %s: the header as it is sent "
            "(Debian: libfcgi-bin, RHEL: fcgi)" % (shlex.quote(script), where, hop.proxy.name)
        )
    if hop.family == "proxy":
        url = "--unix-socket %s http://localhost/" % where if hop.is_unix else shlex.quote(asked_url(hop))
        return "curl -%s -o /dev/null -D - %s   # on %s: %s" % (
            "sSk" if hop.scheme == "https" else "sS",
            url,
            hop.proxy.name,
            AS_SENT,
        )
    return log_command(hop)


CAUSE = Cause(
    name=SIGNATURE,
    title="The backend sends a header that nginx refuses",
    says="the backend at {subject} sends a header that nginx refuses",
    find=find,
)
