# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux does not let nginx connect to the port: a denial is recorded.

Signatures: selinux_network_connect.

Looked at: recorded denials, the mode of SELinux, the port's type and the booleans.

Done: the narrowest permission that the denial asks for: a boolean or the port's type.

A quick fix: setenforce 0 ends the protection of the whole host, and lasts until the reboot that brings the error back.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._denials import (
    Denial,
    denials,
    is_enforcing,
    type_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

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
#: Types of ports that the policy gives to no service in particular: such a port can get a label of its own.
UNNAMED = frozenset({"unreserved_port_t", "port_t"})


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.is_unix or not hop.has(SIGNATURE) or not is_enforcing(hop.proxy):
            continue
        port = str(hop.address.port)
        denial = next((one for one in denials(hop, SIGNATURE) if one.fields.get("dest") == port), None)
        if denial:
            yield denied(hop, denial)


def denied(hop: Hop, denial: Denial) -> Finding:
    port, kind = hop.address.port, type_of(denial.fields.get("tcontext"))
    booleans = or_empty(hop.proxy.facts["selinux"]).get("booleans") or {}
    states = ["%s is %s" % (name, "on" if booleans[name] else "off") for name in (RELAY, CONNECT) if name in booleans]
    policy = "SELinux is enforcing; port %d is %s; %s" % (
        port,
        kind or "not labelled",
        ", ".join(states) or "the booleans could not be read",
    )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), log_evidence(denial.record), Evidence("selinux", policy)),
        on=hop.proxy.name,
        remedy=narrowest(port, kind, booleans),
        advice=(
            "ausearch -m avc -c nginx -ts recent",
            "# never use setenforce 0: it switches the protection of all services off, and lasts only until the next boot",
        ),
    )


def narrowest(port: int, kind: str, booleans: t.Mapping[str, bool]) -> Remedy:
    """What lets nginx reach this port, and as little else as the policy can tell apart. kind: the type of the port."""
    relay = RELAY if booleans.get(RELAY) is False else ""
    if kind in RELAYED and relay:
        note = "%s opens %s and a few more types of ports, not every port" % (RELAY, kind)
        return remedies.selinux_connect(boolean=relay, note=note)
    if kind in UNNAMED and RELAY in booleans:
        note = "port %d becomes http_port_t, which %s opens; other ports stay closed" % (port, RELAY)
        return remedies.selinux_connect(boolean=relay, port=port, port_type="http_port_t", note=note)
    note = (
        "port %d is %s in the policy, for all services: what is left is %s, which lets nginx and PHP connect to every port"
        % (port, kind or "a type that is not known", CONNECT)
    )
    return remedies.selinux_connect(boolean=CONNECT, note=note)


CAUSE = Cause(
    name=SIGNATURE,
    title="SELinux does not let nginx connect to the port",
    says="SELinux on {on} does not let nginx connect to {subject}",
    find=find,
    set_off_by=("labels", "backend"),
)
