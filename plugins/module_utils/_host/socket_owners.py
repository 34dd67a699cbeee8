# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process holds a socket, and which log it writes.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import Dict, Iterable, Iterator, NamedTuple, Optional, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes

FILES_PER_PROCESS = 4096
_LOG = re.compile(r"/(?!\S*access)\S+(?:\.(?:log|err|out)|_log)")


class Owners(NamedTuple):
    """The processes that hold sockets, by the inodes of these, and the log that each process has open, by its number."""

    processes: Dict[int, Process]
    logs: Dict[int, Optional[str]]


def socket_owners(host: Host, processes: Processes, inodes: Set[int]) -> Owners:
    """The oldest process that holds each socket. PID 1 comes last: it holds what it only opened for a service."""
    owners: Dict[int, Process] = {}
    logs: Dict[int, Optional[str]] = {}
    refused = 0
    for process in sorted(processes.oldest_first(), key=lambda process: process.pid == 1):
        if len(owners) == len(inodes):
            break
        files = _open_files(host, process.pid)
        refused += files is None
        held = _sockets(files or ()) & inodes
        if held:
            logs[process.pid] = _log(files or ())
        for inode in held:
            owners.setdefault(inode, process)
    if refused and len(owners) < len(inodes):
        host.unseen("owners of some listeners", "open files of %d processes cannot be read" % refused)
    return Owners(owners, logs)


def held_sockets(host: Host, pid: int) -> Optional[Set[int]]:
    """Inodes of the sockets that a process holds; None where that is refused."""
    files = _open_files(host, pid)
    return None if files is None else _sockets(files)


def _sockets(files: Iterable[str]) -> Set[int]:
    """The inodes of the sockets among open files."""
    return {int(target[8:-1]) for target in files if target.startswith("socket:[")}


def _log(files: Iterable[str]) -> Optional[str]:
    """The log among open files, by its name; None where there is none. Of an access log, which has nothing of what goes wrong, nothing is said."""
    return min(filter(_LOG.fullmatch, files), key=lambda path: ("err" not in path, path), default=None)


def _open_files(host: Host, pid: int) -> Optional[Set[str]]:
    """Where the open files of a process lie; None where that is refused."""
    try:
        # Names are looked up from the folder on: its own path takes longer than a name in it.
        folder = os.open(host.path("/proc/%d/fd" % pid), os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:
        return None
    except OSError:
        return set()
    try:
        return set(_targets(folder))
    except OSError:  # it has ended meanwhile
        return set()
    finally:
        os.close(folder)


def _targets(folder: int) -> Iterator[str]:
    """Where the links in an open folder lead. Raises OSError."""
    names = os.listdir(folder)
    if len(names) > FILES_PER_PROCESS:
        names = sorted(names, key=int)[:FILES_PER_PROCESS]
    for name in names:
        try:
            yield os.readlink(name, dir_fd=folder)
        except OSError:
            continue
