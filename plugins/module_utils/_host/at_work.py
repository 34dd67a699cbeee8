# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a run from changing a host now: a file that says so, and others who are changing it.

Private to this collection: it may change in any release.
"""

import contextlib
import fcntl
import os
import re
import struct
from typing import TYPE_CHECKING, List, Optional, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class GuardFacts(TypedDict):
        """The facts `guard`. stop: the first line of the stop file, None where there is none; busy: who is changing the host, in words."""

        stop: Optional[str]
        busy: List[str]


STOP = "/etc/bad_gateway/stop"
#: Files that a program locks while it works.
LOCKED = {
    "dpkg": ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"),
    "rpm": ("/usr/lib/sysimage/rpm/.rpm.lock", "/var/lib/rpm/.rpm.lock", "/run/dnf/rpmtransaction.lock"),
}
#: Files with the process that works, and what its command line has.
NAMED = {
    "dnf|yum|packagekit": ("/var/lib/dnf/rpmdb_lock.pid", "/var/run/yum.pid"),
    "zypp": ("/run/zypp.pid",),
    "puppet": (
        "/opt/puppetlabs/puppet/cache/state/agent_catalog_run.lock",
        "/var/lib/puppet/state/agent_catalog_run.lock",
        "/var/cache/puppet/state/agent_catalog_run.lock",
    ),
    "chef|cinc": ("/var/chef/cache/chef-client-running.pid", "/var/cinc/cache/cinc-client-running.pid"),
}
#: What Ansible calls what it runs on a host.
ANSIBLE = re.compile(r"AnsiballZ_|BECOME-SUCCESS-|^/bin/sh -c \S+ && sleep 0$")
LINE = 200
_FLOCK = "hhqqi"


def guard_facts(host: Host, processes: Processes) -> "GuardFacts":
    return {"stop": stop_line(host), "busy": at_work(host, processes)}


def stop_line(host: Host) -> Optional[str]:
    """The first line of the stop file, empty where it has none or can't be read; None where there is no such file."""
    if not os.path.lexists(host.path(STOP)):
        return None
    return ((host.read(STOP, LINE) or "").strip().splitlines() or [""])[0]


def at_work(host: Host, processes: Processes) -> List[str]:
    """Who is changing this host just now: package managers, configuration managers, another run of Ansible."""
    found = {}
    for paths in LOCKED.values():
        for path in paths:
            pid = _locked_by(host, path)
            if pid is not None:
                found[pid] = path
    for pattern, paths in NAMED.items():
        for path in paths:
            text = (host.read(path, 20) or "").strip()
            process = processes.by_pid.get(int(text)) if text.isdecimal() else None
            if process and re.search(pattern, process.title):
                found[process.pid] = path
    names = {pid: process.name for pid, process in processes.by_pid.items()}
    busy = ["%s (pid %d, %s)" % (names.get(pid, "somebody"), pid, path) for pid, path in sorted(found.items())]
    other = _other_ansible(processes)
    return busy + (["another run of Ansible (pid %d)" % other] if other else [])


def _locked_by(host: Host, path: str) -> Optional[int]:
    """The process that has a file locked for writing; None where none has."""
    with contextlib.suppress(OSError):
        descriptor = os.open(host.path(path), os.O_RDONLY | os.O_NONBLOCK)
        try:
            asked = struct.pack(_FLOCK, fcntl.F_RDLCK, 0, 0, 0, 0)
            kind, _whence, _start, _length, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
            return pid if kind == fcntl.F_WRLCK else None
        finally:
            os.close(descriptor)
    return None


def _other_ansible(processes: Processes) -> Optional[int]:
    """Root's oldest process of a run of Ansible that did not come over this one's connection."""
    ours = _line_of(processes, os.getpid())
    for process in processes.oldest_first():
        is_ansible = ANSIBLE.search(process.title) and process.uid == 0 and not process.foreign
        if is_ansible and not ours.intersection(_line_of(processes, process.pid)):
            return process.pid
    return None


def _line_of(processes: Processes, pid: int) -> Set[int]:
    """A process and those that it comes from, up to the daemon that let it in."""
    line: Set[int] = set()
    while pid in processes.by_pid and pid not in line:
        process = processes.by_pid[pid]
        if process.parent <= 1 and re.search(r"sshd.*( -D|\[listener\])", process.title):
            break
        line.add(pid)
        pid = process.parent
    line.discard(1)
    return line
