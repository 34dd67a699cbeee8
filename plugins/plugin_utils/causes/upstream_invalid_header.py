# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend sends a header that nginx refuses.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import behind

SIGNATURE = "upstream_invalid_header"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SIGNATURE):
            yield refused(hop)


def as_sent(hop: Hop) -> str:
    """How to see the header as the application sends it."""
    where = hop.address.bare
    if hop.family == "fastcgi":
        return (
            "REQUEST_METHOD=GET SCRIPT_FILENAME=/PATH/OF/THE/SCRIPT cgi-fcgi -bind -connect %s | cat -v | sed '/^\\^M$/q'   # on %s: the header as it is sent "
            "(Debian: libfcgi-bin, RHEL: fcgi)" % (where, hop.proxy.name)
        )
    if hop.family == "proxy":
        return "curl -sS -o /dev/null -D - %s   # on %s: the header as it is sent" % (
            "--unix-socket %s http://localhost/" % where if hop.is_unix else "http://%s/" % where,
            hop.proxy.name,
        )
    return behind(hop)[1]


def refused(hop: Hop) -> Finding:
    faults = ((hop.reach or {}).get("reply") or {}).get("faults") or []
    probe = (
        (Evidence("probe", "asked directly, %s sends a header with %s" % (hop.address, "; ".join(faults))),)
        if faults
        else ()
    )
    twice = any("Transfer-Encoding" in fault or "transfer-encoding" in fault for fault in faults)
    stopgap = (
        (
            "proxy_http_version 1.0;   # in that location: many servers then leave Transfer-Encoding out; keepalive is lost",
        )
        if twice
        else ()
    )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), *probe),
        why="what listens on %s makes a header that is no valid HTTP: the application has to be mended"
        % (hop.address,),
        advice=(
            as_sent(hop),
            *stopgap,
            "two headers where one is due mostly come from an application that sets what its server sets already",
        ),
    )


CAUSE = Cause(name=SIGNATURE, title="The backend sends a header that nginx refuses", find=find)
