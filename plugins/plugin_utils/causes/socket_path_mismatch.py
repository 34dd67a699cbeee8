# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx asks for a socket that no PHP-FPM is configured for, while a running one listens elsewhere: typical after a PHP upgrade.

Signatures: unix_socket_missing, backend_port_closed.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, is_any, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import edits_of_address, named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmSetAside

SIGNATURES = ("unix_socket_missing", "backend_port_closed", "ipv6_localhost_refused")


class Doubt(t.NamedTuple):
    """Why another address is not written, and what to do instead."""

    why: str
    advice: tuple[str, ...] = ()


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        host = hop.backend
        if host is not hop.proxy or not hop.has(*SIGNATURES):
            continue
        if host.pool_at(hop.real_address) or host.listener(hop.real_address) or is_declared(host, hop):
            continue
        targets = live_addresses(host)
        if targets:
            yield mismatch(hop, targets)


def is_declared(host: Host, hop: Hop) -> bool:
    """Whether a unit's configuration says that it listens there: then it is down, and no other daemon is meant."""
    units = (host.facts.get("units") or {}).values()
    addresses = {read_address(one["address"]).normal() for unit in units for one in unit.get("declares") or []}
    if hop.is_unix:
        return bool(addresses & {hop.address.normal(), hop.real_address.normal()})
    return any(address.port == hop.address.port for address in addresses if not address.is_unix)


def live_addresses(host: Host) -> list[Address]:
    """Where the pools of running PHP-FPMs can be reached, each address once."""
    live = [one.address for one in host.pools() if one.fpm.get("master") and one.address and host.listener(one.address)]
    return sorted({reachable(address) for address in live}, key=str)


def reachable(address: Address) -> Address:
    """Where to connect to a pool of this host: one that listens on every address is asked at the loopback one."""
    return Address("127.0.0.1", address.port) if not address.is_unix and is_any(address.host) else address


def mismatch(hop: Hop, targets: list[Address]) -> Finding:
    asks = "%s asks for %s; no PHP-FPM pool is configured to listen there" % (named_at(hop), hop.address)
    evidence = (
        *hop.seen(*SIGNATURES),
        Evidence("config", asks),
        Evidence("socket", "PHP-FPM runs and listens on %s" % ", ".join(map(str, targets))),
    )
    doubt = doubt_about(hop, targets)
    if doubt:
        return on_hop(hop, CAUSE.name, evidence, on=hop.proxy.name, why=doubt.why, advice=doubt.advice)
    remedy = remedies.upstream_address(edits_of_address(hop, targets[0]))
    return on_hop(hop, CAUSE.name, evidence, on=hop.proxy.name, remedy=remedy)


def doubt_about(hop: Hop, targets: list[Address]) -> Doubt | None:
    """Why the address is not changed; None where it is sure which pool is meant and the file may be edited."""
    tool = next((route["generated_by"] for route in hop.routes if route.get("generated_by")), None)
    if tool:
        return Doubt("the file is generated (%s): change the PHP version where it is made" % tool)
    aside = set_aside(hop)
    if aside:
        return Doubt(
            "its pool %s is in %s, which PHP-FPM does not read: somebody set it aside, and another pool may run as another user"
            % (aside["pool"], aside["file"]),
            ("# give %s a name that PHP-FPM reads, or remove the site" % aside["file"],),
        )
    if len(targets) > 1:
        return Doubt("more than one pool could be meant: %s" % ", ".join(map(str, targets)))
    if is_peer_already(hop, targets[0]):
        return Doubt(
            "%s is a peer beside %s: it cannot be seen which pool was meant here" % (targets[0], hop.address),
            ("# remove that server from its upstream, or start the pool that should listen there",),
        )
    return None


def set_aside(hop: Hop) -> FpmSetAside | None:
    """A pool for this address in a file that PHP-FPM does not read. A copy of a pool that runs (elsewhere by now) is none."""
    for fpm in hop.proxy.facts.get("php_fpm") or []:
        for one in fpm.get("set_aside") or []:
            if read_address(one["address"]).normal() == hop.address.normal() and one["pool"] not in fpm["pools"]:
                return one
    return None


def is_peer_already(hop: Hop, address: Address) -> bool:
    """Whether a route over this hop has the address among its peers."""
    return any(read_address(peer).normal() == address.normal() for route in hop.routes for peer in route["peers"])


CAUSE = Cause(
    name="socket_path_mismatch",
    title="nginx asks for a socket that PHP-FPM does not listen on",
    find=find,
    yields_to=("socket_private_tmp", "ipv6_localhost_refused", "php_fpm_config_invalid"),
)
