# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Relays on nginx's own host whose connections another host's firewall refuses: nginx only sees that they end, or that no answer comes.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, is_number
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import REFUSALS, Verdict
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.relays import leads_to, relay_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_ways import way_in
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import (
    LATE,
    RelayedHop,
    is_ended,
    way_on,
)

#: What a connection that is refused so would end with, were it nginx's own.
SIGNS = {"drop": "connect_timeout", "reject": "firewall_reject"}


class Barred(t.NamedTuple):
    """A way on from a relay, the host that it leads to, and what of that host's firewall refuses it."""

    hop: RelayedHop
    host: Host
    verdict: Verdict


def barred(fleet: Fleet, hop: Hop, *actions: str) -> t.Iterator[Barred]:
    """The ways on from the relay behind a hop that other hosts' firewalls refuse by one of these actions."""
    relay, here = relay_at(hop), hop.backend
    if relay is None or relay["via"] or here is None or here is not hop.proxy or not (is_ended(hop) or hop.has(LATE)):
        return
    for address in leads_to(relay):
        owner, source = fleet.owner(address, here), own_address(here, address)
        if owner is None or owner is here or source is None or not owner.listener(address):
            continue
        for action in actions:
            on = way_on(hop, relay, address, owner, SIGNS[action], source)
            found = way_in(on, action)
            if found:
                yield Barred(on, owner, found)


def is_barred_beyond(fleet: Fleet, hop: Hop) -> bool:
    """Whether a firewall behind the relay that nginx connects to is why it ends connections, or does not answer."""
    return next(barred(fleet, hop, *REFUSALS), None) is not None


def own_address(host: Host, to: Address) -> str | None:
    """The address of a host in the network of another one; None where none of its networks has that."""
    if to.is_unix or not is_number(to.host):
        return None
    there = ipaddress.ip_address(to.host)
    own = (host.system.get("interfaces") or {}).values()
    for one in (ipaddress.ip_interface(text) for addresses in own for text in addresses):
        if one.version == there.version and there in one.network and one.network.prefixlen < one.network.max_prefixlen:
            return str(one.ip)
    return None
