# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the host of a control panel Apache, which serves behind nginx, is down, or listens elsewhere.

Signatures: backend_port_closed.

Looked at: the panel and its tools, Apache's unit and port, nginx's generated configuration.

Done: Apache is started, or repaired by the panel's own tool.

A quick fix: editing generated files lasts until the panel writes them again.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.known_panels import PANELS, Panel
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import units_declaring
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import kept_down, unit_evidence

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import TcpListener
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

SIGNATURES = ("backend_port_closed", "ipv6_localhost_refused")
APACHE = ("apache2.service", "httpd.service")
#: Where Plesk's Apache listens behind nginx.
PLESK_PORTS = (7080, 7081)


class Apache(t.NamedTuple):
    """The unit of Apache, by its name."""

    name: str
    unit: Unit


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        panel = PANELS.get(host.system.get("panel") or "") if host else None
        if host is None or panel is None or not panel.apache or hop.is_unix:
            continue
        asked = hop.destination
        apache = apache_of(host, asked.port)
        if apache and hop.has(*SIGNATURES) and host.sees("listeners") and not host.listener(asked):
            yield behind_panel(hop, host, panel, apache, host.tcp_listeners(asked.port))


def apache_of(host: Host, port: int) -> Apache | None:
    """The unit of Apache, where the port is Apache's."""
    for name in APACHE:
        unit = host.unit(name)
        if unit:
            is_its_port = port in PLESK_PORTS or name in units_declaring(host, Address("", port))
            return Apache(name, unit) if is_its_port else None
    return None


def behind_panel(hop: Hop, host: Host, panel: Panel, apache: Apache, elsewhere: list[TcpListener]) -> Finding:
    """elsewhere: who listens on the port at another address."""
    port, command = hop.address.port, panel.apache
    where = "nothing listens on port %d of %s" % (port, host.name)
    if elsewhere:
        addresses = ", ".join(one["address"] for one in elsewhere)
        where = "Apache listens on port %d of %s, nginx asks %s" % (port, addresses, hop.address)
    managed = "%s runs this host: it writes Apache's and nginx's configuration" % panel.title
    evidence = (
        *hop.seen(*SIGNATURES),
        Evidence("socket", where),
        unit_evidence(apache.name, apache.unit),
        Evidence("config", managed),
    )
    moved = (
        "the site has moved to another address of %s, and nginx's configuration, which %s writes, still has the old one"
    )
    why = moved % (host.name, panel.title) if elsewhere else kept_down(apache.name, apache.unit)
    if why:
        advice = (
            "apachectl configtest   # on %s" % host.name,
            "%s   # on %s: writes the sites' configuration again; what was edited by hand in it is lost"
            % (" ".join(command), host.name),
        )
        return on_hop(hop, CAUSE.name, evidence, why=why, advice=advice)
    listens = Address("127.0.0.1", port) if hop.address.is_loopback else hop.address
    note = "%s is started by %s's own tool" % (apache.name, panel.title)
    remedy = remedies.backend_service(host, apache.name, address=str(listens), note=note, panel_command=command)
    return on_hop(hop, CAUSE.name, evidence, remedy=remedy)


CAUSE = Cause(
    name="plesk_apache_backend",
    title="Apache behind the panel's nginx is down",
    says="Apache behind the panel's nginx on {on} is down",
    find=find,
    daemon="stopped",
    yields_to=("firewall_reject",),
)
