# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's hosts as an Ansible inventory: ssh with a key that opens nothing else."""

from pathlib import Path
from typing import Any

import yaml
from _hosts import Place, places
from _settings import INVENTORY, KEY

# New hosts have new keys all the time, and none of them is anyone's: only here are host keys not checked.
SSH_ARGS = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes"

VARS = {
    "ansible_user": "root",
    "ansible_ssh_private_key_file": str(KEY),
    "ansible_ssh_common_args": SSH_ARGS,
    "ansible_ssh_pipelining": True,
    "ansible_python_interpreter": "/usr/bin/python3",
}


def _hosts(some: list[Place]) -> dict[str, dict[str, str]]:
    return {place.host(role): {"ansible_host": address} for place in some for role, address in place.addresses.items()}


def _group(some: list[Place]) -> dict[str, Any]:
    return {"hosts": {host: {} for place in some for host in place.names()}}


def write() -> Path:
    """Write inventory.yml: all hosts; a group for each outcome that a run must have, topology, and suite."""
    some = places()
    groups: dict[str, list[Place]] = {}
    for place in some:
        for group in (
            "expect_" + place.fault.expect["status"],
            "topology_" + place.fault.topology,
            "suite_" + place.suite,
        ):
            groups.setdefault(group, []).append(place)
    children = {name: _group(members) for name, members in sorted(groups.items())}
    INVENTORY.parent.mkdir(parents=True, exist_ok=True)
    INVENTORY.write_text(
        "---\n" + yaml.safe_dump({"all": {"hosts": _hosts(some), "vars": VARS, "children": children}}, width=160)
    )
    return INVENTORY
