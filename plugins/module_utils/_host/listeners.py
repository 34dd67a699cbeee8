# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening sockets: what listens where, and which process, account and unit it belongs to.

Private to this collection: it may change in any release.
"""

import os
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listening_sockets import (
    Listening,
    tcp_listening,
    unix_listening,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.lsof import lsof_listening
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_file import socket_file
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_owners import socket_owners

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accepting import Accepting
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_file import SocketFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.waiting import Waiting

    class Listener(TypedDict):
        """What TCP and unix listeners have in common. Process, pid, user and unit are None where the owner cannot be seen."""

        pid: Optional[int]
        process: Optional[str]
        user: Optional[str]
        unit: Optional[str]
        log: Optional[str]  # that its process has open
        state: Optional[str]  # of the process, as the kernel writes it: T is stopped
        queue: Optional[int]  # connections that wait to be accepted
        backlog: Optional[int]  # how many may wait
        accepting: Optional[Accepting]  # None: the queue is not full, or its owner cannot be seen
        out_of_files: Optional[
            int
        ]  # how many files its process may open, where connections wait and it has as many open
        waiting: Optional[
            Waiting
        ]  # None: its processes do not work on requests for long, or wait for nobody that is seen

    class TcpListener(Listener):
        """A listening TCP socket."""

        address: str
        port: int
        v6only: Optional[bool]  # False on "::": it accepts IPv4 too; None: not known

    class UnixListener(Listener):
        """A listening unix stream socket that has a path."""

        path: str
        file: SocketFile

    class Listeners(TypedDict):
        """The listening sockets of a host."""

        tcp: List[TcpListener]
        unix: List[UnixListener]


#: Listeners of a kind: a user may open one for each port of each address of the loopback.
MOST = 10000


def listener_facts(host: Host, processes: Processes, accounts: Optional[Accounts] = None) -> "Optional[Listeners]":
    """The listening TCP and unix stream sockets; None where they cannot be read."""
    accounts = accounts or Accounts(host)
    if not host.is_dir("/proc/net"):
        return _of_lsof(host, processes, accounts)
    tcp, unix = tcp_listening(host), unix_listening(host)
    if tcp is None or unix is None:
        return None
    for found in (tcp, unix):
        if len(found) > MOST:
            host.unseen("listeners", "there are more than %d of a kind, which were read" % MOST)
            del found[MOST:]
    owners = socket_owners(host, processes, {found.inode for found in tcp + unix})
    made: "Listeners" = {
        "tcp": [_tcp_listener(found, owners.processes.get(found.inode), accounts) for found in tcp],
        "unix": [
            _unix_listener(host, found, owners.processes.get(found.inode), accounts)
            for found in unix
            if not found.name.startswith("@")
        ],
    }
    listeners: "List[Listener]" = [*made["tcp"], *made["unix"]]
    for listener in listeners:
        listener["log"] = owners.logs.get(listener["pid"] or 0)
    return made


def _of_lsof(host: Host, processes: Processes, accounts: Accounts) -> "Optional[Listeners]":
    found = lsof_listening(host, processes)
    if found is None:
        return None
    listeners: "Listeners" = {
        "tcp": [_tcp_listener(held.socket, processes.by_pid.get(held.pid), accounts) for held in found.tcp],
        "unix": [_unix_listener(host, held.socket, processes.by_pid.get(held.pid), accounts) for held in found.unix],
    }
    for listener, held in zip([*listeners["tcp"], *listeners["unix"]], found.tcp + found.unix):
        # A path with a blank in it is no word of what ps shows.
        listener["process"], listener["pid"] = held.name or listener["process"], held.pid
    return listeners


def _tcp_listener(found: Listening, owner: Optional[Process], accounts: Accounts) -> "TcpListener":
    return {**_listener(found, owner, accounts), "address": found.name, "port": found.port, "v6only": found.v6only}


def _unix_listener(host: Host, found: Listening, owner: Optional[Process], accounts: Accounts) -> "UnixListener":
    path = found.name
    if not path.startswith("/") and owner and owner.cwd:
        # Bound by a relative name: relative to where the daemon works.
        path = os.path.normpath(os.path.join(owner.cwd, path))
    return {
        **_listener(found, owner, accounts),
        "path": path,
        "file": socket_file(host, path, found.file_inode, accounts),
    }


def _listener(found: Listening, owner: Optional[Process], accounts: Accounts) -> "Listener":
    return {
        "pid": owner.pid if owner else None,
        "process": owner.name if owner else None,
        "user": accounts.user(owner.uid) if owner else None,
        "unit": owner.unit if owner else None,
        "log": None,
        "state": owner.state if owner else None,
        "queue": found.queue,
        "backlog": found.backlog,
        "accepting": None,
        "out_of_files": None,
        "waiting": None,
    }
