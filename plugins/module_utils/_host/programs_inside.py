# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else runs in containers that have an nginx: images of products start several programs together.

Private to this collection: it may change in any release.
"""

from typing import Any, Dict, Iterable, Iterator, List, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes

#: Names of a container, at most.
MOST = 20


def programs_beside_nginx(processes: Processes, containers: Iterable[Any]) -> Iterator[Tuple[Any, List[str]]]:
    """The containers in which an nginx and others run, each with the names of these others."""
    spaces: Dict[str, Tuple[Any, Dict[str, None]]] = {}
    for made in containers:
        for inside in made["inside"]:
            process = processes.by_pid.get(inside["pid"])
            if inside["name"] == "nginx" and process and process.space:
                spaces[process.space] = (made, {})
    if spaces:
        for process in processes.oldest_first():
            found = spaces.get(process.space or "")
            if found and process.name != "nginx":
                found[1][process.name] = None
    for made, names in spaces.values():
        if names:
            yield made, list(names)[:MOST]
