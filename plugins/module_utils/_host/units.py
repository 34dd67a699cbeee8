# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units: services that serve the web, that listen or that failed.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_choice import well_known
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.units_of_scripts import of_launchd, of_scripts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.units_of_systemd import of_systemd

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit


def unit_facts(
    host: Host,
    manager: str,
    listeners: Optional[Mapping[str, Any]] = None,
    services: Sequence[str] = (),
    addresses: Optional[Sequence[str]] = None,
) -> "Optional[Dict[str, Unit]]":
    """The facts `units`, by name; None where no service manager can be asked.

    services: more of those that are well known. addresses: of all interfaces of the host; None where they are not known.
    """
    known = well_known(services)
    if manager == service_manager.SYSTEMD:
        return of_systemd(host, listeners, known, addresses)
    if manager in service_manager.SCRIPTED:
        return of_scripts(host, manager, known)
    return of_launchd(host, known) if manager == service_manager.LAUNCHD else None


def own_sockets(listeners: Optional[Mapping[str, Any]], units: "Optional[Dict[str, Unit]]") -> None:
    """Give listeners that systemd itself holds to the .socket unit that asked for them, and others to the unit whose main process has them."""
    sockets = {
        declared["address"]: name
        for name, unit in (units or {}).items()
        if name.endswith(".socket")
        for declared in unit["declares"]
    }
    for listener in (listeners or {}).get("tcp", []):
        if listener["pid"] == 1:
            address = tcp_address(listener["address"], listener["port"])
            listener["unit"] = sockets.get(address, listener["unit"])
    for listener in (listeners or {}).get("unix", []):
        if listener["pid"] == 1:
            listener["unit"] = sockets.get("unix:" + listener["path"], listener["unit"])
    owners = {unit["main_pid"]: name for name, unit in (units or {}).items() if unit["main_pid"]}
    for listener in [one for kind in ("tcp", "unix") for one in (listeners or {}).get(kind, [])]:
        listener["unit"] = listener["unit"] or owners.get(listener["pid"])
