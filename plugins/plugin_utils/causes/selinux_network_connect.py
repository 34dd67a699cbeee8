# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux lets nginx not connect to the port: a denial is recorded.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._selinux_denials import (
    denials,
    enforcing,
    label,
)

SIGNATURE = "selinux_network_connect"
CONNECT = "httpd_can_network_connect"
RELAY = "httpd_can_network_relay"
#: Types of ports that httpd_can_network_relay opens (apache.te).
RELAYED = frozenset(
    {
        "http_port_t",
        "http_cache_port_t",
        "squid_port_t",
        "memcache_port_t",
        "ftp_port_t",
        "gopher_port_t",
        "ephemeral_port_t",
    }
)
#: Types of ports that the policy gives to nothing in particular: such a port can get a label of its own.
UNNAMED = frozenset({"unreserved_port_t", "port_t"})


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.is_unix or not hop.has(SIGNATURE) or not enforcing(hop.proxy):
            continue
        port = hop.address.port
        told = [(record, denied) for record, denied in denials(hop, SIGNATURE) if denied.get("dest") == str(port)]
        if told:
            yield denied_to(hop, port, *told[0])


def denied_to(hop: Hop, port: int, record: Facts, denied: t.Mapping[str, str]) -> Finding:
    booleans = hop.proxy.facts["selinux"].get("booleans") or {}
    kind = label(denied.get("tcontext"))
    states = ", ".join(
        "%s is %s" % (name, "on" if booleans[name] else "off") for name in (RELAY, CONNECT) if name in booleans
    )
    policy = Evidence(
        "selinux",
        "SELinux is enforcing; port %d is %s; %s"
        % (port, kind or "not labelled", states or "the booleans could not be read"),
    )
    evidence = (*hop.seen(SIGNATURE), log_evidence(record), policy)
    advice = (
        "ausearch -m avc -c nginx -ts recent",
        "never setenforce 0: it takes the guard from all services, and comes back at boot",
    )
    return on_hop(hop, CAUSE.name, evidence, on=hop.proxy.name, remedy=narrowest(port, kind, booleans), advice=advice)


def narrowest(port: int, kind: str, booleans: t.Mapping[str, bool]) -> Remedy:
    """What lets nginx reach this port and as little else as the policy can tell apart."""
    relay = RELAY if booleans.get(RELAY) is False else ""
    if kind in RELAYED and relay:
        return remedies.selinux_connect(boolean=relay, note="%s opens %s and its like, not every port" % (RELAY, kind))
    if kind in UNNAMED and RELAY in booleans:
        note = "port %d becomes http_port_t, which %s opens; other ports stay closed" % (port, RELAY)
        return remedies.selinux_connect(boolean=relay, port=port, port_type="http_port_t", note=note)
    note = (
        "port %d is %s in the policy, for all services: so it is %s, which lets nginx and PHP connect to every port"
        % (port, kind or "unknown", CONNECT)
    )
    return remedies.selinux_connect(boolean=CONNECT, note=note)


CAUSE = Cause(name=SIGNATURE, title="SELinux keeps nginx from connecting to the port", find=find)
