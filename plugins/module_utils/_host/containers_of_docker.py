# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker's containers, by the files that it keeps of them.

Private to this collection: it may change in any release.
"""

import json
import re
import time
from typing import TYPE_CHECKING, Any, Dict, List, Mapping

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.compose_labels import by_compose
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import (
    JOURNAL,
    LIMIT,
    NEVER_STARTED,
    add_listeners,
    after,
    json_in,
    new_container,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.own_log import end_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import that_say_why

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container

YOUNG_SECONDS = 60
ROOTS = ("/var/lib/docker", "/var/snap/docker/common/var-lib-docker")
#: What docker says around the words that say why.
_AROUND = re.compile(
    r"^.*(?:OCI runtime create failed|unable to start container process|on endpoint .*\)): |: unknown$"
)


def of_docker(host: Host, processes: Processes) -> "Dict[str, Container]":
    """docker's containers by their IDs, also those that do not run."""
    root = json_in(host, "/etc/docker/daemon.json").get("data-root")
    roots = [root] if isinstance(root, str) else ROOTS
    found: "Dict[str, Container]" = {}
    for path in [path for root in roots for path in host.glob(root + "/containers/*/config.v2.json")][:LIMIT]:
        folder = path[: -len("config.v2.json")]
        number, config, wanted = path.split("/")[-2], json_in(host, path), json_in(host, folder + "hostconfig.json")
        made = found[number] = new_container("docker", str(config.get("Name") or number[:12]).lstrip("/"))
        _add_state(host, made, config, processes, int(wanted.get("Memory") or 0))
        _add_networks(made, (config.get("NetworkSettings") or {}).get("Networks") or {})
        made["volumes"] = {
            inside: mount["Source"]
            for inside, mount in (config.get("MountPoints") or {}).items()
            if isinstance(mount, dict) and isinstance(mount.get("Source"), str) and mount["Source"]
        }
        made["compose"] = by_compose(host, (config.get("Config") or {}).get("Labels") or {})
        driver = (wanted.get("LogConfig") or {}).get("Type") or "json-file"
        made["log"] = {"json-file": "%s%s-json.log" % (folder, number), "journald": JOURNAL + number}.get(driver)
        if driver == "json-file" and (made["ended"] or made["restarts"]):
            made["last_words"] = words_of_log(host, str(made["log"]))
        mode = str(wanted.get("NetworkMode"))
        made["shares"] = mode.partition("container:")[2] or None
        if mode == "host":
            made["host_network"] = True
            exposed = (config.get("Config") or {}).get("ExposedPorts") or {}
            _add_ports(made, {port: [{"HostPort": port.partition("/")[0]}] for port in exposed})
        else:
            bound, there = wanted.get("PortBindings") or {}, (config.get("NetworkSettings") or {}).get("Ports") or {}
            made["published"] = not made["running"] or not bound or bool(there)
            _add_ports(made, {**bound, **there})
    for made in found.values():
        shared = found.get(made["shares"] or "")
        made["shares"] = shared["name"] if shared else made["shares"]
    for process in processes.find(name="docker-proxy$"):
        to = after(process.argv, "-container-ip")
        for made in found.values():
            if to in made["addresses"]:
                made["proxies"].append(process.pid)
    return found


def _add_networks(made: "Container", networks: Mapping[str, Any]) -> None:
    """Add its networks, and its names and addresses in them."""
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


def _add_state(host: Host, made: "Container", config: Mapping[str, Any], processes: Processes, limit: int) -> None:
    """Add whether docker's container runs, how it has ended, and how often docker has started it again."""
    state = config.get("State") or {}
    made["running"] = bool(state.get("Running")) and state.get("Pid") in processes.by_pid
    made["paused"] = made["running"] and bool(state.get("Paused"))
    if made["running"]:
        made["since"] = processes.by_pid[state["Pid"]].started
        made["health"] = (state.get("Health") or {}).get("Status")
        add_listeners(host, made, state["Pid"])
    elif not state.get("Running") or state.get("Restarting"):
        made["ended"] = _ended(config, limit)
    # One that docker starts again and again runs for moments.
    if not made["since"] or time.time() - made["since"] < YOUNG_SECONDS:
        made["restarts"] = int(config.get("RestartCount") or 0)


def _ended(config: Mapping[str, Any], limit: int) -> str:
    """How a container came not to run, in words. limit: bytes of memory that it may have, 0 for no limit."""
    state = config.get("State") or {}
    how = "exit code %s" % state.get("ExitCode")
    if str(state.get("StartedAt")).startswith("0001"):
        how = NEVER_STARTED
    elif state.get("OOMKilled"):
        how += ", killed for memory" + (" at its limit of %d MB" % (limit >> 20) if limit else "")
    elif config.get("HasBeenManuallyStopped"):
        how += ", stopped by hand"
    said = that_say_why([_AROUND.sub("", str(state.get("Error") or ""))])
    return how + "".join("; docker says: " + one for one in said)


def words_of_log(host: Host, path: str) -> List[str]:
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
