# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the host of a control panel Apache, which serves behind nginx, is down, or listens elsewhere.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend_units import declared_by
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import (
    admin_says_no,
    on_hop,
    unit_evidence,
)

SIGNATURES = ("backend_port_closed", "ipv6_localhost_refused")
APACHE = ("apache2.service", "httpd.service")
#: What writes Apache's configuration anew and starts it.
COMMANDS: t.Mapping[str, tuple[str, ...]] = {
    "plesk": ("plesk", "repair", "web", "-y"),
    "cpanel": ("/usr/local/cpanel/scripts/restartsrv_httpd",),
}
#: Where Plesk's Apache listens behind nginx.
PLESK_PORTS = (7080, 7081)


def apache_of(host: Host, port: int) -> str | None:
    """The unit of Apache, where the port is Apache's."""
    unit = next((name for name in APACHE if host.unit(name)), None)
    return unit if unit and (port in PLESK_PORTS or unit in declared_by(host, Address("", port))) else None


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        panel = host.system.get("panel") if host else None
        if (
            host is None
            or panel is None
            or hop.is_unix
            or panel not in COMMANDS
            or not host.sees("listeners")
            or not hop.has(*SIGNATURES)
        ):
            continue
        asked = hop.destination
        name = apache_of(host, asked.port)
        unit = host.unit(name)
        if name and unit and not host.listener(asked):
            yield behind_panel(hop, host, panel, (name, unit), host.tcp_listeners(asked.port))


def behind_panel(hop: Hop, host: Host, panel: str, apache: tuple[str, Facts], elsewhere: list[Facts]) -> Finding:
    port, command = hop.address.port, COMMANDS[panel]
    where = (
        "Apache listens on port %d of %s, nginx asks %s"
        % (port, ", ".join(one["address"] for one in elsewhere), hop.address)
        if elsewhere
        else ("nobody listens on port %d of %s" % (port, host.name))
    )
    managed = Evidence("config", "%s runs this host: it writes Apache's and nginx's configuration" % panel)
    evidence = (*hop.seen(*SIGNATURES), Evidence("socket", where), unit_evidence(*apache), managed)
    advice = (
        "apachectl configtest",
        " ".join(command) + "   # writes the sites' configuration anew; what was edited by hand in it is lost",
    )
    if elsewhere:
        why = (
            "the site has moved to another address of %s, and nginx's configuration, which %s writes, still has the old one"
            % (host.name, panel)
        )
        return on_hop(hop, CAUSE.name, evidence, why=why, advice=advice)
    refused = admin_says_no(*apache)
    if refused:
        return on_hop(hop, CAUSE.name, evidence, why=refused, advice=advice)
    listens = Address("127.0.0.1", port) if hop.address.is_loopback else hop.address
    remedy = remedies.backend_service(
        host,
        apache[0],
        address=str(listens),
        note="%s is started by %s's own tool" % (apache[0], panel),
        panel_command=command,
    )
    return on_hop(hop, CAUSE.name, evidence, remedy=remedy)


CAUSE = Cause(
    name="plesk_apache_backend",
    title="Apache behind the panel's nginx is down",
    find=find,
    yields_to=("firewall_reject",),
)
