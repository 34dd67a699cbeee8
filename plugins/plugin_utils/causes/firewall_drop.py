# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A firewall on the backend's host drops the proxy's packets: nginx waits until its connect timeout."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.firewall_reject import (
    between,
    in_between,
    judged,
    kept_in,
    leaving,
    opened,
)

SIGNATURES = ("connect_timeout", "connect_timeout_kernel")
#: What connect() says where the host's own firewall drops it on its way out: the kernel knows at once.
LOCAL = "firewall_reject"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        out = leaving(hop, "drop")
        if out and hop.has(*SIGNATURES, LOCAL):
            yield kept_in(hop, out, CAUSE.name)
        if hop.is_unix or out or not hop.has(*SIGNATURES):
            continue
        found = judged(hop, "drop")
        if found and hop.backend:
            yield opened(hop, hop.backend, found, CAUSE.name, SIGNATURES)
        elif hop.backend is None:
            yield on_hop(
                hop,
                CAUSE.name,
                hop.seen(*SIGNATURES),
                why="%s is not among the hosts of this run: its firewall cannot be read" % hop.on,
                advice=(
                    "nft list ruleset   # on %s" % hop.on,
                    "tcpdump -ni any host %s   # on %s: does the SYN arrive?" % (hop.source or hop.proxy.name, hop.on),
                ),
            )
        elif in_between(hop):
            yield between(hop, CAUSE.name)


CAUSE = Cause(
    name="firewall_drop", title="A firewall drops the proxy's packets", find=find, yields_to=("stale_upstream_dns",)
)
