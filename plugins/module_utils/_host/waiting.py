# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose processes have requests that they do not answer, and whom they wait for meanwhile.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Any, Collection, Dict, List, Mapping, Optional, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import LONG, Waits
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_ends import unserved
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_owners import held_sockets

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.awaited import Awaited

    class Waiting(TypedDict):
        """A server's worker processes, how many of them have a request for long, and whom those wait for, the likeliest first."""

        workers: int
        busy: int
        awaited: List[Awaited]


PROCESSES = 64
#: Whose processes are seen in other ways, or serve no site.
_OTHERS = re.compile(r"nginx|php-fpm|php-cgi|sshd?|systemd|init$")


def add_waiting(waits: Waits, listeners: Optional[Mapping[str, Any]], upstreams: Collection[str]) -> None:
    """Show of each listener whom its processes wait for. listeners: the facts of that name. upstreams: the addresses that nginx on this host passes requests
    to: other unix sockets than these are none of its business."""
    paths = {read_address(one).normal().path for one in upstreams}
    unix = [one for one in listeners["unix"] if _path(one) in paths] if listeners else []
    all_of_them = [*listeners["tcp"], *unix] if listeners else []
    servers = [one for one in all_of_them if one["pid"] and not _OTHERS.match(one["process"] or "")]
    requests = _requests(waits, servers)
    for listener in servers:
        owner = waits.processes.by_pid.get(listener["pid"])
        own = requests.get(listener.get("path") or listener["port"])
        if not owner or not own:
            continue
        workers = _workers(waits.processes, owner)[:PROCESSES]
        busy = [one.pid for one in workers if own & (held_sockets(waits.host, one.pid) or set())]
        found = waits.of(busy) if busy else []
        if found:
            listener["waiting"] = {"workers": len(workers), "busy": len(busy), "awaited": found}


def _path(listener: Mapping[str, Any]) -> str:
    return Address("", 0, listener["path"]).normal().path


def _requests(waits: Waits, servers: List[Mapping[str, Any]]) -> Dict[object, Set[int]]:
    """The sockets of these servers over which a request has waited for long, by their port or path. Those of a unix socket have no times: each of them."""
    ports = {one["port"] for one in servers if "port" in one}
    paths = {one["path"] for one in servers if "path" in one}
    found: Dict[object, Set[int]] = {}
    for inode, (port, talk) in (waits.talks if ports else {}).items():
        if port in ports and unserved(talk) >= LONG:
            found.setdefault(port, set()).add(inode)
    try:
        for one in netlink.unix_connections() if paths else ():
            if one.name in paths:
                found.setdefault(one.name, set()).add(one.inode)
    except (OSError, AttributeError) as error:
        waits.host.unseen("unix connections", "netlink: %s" % error)
    return found


def _workers(processes: Processes, owner: Process) -> List[Process]:
    """The processes of a server that work on requests: those of its name that the first has started, and that one where it has started none."""
    name = owner.name.partition(":")[0]
    found = [owner]
    for one in found:
        found += [child for child in processes.children_of(one.pid) if child.name.partition(":")[0] == name]
    return found[1:] or found
