# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend sends a header that nginx refuses.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet import Fleet, Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop

SIGNATURE = "upstream_invalid_header"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.has(SIGNATURE):
            yield refused(hop)


def refused(hop: Hop) -> Finding:
    faults = ((hop.reach or {}).get("reply") or {}).get("faults") or []
    probe = (Evidence("probe", "asked directly, %s sends a header with %s" % (hop.address, "; ".join(faults))),) if faults else ()
    twice = any("Transfer-Encoding" in fault or "transfer-encoding" in fault for fault in faults)
    stopgap = ("proxy_http_version 1.0;   # in that location: many servers then leave Transfer-Encoding out; keepalive is lost",) if twice else ()
    return on_hop(
        hop, CAUSE.name, (*hop.seen(SIGNATURE), *probe),
        why="what listens on %s makes a header that is no valid HTTP: the application has to be mended" % hop.address,
        advice=("curl -sS -o /dev/null -D - http://%s/   # from %s: the header as it is sent" % (hop.address.partition(":")[2], hop.proxy.name), *stopgap,
                "two headers where one is due mostly come from an application that sets what its server sets already"),
    )


CAUSE = Cause(name=SIGNATURE, title="The backend sends a header that nginx refuses", find=find)
