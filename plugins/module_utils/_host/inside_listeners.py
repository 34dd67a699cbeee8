# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens in a container, by the kernel's tables of its network, and where its sockets are for the host.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import bracketed
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listening_sockets import (
    parse_proc_tcp,
    parse_proc_unix,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners

    class InsideListener(TypedDict):
        """A listening socket of a container, as it is named there. here: the path that a unix socket has on the host; None where its folder is not shared."""

        address: str
        here: Optional[str]


MOST = 50
#: docker's own name server, in each of its containers.
ENGINES_OWN = "127.0.0.11"
_TABLES = 1024 * 1024


class Mount(NamedTuple):
    """A row of mountinfo: which folder (root) of which file system is seen where."""

    device: str
    root: str
    point: str


def inside_listeners(host: Host, pid: int) -> "List[InsideListener]":
    """What listens in the network of a process; empty where that is the host's own, whose listeners are known, or cannot be read."""
    folder = "/proc/%d/" % pid
    network = host.readlink(folder + "ns/net")
    if network in (None, host.readlink("/proc/self/ns/net")):
        return []
    tcp = [one for name in ("tcp", "tcp6") for one in parse_proc_tcp(host.read(folder + "net/" + name, _TABLES) or "")]
    paths = [one.name for one in parse_proc_unix(host.read(folder + "net/unix", _TABLES) or "") if one.name[:1] == "/"]
    there, ours = mounts(host, folder + "mountinfo"), mounts(host, "/proc/self/mountinfo")
    found: "List[InsideListener]" = [
        {"address": "tcp:%s:%d" % (bracketed(one.name), one.port), "here": None}
        for one in tcp
        if one.name != ENGINES_OWN
    ]
    found += [{"address": "unix:" + path, "here": shared_path(host, there, ours, path)} for path in paths[:MOST]]
    return found[:MOST]


def in_hosts_network(
    host: Host, processes: Processes, listeners: "Optional[Listeners]"
) -> "List[Tuple[Process, InsideListener]]":
    """Unix sockets of containers that share the host's network, and whose they are; they are taken out of listeners.

    The kernel lists them among the host's own, by paths of the container, where the host may have nothing or a file of somebody else.
    """
    found: "List[Tuple[Process, InsideListener]]" = []
    if listeners is None:
        return found
    kept = []
    for one in listeners["unix"]:
        owner = processes.by_pid.get(one["pid"]) if one["pid"] else None
        if owner is None or one["file"]["same"] is not False or not owner.foreign:
            kept.append(one)
        elif len(found) < MOST:
            there = mounts(host, "/proc/%d/mountinfo" % owner.pid)
            here = shared_path(host, there, mounts(host, "/proc/self/mountinfo"), one["path"])
            found.append((owner, {"address": "unix:" + one["path"], "here": here}))
    listeners["unix"] = kept
    return found


def mounts(host: Host, path: str) -> List[Mount]:
    """What is mounted, by a process's mountinfo."""
    rows = [line.split() for line in (host.read(path, _TABLES) or "").splitlines()]
    return [Mount(row[2], row[3], row[4]) for row in rows if len(row) > 6]


def shared_path(host: Host, there: List[Mount], ours: List[Mount], path: str) -> Optional[str]:
    """The host's own path of a file of a container, whose folder it has mounted from the host; None where it has not."""
    found = [one for one in there if one.point != "/" and is_below(path, one.point)]
    mount = max(found, key=lambda one: len(one.point), default=None)
    if mount is None:
        return None
    inner = mount.root.rstrip("/") + path[len(mount.point) :]
    for one in ours:
        if one.device == mount.device and is_below(inner, one.root):
            own = one.point.rstrip("/") + "/" + inner[len(one.root) :].lstrip("/")
            if host.exists(own):
                return own
    return None


def is_below(path: str, folder: str) -> bool:
    """Whether a path is in a folder."""
    return folder == "/" or path.startswith(folder + "/")
