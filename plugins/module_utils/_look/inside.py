# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look at an nginx in a container, from a process of its own that has the container's network: its files, its log, what it answers, whom it reaches.

Nothing of a container is run or loaded: its files are read by descriptors, its names asked of its name servers. Where its nginx is not root's, with the
rights of that nginx.

Private to this collection: it may change in any release.
"""

import os
import re
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.container_root import ContainerRoot
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import printed_by_fpm
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.deadline import Deadline
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.interfaces import interface_addresses
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import listener_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.run_as import (
    CLONE_NEWNET,
    become,
    enter,
    of_process,
    reported_by_child,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_file import socket_file
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.facts import log_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.names_inside import names_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_check import Verdict
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.config_files import ConfigFiles
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import facts_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.instance import in_container

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.gateway_facts import GatewayFacts

#: Containers that are looked into, and the seconds for all of them.
MOST, SECONDS = 8, 120.0
NOT_LOOKED_INTO = "%s runs in container %s (%s), pid %d, not looked into"
_ZONE = re.compile(r":?(?:.*/zoneinfo/)?([A-Z][\w+-]*(?:/[\w+-]+)*)\Z")

#: What asks and reaches, once the files are read.
Ask = Callable[[Host, "GatewayFacts"], None]


def look_inside(host: Host, facts: "GatewayFacts", window: float, ask: Ask) -> "List[GatewayFacts]":
    """The facts of each container in which an nginx runs, as if it were a host; why one is not looked into goes to the host's unknown."""
    found: "List[GatewayFacts]" = []
    limit = Deadline(SECONDS)
    nginxes = [(one, each["pid"]) for one in facts["containers"] for each in one["inside"] if each["name"] == "nginx"]
    processes = Processes(host) if nginxes else None
    for number, (container, pid) in enumerate(nginxes):
        master, why = processes.by_pid.get(pid) if processes else None, "more than %d of them" % MOST
        seen: Dict[str, Any] = {}
        if processes and master and number < MOST:
            look = partial(_look, host, facts, container, processes, master, window, ask)
            seen = {key: value for one in reported_by_child(None, look, limit) for key, value in one.items()}
            why = seen.get("failed") or "it takes too long"
        if "facts" in seen:
            found.append(seen["facts"])
        else:
            said = NOT_LOOKED_INTO % ("nginx", container["name"], container["engine"], pid)
            host.unseen("nginx", "%s: %s" % (said, why))
    return found


def _look(
    host: Host,
    facts: "GatewayFacts",
    container: "Container",
    processes: Processes,
    master: Process,
    window: float,
    ask: Ask,
    report: Callable[[Any], None],
) -> None:
    """The whole life of the process that looks into a container."""
    log = container["log"] or ""
    printed = printed_by_fpm(facts["containers"])
    root = ContainerRoot("/proc/%d/root" % master.pid, {path: path for path in [log, *printed] if path.startswith("/")})
    listeners = _enter(host, processes, master)
    accounts = Accounts(root)
    for one in listeners["unix"] if listeners else []:
        one["file"] = socket_file(root, one["path"], None, accounts)
    names = names_of(root)
    setattr(socket, "getaddrinfo", names.getaddrinfo)  # noqa: B010  this process asks for names as the container does, whoever asks
    _set_zone(host, root, master.pid)
    addresses = sorted(one.split("/")[0] for each in (interface_addresses(host) or {}).values() for one in each)
    nginx = in_container(host, processes, master)
    files = ConfigFiles(root, nginx.conf_path)
    seen = facts_of(host, nginx, files, files.facts(), Verdict(None, None, None, ""), accounts, None)
    logs = [path for path in seen["error_logs"] if root.exists(path)]
    seen["error_logs"] = logs + [log] * bool(log and (len(logs) < len(seen["error_logs"]) or seen["other_logs"]))
    sources = [(path, "nginx") for path in seen["error_logs"]]
    sources += [(path, "php_fpm") for path in dict.fromkeys(_logs_of_fpm(listeners) + printed) if path.startswith("/")]
    now = time.time()
    inside: "GatewayFacts" = {
        **facts, "clock": {**facts["clock"], "now": now}, "system": {**facts["system"], "addresses": addresses}, "listeners": listeners,
        "connections": None, "units": None, "nginx": seen, "php_fpm": [], "containers": [], "container": container, "user_programs": [],
        "php_fpm_gone": [], "firewall": None, "selinux": None, "disks": [], "journal": None,
        "log": log_facts(root, sources, window, now), "unknown": root.unknown,
    }  # fmt: skip
    ask(root, inside)
    report({"facts": inside})


def _logs_of_fpm(listeners: "Optional[Listeners]") -> List[str]:
    """The files that a PHP-FPM beside nginx logs to."""
    found = [*listeners["tcp"], *listeners["unix"]] if listeners else []
    return [one["log"] or "" for one in found if (one["process"] or "").startswith("php-fpm")]


def _enter(host: Host, processes: Processes, master: Process) -> "Optional[Listeners]":
    """Enter a container's network, and give up the rights that its nginx has not; what listens in that network."""
    enter("/proc/%d/ns/net" % master.pid, CLONE_NEWNET)
    listeners = listener_facts(host, processes)
    identity = of_process(master.pid)
    if identity.uid:
        become(identity._replace(mounts=None))
    return listeners


def _set_zone(host: Host, root: Host, pid: int) -> None:
    """Read the times of logs in the container's zone: that of its environment or of its /etc/localtime, UTC where it has none."""
    said = re.search(r"(?:^|\0)TZ=([^\0]*)", host.read("/proc/%d/environ" % pid) or "")
    zone = _ZONE.match(said.group(1) if said else root.readlink("/etc/localtime") or "")
    if zone or not root.exists("/etc/localtime"):
        os.environ["TZ"] = zone.group(1) if zone else "UTC0"
        time.tzset()
