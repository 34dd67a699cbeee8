# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""podman's containers, by the lists that it keeps and by their monitors.

Private to this collection: it may change in any release.
"""

import json
from typing import TYPE_CHECKING, Any, Dict, Mapping

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import (
    JOURNAL,
    LIMIT,
    add_listeners,
    after,
    json_in,
    new_container,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.user_programs import accounts_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container

LISTS = "/var/lib/containers/storage/overlay-containers/containers.json"
SETTINGS = "/var/lib/containers/storage/overlay-containers/%s/userdata/config.json"
#: The network that those have which are given none: https://docs.podman.io/en/latest/markdown/podman-network.1.html
DEFAULT = "10.88."
OF_USERS = "/.local/share/containers/storage/overlay-containers/containers.json"


def of_podman(host: Host, processes: Processes) -> "Dict[str, Container]":
    """podman's containers by their IDs. Which of them run shows by their monitors, which also hold their ports."""
    found: "Dict[str, Container]" = {}
    users = [(one.name, one.home + OF_USERS) for one in accounts_of(host) if one.home != "/root"]
    for user, path in [(None, LISTS), *users]:
        try:
            kept = json.loads(host.read(path) or "[]")
        except (ValueError, RecursionError):
            kept = []
        for one in kept[:LIMIT] if isinstance(kept, list) else []:
            names = one.get("names") if isinstance(one, dict) else None
            if names and isinstance(names, list):
                made = found[printable(str(one.get("id")), 64)] = new_container("podman", printable(str(names[0]), 80))
                made["user"] = user
    for process in processes.find(name="conmon$"):
        number, name = after(process.argv, "-c"), after(process.argv, "-n")
        if number:
            made = found.setdefault(number, new_container("podman", name or number[:12]))
            made["running"] = True
            made["proxies"].append(process.pid)
            log = after(process.argv, "-l") or ""
            made["log"] = JOURNAL + number if log == "journald" else log.partition(":")[2] or None
            for child in processes.children_of(process.pid)[:1]:
                add_listeners(host, made, child.pid)
    for number, made in found.items():
        made["networks"] = ["podman"] if any(one.startswith(DEFAULT) for one in made["addresses"]) else []
        if made["user"] is None:
            made["volumes"] = _volumes(json_in(host, SETTINGS % number))
    return found


def _volumes(settings: Mapping[str, Any]) -> Dict[str, str]:
    """What a container has mounted from the host, by what its runtime was told, without the files that podman makes for it."""
    mounts = [one for one in settings.get("mounts") or [] if isinstance(one, dict) and one.get("type") == "bind"]
    paths = [(str(one.get("destination")), str(one.get("source"))) for one in mounts]
    return {there: here for there, here in paths if here.startswith("/") and "/userdata/" not in here}
