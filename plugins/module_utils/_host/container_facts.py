# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers of a host: what their engines' files and the process table say. No engine is asked, and none is looked into.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, List, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import (
    LIMIT,
    add_listeners,
    json_in,
    new_container,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers_of_docker import (
    of_docker,
    words_of_log,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers_of_podman import of_podman
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.inside_listeners import in_hosts_network
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.memory import group_memory
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.programs_inside import programs_beside_nginx

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners

CONTAINERD = "/run/containerd/io.containerd.runtime.v2.task/*/%s/config.json"
NAMED_BY = (
    "io.kubernetes.pod.name",
    "io.kubernetes.cri.sandbox-name",
    "nerdctl/name",
    "io.kubernetes.cri.container-name",
)
#: The ID or name of a container in the path of its control group.
CGROUPS = (
    ("docker", re.compile(r"docker[-/]([0-9a-f]{64})")),
    ("podman", re.compile(r"libpod-([0-9a-f]{64})")),
    ("containerd", re.compile(r"(?:cri-containerd[-:]|crio-|nerdctl-|/kubepods\S*/|/default/)([0-9a-f]{64})")),
    ("lxc", re.compile(r"lxc(?:\.payload\.|/)([^/\n]+)")),
    ("systemd-nspawn", re.compile(r"machine-([^/\n]+?)\.scope")),
)
MASTERS = (("nginx", "nginx: master process "), ("PHP-FPM", "php-fpm: master process "))


def container_facts(host: Host, processes: Processes, listeners: "Optional[Listeners]" = None) -> "List[Container]":
    """The containers of docker and podman, and those of any engine in which an nginx or a PHP-FPM runs.

    A listener that the host sees, and that only a container can be reached at, is taken out of listeners.
    """
    found = of_docker(host, processes)
    found.update(of_podman(host, processes))
    for process in processes.oldest_first():
        inside = next((name for name, title in MASTERS if process.title.startswith(title)), None)
        if inside and process.foreign:
            engine, number = _container_of(process)
            if number not in found:
                found[number] = new_container(engine, _name(host, engine, number))
            found[number]["running"] = True
            found[number]["inside"].append({"name": inside, "pid": process.pid})
            found[number]["memory"] = group_memory(host, process)
            add_listeners(host, found[number], process.pid)
    for made, names in programs_beside_nginx(processes, found.values()):
        made["programs"] = names
        if made["engine"] == "docker" and (made["log"] or "").startswith("/"):
            made["last_words"] = made["last_words"] or words_of_log(host, str(made["log"]))
    for process, listens in in_hosts_network(host, processes, listeners):
        engine, number = _container_of(process)
        made = found.setdefault(number, new_container(engine, _name(host, engine, number)))
        made["running"] = made["host_network"] = True
        made["listens"].append(listens)
    return list(found.values())[:LIMIT]


def _container_of(process: Process) -> Tuple[str, str]:
    """The engine and the ID of the innermost container that a process runs in; a namespace of its own where no engine is known."""
    path = max(process.cgroup().splitlines(), key=len, default="")
    found = [(named.start(), engine, named.group(1)) for engine, pattern in CGROUPS for named in pattern.finditer(path)]
    return max(found)[1:] if found else ("container", "of process %d" % process.pid)


def _name(host: Host, engine: str, number: str) -> str:
    """What people call it: containerd keeps that beside what it runs."""
    if engine == "containerd":
        for path in host.glob(CONTAINERD % number)[:1]:
            notes = json_in(host, path).get("annotations") or {}
            names = [notes[key] for key in NAMED_BY if isinstance(notes.get(key), str)]
            if names:
                return "/".join(dict.fromkeys(names))
    return number[:12] if re.match("[0-9a-f]{64}$", number) else number
