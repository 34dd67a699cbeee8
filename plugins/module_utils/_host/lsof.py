# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening sockets of macOS and the BSDs, as lsof lists them. Written from lsof(8); not tried on such a host.

Private to this collection: it may change in any release.
"""

import re
from typing import Dict, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listening_sockets import Listening
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes

_ANYWHERE = "0.0.0.0"  # noqa: S104 - the name of what is bound already


class Held(NamedTuple):
    """A listening socket and the oldest process that holds it. lsof shows neither queue nor backlog."""

    socket: Listening
    pid: int


class LsofListening(NamedTuple):
    """The listening sockets that lsof lists."""

    tcp: List[Held]
    unix: List[Held]


def lsof_listening(host: Host, processes: Processes) -> Optional[LsofListening]:
    """What lsof lists; None where it cannot be run."""
    tcp = host.run(["lsof", "-nP", "-iTCP", "-sTCP:LISTEN", "-FpPn"])
    unix = host.run(["lsof", "-nP", "-U", "-FpPn"])
    if tcp.code is None or unix.code is None:
        host.unseen("listeners", tcp.error or unix.error)
        return None
    paths = {name: pid for name, pid in _holders(unix.out, processes).items() if name.startswith("/")}
    return LsofListening(
        _tcp(_holders(tcp.out, processes)),
        [Held(Listening(path, 0, 0), pid) for path, pid in paths.items()],
    )


def _tcp(holders: Dict[str, int]) -> List[Held]:
    """The sockets of names such as *:80, 127.0.0.1:9000 and [::1]:9000."""
    found = []
    for name, pid in holders.items():
        address = read_address("tcp:" + name)
        if address.port:
            found.append(Held(Listening(_ANYWHERE if address.host == "*" else address.host, address.port, 0), pid))
    return found


def _holders(text: str, processes: Processes) -> Dict[str, int]:
    """The oldest holder of each name in lsof's field output: a line p<pid>, then lines n<name> of its files."""
    holders: Dict[str, List[int]] = {}
    pid = 0
    for line in text.splitlines():
        if re.match(r"p\d+$", line):
            pid = int(line[1:])
        elif line.startswith("n"):
            holders.setdefault(line[1:].split("->")[0], []).append(pid)
    order = {process.pid: rank for rank, process in enumerate(processes.oldest_first())}
    return {name: min(pids, key=lambda pid: order.get(pid, len(order))) for name, pids in holders.items()}
