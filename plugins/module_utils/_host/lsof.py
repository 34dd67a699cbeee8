# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening sockets of macOS and the BSDs, as lsof or FreeBSD's sockstat lists them. Tried against what others have shown of theirs, not on such a host.

Private to this collection: it may change in any release.
"""

import re
from typing import Dict, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listening_sockets import Listening
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes

#: What lsof calls all addresses of a family.
_ANYWHERE = {"IPv6": "::"}
#: A line of sockstat: user, command, process, file descriptor, protocol, local address. What it does not know is a question mark.
_SOCKSTAT = re.compile(r"\S+\s+(\S.*?)\s+(\d+)\s+\d+\s+(tcp[46]{1,2}|stream)\s+(\S+)")
_ANY = "0.0.0.0"  # noqa: S104 - the name of what is bound already


class Held(NamedTuple):
    """A listening socket, the oldest process that holds it, and that program's name. lsof shows neither queue nor backlog."""

    socket: Listening
    pid: int
    name: str


class LsofListening(NamedTuple):
    """The listening sockets that one of them lists."""

    tcp: List[Held]
    unix: List[Held]


class _Row(NamedTuple):
    """One open socket: whose it is, its family, its name."""

    pid: int
    command: str
    family: str
    name: str


def lsof_listening(host: Host, processes: Processes) -> Optional[LsofListening]:
    """What sockstat lists, where there is one, else lsof; None where neither can be run."""
    by_sockstat = bool(host.which("sockstat"))
    lsof = ["lsof", "+c0", "-nP"]
    tcp = host.run(["sockstat", "-46l"] if by_sockstat else [*lsof, "-iTCP", "-sTCP:LISTEN", "-FpctPn"])
    unix = host.run(["sockstat", "-ul"] if by_sockstat else [*lsof, "-U", "-FpctPn"])
    if tcp.code is None or unix.code is None:
        host.unseen("listeners", tcp.error or unix.error)
        return None
    order = {process.pid: rank for rank, process in enumerate(processes.oldest_first())}
    rows = _sockstat_rows if by_sockstat else _rows
    paths = [row for row in rows(unix.out) if row.name.startswith("/")]
    return LsofListening(
        [held for row in _oldest(rows(tcp.out), order) for held in _tcp(row)],
        [Held(Listening(row.name, 0, 0), row.pid, row.command) for row in _oldest(paths, order)],
    )


def _tcp(row: _Row) -> List[Held]:
    """The socket of a name such as *:80, 127.0.0.1:9000 or [::1]:9000; none where it is no address."""
    address = read_address("tcp:" + row.name)
    if not address.port:
        return []
    host = _ANYWHERE.get(row.family, _ANY) if address.host == "*" else address.host
    return [Held(Listening(host, address.port, 0), row.pid, row.command)]


def _rows(text: str) -> List[_Row]:
    """lsof's field output: a line p<pid>, one c<command>, then for each of its files t<family> and n<name>. Blanks in a command are \\x20."""
    found: List[_Row] = []
    pid, command, family = 0, "", ""
    for line in text.splitlines():
        kind, value = line[:1], line[1:]
        if re.match(r"p\d+$", line):
            pid, command, family = int(value), "", ""
        elif kind == "c":
            command = value.replace("\\x20", " ")
        elif kind == "t":
            family = value
        elif kind == "n":
            found.append(_Row(pid, command, family, value.split("->")[0]))
    return found


def _sockstat_rows(text: str) -> List[_Row]:
    """The lines of sockstat that name a holder."""
    found = [_SOCKSTAT.match(line) for line in text.splitlines()]
    rows = [one.groups() for one in found if one]
    return [
        _Row(int(pid), command, "IPv6" if kind.startswith("tcp6") else "", name) for command, pid, kind, name in rows
    ]


def _oldest(rows: List[_Row], order: Dict[int, int]) -> List[_Row]:
    """Of each socket the row of its oldest holder."""
    found: Dict[str, _Row] = {}
    for row in sorted(rows, key=lambda row: order.get(row.pid, len(order))):
        found.setdefault(row.family + row.name, row)
    return list(found.values())
