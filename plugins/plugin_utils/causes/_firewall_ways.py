# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firewalls of a proxy and of its backend do with the proxy's connections, and who listens behind them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import (
    Verdict,
    verdict,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import interface_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._neighbour_discovery import dropped_discovery

#: What a connection through a firewall may end with. A reject with tcp-reset or port-unreachable looks like a closed port from the proxy; one
#: whose ICMP the kernel holds back looks like a drop.
SIGNATURES = (
    "firewall_reject",
    "backend_port_closed",
    "backend_unreachable",
    "connect_timeout",
    "connect_timeout_kernel",
)


def way_in(hop: Hop, action: str) -> Verdict | None:
    """The verdict of the backend's firewall on the proxy's connections, where it is this action (accept, drop, reject, unknown); else None."""
    host = hop.backend
    firewall = host.facts.get("firewall") if host else None
    if host is None or hop.is_unix or not firewall or not hop.source:
        return None
    address, port = hop.destination.host, hop.destination.port
    interface = interface_of(host.facts["system"], hop.source, address)
    system = host.facts["system"]
    found = verdict(firewall, hop.source, address, port, interface, system=system, likelier=_likelier(hop))
    return found if found.action == action else None


def _likelier(hop: Hop) -> str:
    """The refusal that the proxy sees: silence, or an answer that says so."""
    return "drop" if hop.has("connect_timeout", "connect_timeout_kernel") else "reject"


def way_out(hop: Hop, action: str) -> Verdict | None:
    """The verdict of the proxy's own firewall on its connections to the backend, where it is this action; else None."""
    firewall = hop.proxy.facts.get("firewall")
    if not firewall or hop.is_unix or not hop.source or hop.backend is hop.proxy:
        return None
    address, port = hop.destination.host, hop.destination.port
    found = verdict(firewall, hop.source, address, port, leaves=True, likelier=_likelier(hop))
    return found if found.action == action else None


def has_room(hop: Hop) -> bool:
    """Whether another host listens there and has room for connections."""
    listener = hop.backend.listener(hop.real_address) if hop.backend and hop.backend is not hop.proxy else None
    return listener is not None and (listener.get("queue") or 0) < (listener.get("backlog") or 1)


def is_between(hop: Hop) -> bool:
    """Whether what refuses is on neither host: the backend has room for connections, and both firewalls accept them."""
    if not has_room(hop) or dropped_discovery(hop):
        return False
    accepted = way_in(hop, "accept")
    return accepted is not None and not accepted.through and way_out(hop, "accept") is not None


def who_listens(hop: Hop, host: Host) -> tuple[Evidence, ...]:
    """Who listens where the proxy connects to; empty where nobody does."""
    listener = host.tcp_listener(hop.destination.host, hop.destination.port)
    if not listener:
        return ()
    return (Evidence("socket", "%s listens on %s:%d" % (listener["process"], listener["address"], listener["port"])),)
