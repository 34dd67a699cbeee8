# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody listens on the backend's port: its service is down."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils import _remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._address import is_loopback, split_tcp
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet import Facts, Fleet, Hop, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import admin_says_no, on_hop, unit_evidence

#: Refused on ::1 has a signature of its own; where nobody listens on 127.0.0.1 either, the service is down all the same.
SIGNATURES = ("backend_port_closed", "ipv6_localhost_refused")


def closed(hop: Hop) -> bool:
    """Refused, and the host behind the hop has no listener on that port at all."""
    return not hop.is_unix and hop.has(*SIGNATURES)


def declared_by(host: Host, port: int) -> list[str]:
    """Units whose configuration says that they listen on this port."""
    units = host.facts.get("units") or {}
    return [name for name, unit in units.items() if port in declared_ports(unit)]


def declared_ports(unit: Facts) -> set[int]:
    return {split_tcp(one["address"])[1] for one in unit.get("declares") or [] if one["address"].startswith("tcp:")}


def owner_unit(fleet: Fleet, host: Host, port: int) -> tuple[str | None, str]:
    """The unit that owns a port that nobody listens on, and how that is known."""
    named = fleet.backend_services.get(str(port))
    if named:
        return (named if "." in named else named + ".service"), "fix_502_backend_services names it"
    units = declared_by(host, port)
    if len(units) == 1:
        return units[0], "its configuration says that it listens on port %d" % port
    return None, "more than one unit could own port %d: %s" % (port, ", ".join(units)) if units else "no unit is known that owns port %d" % port


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if not closed(hop):
            continue
        host, port = split_tcp(hop.address)[0], split_tcp(hop.address)[1]
        if hop.backend is None:
            yield outside(hop, host, port)
        elif hop.backend.sees("listeners") and not hop.backend.tcp_listeners(port) and not hop.backend.pool_at(hop.address):
            yield down(fleet, hop, hop.backend, port)


def outside(hop: Hop, host: str, port: int) -> Finding:
    return on_hop(
        hop, CAUSE.name, hop.seen(*SIGNATURES), why="%s is not among the hosts of this run: whether its service is down cannot be seen from here" % host,
        advice=("ss -ltnp 'sport = :%d'   # on %s" % (port, host),),
    )


def down(fleet: Fleet, hop: Hop, host: Host, port: int) -> Finding:
    name, known = owner_unit(fleet, host, port)
    unit = host.unit(name)
    nobody = Evidence("socket", "nobody listens on port %d of %s" % (port, host.name))
    evidence = (*hop.seen(*SIGNATURES), nobody, *((unit_evidence(name, unit),) if name and unit else ()))
    if name is None:
        advice = ("systemctl list-units --failed   # on %s" % host.name, "fix_502_backend_services: {'%d': UNIT}" % port)
        return on_hop(hop, CAUSE.name, evidence, why=known, advice=advice)
    refused = admin_says_no(name, unit) if str(port) not in fleet.backend_services else None
    if refused:
        return on_hop(hop, CAUSE.name, evidence, why=refused, advice=("systemctl start %s   # on %s" % (name, host.name),))
    listens = "tcp:127.0.0.1:%d" % port if is_loopback(split_tcp(hop.address)[0]) and "[" not in hop.address else hop.address
    remedy = _remedies.backend_service(host, name, listens, config_test(name), "%s owns the port: %s" % (name, known))
    return on_hop(hop, CAUSE.name, evidence, remedy=remedy)


def config_test(unit: str) -> list[str]:
    """The command that tests this service's own configuration before it is started; empty where there is none."""
    tests = {"apache2.service": ["apachectl", "configtest"], "httpd.service": ["apachectl", "configtest"]}
    return tests.get(unit, [])


CAUSE = Cause(
    name="backend_port_closed", title="The backend's service is not running", find=find,
    yields_to=(
        "firewall_reject", "stale_upstream_dns", "php_fpm_stopped", "plesk_apache_backend", "ipv6_localhost_refused",
        "socket_path_mismatch", "disk_full",
    ),
)
