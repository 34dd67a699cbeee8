# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers of a host: what their engines' files and the process table say. No engine is asked, and none is looked into.

Private to this collection: it may change in any release.
"""

import calendar
import json
import re
import time
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.inside_listeners import (
    in_hosts_network,
    inside_listeners,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.own_log import end_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.programs_inside import programs_beside_nginx
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import that_say_why
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.user_programs import accounts_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.inside_listeners import InsideListener
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listeners

    class Inside(TypedDict):
        """A daemon in a container."""

        name: str  # nginx | PHP-FPM
        pid: int  # as this host numbers it

    class Container(TypedDict):
        """One container."""

        engine: str  # docker | podman | containerd | lxc | systemd-nspawn
        name: str
        user: Optional[str]  # whose own it is, which the engine's root does not show; None: root's
        running: bool
        since: Optional[float]  # when its first process was started; None: it does not run, or that is not known
        ended: Optional[str]  # how one that does not run has ended, in words; None: not known
        restarts: int  # how often its engine has started it again by itself
        # Of one that does not run, was started again or has programs beside its nginx, by the log that its engine keeps.
        last_words: List[str]
        inside: List[Inside]
        host_network: bool  # it has the host's own network: its ports are the host's
        addresses: List[str]  # those that it has, or that are set for it
        ports: Dict[str, int]  # its own port by the port of the host that leads to it
        unpublished: List[int]  # its own ports to which none of the host leads
        proxies: List[int]  # processes of the host that listen for it
        # What it prints: the file that its engine keeps of that, or the field of the journal; None: not known.
        log: Optional[str]
        networks: List[str]
        aliases: List[str]  # other names that it has in them: that of its service
        listens: List[InsideListener]  # in a network of its own, or sockets whose path the host has not
        programs: List[str]  # what runs beside its nginx
        volumes: Dict[str, str]  # the path on the host by the one in it, as far as the engine says so in a file


LIMIT, YOUNG_SECONDS = 200, 60
DOCKER_ROOTS = ("/var/lib/docker", "/var/snap/docker/common/var-lib-docker")
PODMAN = "/var/lib/containers/storage/overlay-containers/containers.json"
PODMANS_OF_USERS = "/.local/share/containers/storage/overlay-containers/containers.json"
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
#: The field of the journal by which engines mark what a container prints.
JOURNAL = "CONTAINER_ID_FULL="
_LOCAL = re.compile(r"\|-- ([\d.]+)\n +/32 host LOCAL")
MASTERS = (("nginx", "nginx: master process "), ("PHP-FPM", "php-fpm: master process "))


def container_facts(host: Host, processes: Processes, listeners: "Optional[Listeners]" = None) -> "List[Container]":
    """The containers of docker and podman, and those of any engine in which an nginx or a PHP-FPM runs.

    A listener that the host sees, and that only a container can be reached at, is taken out of listeners.
    """
    found = _of_docker(host, processes)
    found.update(_of_podman(host, processes))
    for process in processes.oldest_first():
        inside = next((name for name, title in MASTERS if process.title.startswith(title)), None)
        if inside and process.foreign:
            engine, number = _container_of(process)
            if number not in found:
                found[number] = _container(engine, _name(host, engine, number))
            found[number]["running"] = True
            found[number]["inside"].append({"name": inside, "pid": process.pid})
            _add_listeners(host, found[number], process.pid)
    for made, names in programs_beside_nginx(processes, found.values()):
        made["programs"] = names
        if made["engine"] == "docker" and (made["log"] or "").startswith("/"):
            made["last_words"] = made["last_words"] or _last_words(host, str(made["log"]))
    for process, listens in in_hosts_network(host, processes, listeners):
        engine, number = _container_of(process)
        made = found.setdefault(number, _container(engine, _name(host, engine, number)))
        made["running"] = made["host_network"] = True
        made["listens"].append(listens)
    return list(found.values())[:LIMIT]


def _container(engine: str, name: str) -> "Container":
    return {
        "engine": engine, "name": name, "user": None, "running": False, "since": None, "ended": None, "restarts": 0, "last_words": [], "inside": [],
        "host_network": False, "addresses": [], "ports": {}, "unpublished": [], "proxies": [], "log": None, "networks": [], "aliases": [],
        "listens": [], "programs": [], "volumes": {},
    }  # fmt: skip


def _add_listeners(host: Host, made: "Container", pid: int) -> None:
    """Add what listens in the network of one of its processes, unless that is known."""
    made["listens"] = made["listens"] or inside_listeners(host, pid)
    network = host.readlink("/proc/%d/ns/net" % pid)
    if network and network == host.readlink("/proc/self/ns/net"):
        made["host_network"] = True
    elif network and not made["addresses"]:
        found = _LOCAL.findall(host.read("/proc/%d/net/fib_trie" % pid) or "")
        made["addresses"] = [one for one in dict.fromkeys(found) if not one.startswith("127.")]


def _container_of(process: Process) -> Tuple[str, str]:
    """The engine and the ID of the innermost container that a process runs in; a namespace of its own where no engine is known."""
    path = max(process.cgroup().splitlines(), key=len, default="")
    found = [(named.start(), engine, named.group(1)) for engine, pattern in CGROUPS for named in pattern.finditer(path)]
    return max(found)[1:] if found else ("container", "of process %d" % process.pid)


def _name(host: Host, engine: str, number: str) -> str:
    """What people call it: containerd keeps that beside what it runs."""
    if engine == "containerd":
        for path in host.glob(CONTAINERD % number)[:1]:
            notes = _json(host, path).get("annotations") or {}
            names = [notes[key] for key in NAMED_BY if isinstance(notes.get(key), str)]
            if names:
                return "/".join(dict.fromkeys(names))
    return number[:12] if re.match("[0-9a-f]{64}$", number) else number


def _json(host: Host, path: str) -> Dict[str, Any]:
    """An object in a file; empty where it cannot be read."""
    try:
        found = json.loads(host.read(path) or "{}")
    except ValueError:
        found = {}
        host.unseen("container", "%s is no JSON, or too large" % path)
    return found if isinstance(found, dict) else {}


def _of_docker(host: Host, processes: Processes) -> "Dict[str, Container]":
    """docker's containers by their IDs, also those that do not run."""
    root = _json(host, "/etc/docker/daemon.json").get("data-root")
    roots = [root] if isinstance(root, str) else DOCKER_ROOTS
    found: "Dict[str, Container]" = {}
    for path in [path for root in roots for path in host.glob(root + "/containers/*/config.v2.json")][:LIMIT]:
        config = _json(host, path)
        networks = (config.get("NetworkSettings") or {}).get("Networks") or {}
        made = _container("docker", str(config.get("Name") or path.split("/")[-2][:12]).lstrip("/"))
        _add_state(host, made, config, processes)
        made["networks"] = list(networks)
        for network in networks.values():
            network = network or {}
            made["aliases"] += network.get("Aliases") or []
            own = (
                network.get("IPAddress"),
                network.get("GlobalIPv6Address"),
                (network.get("IPAMConfig") or {}).get("IPv4Address"),
            )
            made["addresses"] += [one for one in own if one and one not in made["addresses"]]
        wanted = _json(host, path[: -len("config.v2.json")] + "hostconfig.json")
        made["volumes"] = {
            inside: mount["Source"]
            for inside, mount in (config.get("MountPoints") or {}).items()
            if isinstance(mount, dict) and isinstance(mount.get("Source"), str) and mount["Source"]
        }
        number = path.split("/")[-2]
        driver = (wanted.get("LogConfig") or {}).get("Type") or "json-file"
        kept = {"json-file": path[: -len("config.v2.json")] + number + "-json.log", "journald": JOURNAL + number}
        made["log"] = kept.get(driver)
        if driver == "json-file" and (made["ended"] or made["restarts"]):
            made["last_words"] = _last_words(host, kept[driver])
        if wanted.get("NetworkMode") == "host":
            made["host_network"] = True
            exposed = (config.get("Config") or {}).get("ExposedPorts") or {}
            _add_ports(made, {port: [{"HostPort": port.partition("/")[0]}] for port in exposed})
        else:
            bound = wanted.get("PortBindings")
            _add_ports(made, {**(bound or {}), **((config.get("NetworkSettings") or {}).get("Ports") or {})})
        found[number] = made
    for process in processes.find(name="docker-proxy$"):
        to = _after(process.argv, "-container-ip")
        for made in found.values():
            if to in made["addresses"]:
                made["proxies"].append(process.pid)
    return found


def _add_state(host: Host, made: "Container", config: Mapping[str, Any], processes: Processes) -> None:
    """Add whether docker's container runs, how it has ended, and how often docker has started it again."""
    state = config.get("State") or {}
    made["running"] = bool(state.get("Running")) and state.get("Pid") in processes.by_pid
    if made["running"]:
        made["since"] = processes.by_pid[state["Pid"]].started
        _add_listeners(host, made, state["Pid"])
    elif not state.get("Running") or state.get("Restarting"):
        memory = ", killed for memory" if state.get("OOMKilled") else ""
        made["ended"] = "exit code %s%s" % (state.get("ExitCode"), memory)
    if not made["running"] or _is_young(str(state.get("StartedAt"))):
        made["restarts"] = int(config.get("RestartCount") or 0)


def _is_young(started: str) -> bool:
    """Whether a container that runs was started just now: one that docker starts again and again runs for moments."""
    try:
        return time.time() - calendar.timegm(time.strptime(started[:19], "%Y-%m-%dT%H:%M:%S")) < YOUNG_SECONDS
    except ValueError:
        return False


def _last_words(host: Host, path: str) -> List[str]:
    """The last lines of docker's log of a container that say why it ended."""
    said = []
    for line in end_of(host, path, "root", Accounts(host), None):
        try:
            said.append(str(json.loads(line)["log"]).rstrip())
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return that_say_why(said)


def _add_ports(made: "Container", ports: Mapping[str, Any]) -> None:
    """Add what docker says of a container's own ports: which port of the host leads to each, or that none does."""
    for own_port, places in ports.items():
        number, _slash, protocol = own_port.partition("/")
        if protocol == "tcp" and number.isdecimal():
            there = [place["HostPort"] for place in places or [] if str(place.get("HostPort")).isdecimal()]
            made["ports"].update((port, int(number)) for port in there)
            made["unpublished"] += [] if there else [int(number)]


def _of_podman(host: Host, processes: Processes) -> "Dict[str, Container]":
    """podman's containers by their IDs. Which of them run shows by their monitors, which also hold their ports."""
    found: "Dict[str, Container]" = {}
    users = [(one.name, one.home + PODMANS_OF_USERS) for one in accounts_of(host) if one.home != "/root"]
    for user, path in [(None, PODMAN), *users]:
        try:
            kept = json.loads(host.read(path) or "[]")
        except (ValueError, RecursionError):
            kept = []
        for one in kept[:LIMIT] if isinstance(kept, list) else []:
            names = one.get("names") if isinstance(one, dict) else None
            if names and isinstance(names, list):
                made = found[printable(str(one.get("id")), 64)] = _container("podman", printable(str(names[0]), 80))
                made["user"] = user
    for process in processes.find(name="conmon$"):
        number, name = _after(process.argv, "-c"), _after(process.argv, "-n")
        if number:
            made = found.setdefault(number, _container("podman", name or number[:12]))
            made["running"] = True
            made["proxies"].append(process.pid)
            log = _after(process.argv, "-l") or ""
            made["log"] = JOURNAL + number if log == "journald" else log.partition(":")[2] or None
            for child in processes.children_of(process.pid)[:1]:
                _add_listeners(host, made, child.pid)
    return found


def _after(words: List[str], option: str) -> Optional[str]:
    """The value of an option on a command line."""
    return next((value for word, value in zip(words, words[1:]) if word == option), None)
