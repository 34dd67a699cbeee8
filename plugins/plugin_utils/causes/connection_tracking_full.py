# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host tracks as many connections as it may, and drops the packets of new ones, whatever its firewall's rules say.

Signatures: connect_timeout, connect_timeout_kernel, connection_tracking_full.

Looked at: how many connections the kernel of the proxy and of the backend tracks, and how many it may, and what it logged.

Done: nothing is changed: a table twice as large is named with the memory that it takes, and how to see who fills it.

A quick fix: a larger table alone is full again where connections are never closed; without rules of state nothing is tracked at all.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import rate, recurring

SIGNATURE = "connection_tracking_full"
TIMEOUTS = ("connect_timeout", "connect_timeout_kernel")
MOST = "net.netfilter.nf_conntrack_max"
#: The kernel makes room by dropping what is not answered yet, so that a full table is a little below its end at times.
FULL = 0.95
ENTRY = 320


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.is_unix or not (hop.has(*TIMEOUTS) or recurring(hop, *TIMEOUTS)):
            continue
        hosts = [host for host in (hop.proxy, hop.backend) if host and is_full(host)]
        if hosts:
            yield full(hop, hosts[0])


def is_full(host: Host) -> bool:
    """Whether the kernel of a host tracks as many connections as it may."""
    count, most = host.system.get("conntrack") or (0, 0)
    return 0 < FULL * most <= count


def full(hop: Hop, host: Host) -> Finding:
    count, most = host.system.get("conntrack") or (0, 0)
    said = [log_evidence(record) for record in host.records if record["signature"] == SIGNATURE]
    limit = Evidence("limit", "%s tracks %d connections, %s = %d" % (host.name, count, MOST, most), 0.9)
    name = host.name
    return on_hop(
        hop,
        SIGNATURE,
        (*hop.seen(*TIMEOUTS), limit, *said[:1]),
        on=name,
        why="%s tracks %d connections and may track %d: packets of new ones are dropped, whatever its firewall's rules say"
        % (name, count, most),
        recurs=rate(hop, recurring(hop, *TIMEOUTS)),
        advice=(
            "sysctl -w %s=%d   # on %s: twice as many, at once; an entry takes about %d bytes, so %d MB at most"
            % (MOST, 2 * most, name, ENTRY, 2 * most * ENTRY // 1_000_000),
            "echo '%s = %d' >/etc/sysctl.d/90-conntrack.conf   # on %s: after a boot, too" % (MOST, 2 * most, name),
            "conntrack -L 2>/dev/null | grep -oE 'src=[^ ]+ dst=[^ ]+' | sort | uniq -c | sort -rn | head -n 5   # on %s: whose are most? (package conntrack)"
            % name,
            "sysctl net.netfilter.nf_conntrack_tcp_timeout_established   # on %s: 432000 (5 days) by default: 86400 forgets idle ones sooner"
            % name,
        ),
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="A host tracks as many connections as it may",
    says="{on} has no room in its table of tracked connections: it drops packets of new ones",
    find=find,
    set_off_by=("limits",),
    outdoes=("firewall_drop", "backend_accept_queue_full", "slow_upstream"),
)
