# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman's containers, by the lists and the database that it keeps, and by their monitors.

Private to this collection: it may change in any release.
"""

import json
import re
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
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.podman_database import Kept, kept_by_podman
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import that_say_why
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.user_programs import accounts_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container

STORAGE, OF_USERS = "/var/lib/containers/storage", "/.local/share/containers/storage"
#: By the driver of the storage: overlay, or vfs where there is nothing better.
LISTS = "/*-containers/containers.json"
SETTINGS = STORAGE + "/overlay-containers/%s/userdata/config.json"
#: The network that those have which are given none, and in which no names are known: https://docs.podman.io/en/latest/markdown/podman-network.1.html
DEFAULT, ADDRESSES = "podman", "10.88."
#: https://github.com/containers/podman/blob/main/libpod/define/containerstate.go
PAUSED = 5
#: The label of those that a unit runs.
UNIT = "PODMAN_SYSTEMD_UNIT"
LINES = 20
#: What stands before a line in a file of what a container prints.
_BEFORE = re.compile(r"^\S+ std(?:out|err) [FP] ")


def of_podman(host: Host, processes: Processes) -> "Dict[str, Container]":
    """podman's containers by their IDs. Which of them run shows by their monitors, which also hold their ports."""
    found: "Dict[str, Container]" = {}
    database: Dict[str, Kept] = {}
    users = [(one.name, one.home + OF_USERS) for one in accounts_of(host) if one.home != "/root"]
    for user, storage in [(None, STORAGE), *users]:
        for path in host.glob(storage + LISTS):
            for listed, called in _listed(host, path).items():
                found[listed] = new_container("podman", called)
                found[listed]["user"] = user
            database.update(kept_by_podman(host, storage))
    _add_monitors(host, processes, found)
    for number, made in found.items():
        made["networks"] = [DEFAULT] if any(one.startswith(ADDRESSES) for one in made["addresses"]) else []
        if made["user"] is None:
            made["volumes"] = _volumes(json_in(host, SETTINGS % number))
        if number in database:
            _add_kept(host, number, made, database[number])
    for made in found.values():
        shared = found.get(made["shares"] or "")
        made["shares"] = shared["name"] if shared else made["shares"]
    return found


def _add_monitors(host: Host, processes: Processes, found: "Dict[str, Container]") -> None:
    """Add what the monitors say of those that run, and the containers that are in no list."""
    for process in processes.find(name="conmon$"):
        number, name = after(process.argv, "-c"), after(process.argv, "-n")
        if number:
            made = found.setdefault(number, new_container("podman", name or number[:12]))
            made["running"] = True
            made["proxies"].append(process.pid)
            log = after(process.argv, "-l") or ""
            made["log"] = JOURNAL + number if log == "journald" else log.partition(":")[2] or None
            for child in processes.children_of(process.pid)[:1]:
                made["since"] = child.started
                add_listeners(host, made, child.pid)


def _listed(host: Host, path: str) -> Dict[str, str]:
    """The names of the containers in a list, by their IDs."""
    try:
        kept = json.loads(host.read(path) or "[]")
    except (ValueError, RecursionError):
        kept = []
    listed = [one for one in kept[:LIMIT] if isinstance(one, dict)] if isinstance(kept, list) else []
    return {
        printable(str(one.get("id")), 64): printable(str(one["names"][0]), 80)
        for one in listed
        if one.get("names") and isinstance(one["names"], list)
    }


def _add_kept(host: Host, number: str, made: "Container", kept: Kept) -> None:
    """Add what podman's database has of a container."""
    config, state = kept.config, kept.state
    labels = config.get("labels") or {}
    made["compose"] = by_compose(host, labels)
    made["unit"] = printable(str(labels[UNIT]), 200) if labels.get(UNIT) else None
    made["ports"] = _ports(config)
    made["host_network"] = made["host_network"] or config.get("networkMode") == "host"
    made["shares"] = config.get("netNsCtr") or None
    made["restarts"] = int(state.get("restartCount") or 0)
    made["paused"] = made["running"] and state.get("state") == PAUSED
    if kept.networks:
        made["networks"] = list(kept.networks)
        aliases = [one for network in kept.networks.values() for one in (network or {}).get("aliases") or []]
        made["aliases"] = [str(one) for one in aliases if not number.startswith(str(one))]
    if not made["running"]:
        made["ended"] = _ended(state)
        made["log"] = JOURNAL + number
        if config.get("logDriver") != "journald":
            made["log"] = config.get("logPath") or "%s/ctr.log" % config.get("staticDir")
        made["last_words"] = [] if made["ended"] == NEVER_STARTED else _last_words(host, made)


def _ports(config: Mapping[str, Any]) -> Dict[str, int]:
    """A container's own port by that of the host which leads to it. Of the host's network: the ports that it says it has."""
    if config.get("networkMode") == "host":
        return {str(port): int(port) for port in config.get("exposedPorts") or {} if str(port).isdecimal()}
    found = {}
    for one in config.get("newPortMappings") or config.get("portMappings") or []:
        # Before podman 4 they had other names.
        here, there = one.get("host_port", one.get("hostPort")), one.get("container_port", one.get("containerPort"))
        if here and there and "tcp" in str(one.get("protocol")):
            found.update({str(here + more): there + more for more in range(min(one.get("range") or 1, LIMIT))})
    return found


def _ended(state: Mapping[str, Any]) -> str:
    """How a container came not to run, in words."""
    if str(state.get("startedTime", "0001")).startswith("0001"):
        return NEVER_STARTED
    how = "exit code %s" % state.get("exitCode", 0)
    if state.get("oomKilled"):
        return how + ", killed for memory"
    return how + ", stopped by hand" if state.get("stoppedByUser") else how


def _last_words(host: Host, made: "Container") -> List[str]:
    """The last lines that a container printed and that say why it ended."""
    log = made["log"] or ""
    if log.startswith("/"):
        return that_say_why([_BEFORE.sub("", line) for line in end_of(host, log, "root", Accounts(host), None)])
    asked = ["journalctl", "--no-pager", "--quiet", "-o", "cat", "-n", str(LINES), log]
    return that_say_why(host.run(asked).out.splitlines())


def _volumes(settings: Mapping[str, Any]) -> Dict[str, str]:
    """What a container has mounted from the host, by what its runtime was told, without the files that podman makes for it."""
    mounts = [one for one in settings.get("mounts") or [] if isinstance(one, dict) and one.get("type") == "bind"]
    paths = [(str(one.get("destination")), str(one.get("source"))) for one in mounts]
    return {there: here for there, here in paths if here.startswith("/") and "/userdata/" not in here}
