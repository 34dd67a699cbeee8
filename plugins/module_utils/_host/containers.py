# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a container, by whatever engine: its shape, and what its processes show of it. No engine is asked, and none is looked into.

Private to this collection: it may change in any release.
"""

import json
import re
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.inside_listeners import inside_listeners

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.inside_listeners import InsideListener
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.memory import GroupMemory

    class Inside(TypedDict):
        """A daemon in a container."""

        name: str  # nginx | PHP-FPM
        pid: int  # as this host numbers it

    class Compose(TypedDict):
        """How compose knows a container, by the labels that it gives it."""

        project: str
        service: str
        version: str  # 1.29.2 | 2.24.5
        folder: str
        files: List[str]  # those that this host has: a panel in a container keeps its own there

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
        published: bool  # whether its engine has published what is set for it: it does so for nobody in an internal network alone, or in none
        unpublished: List[int]  # its own ports to which none of the host leads
        proxies: List[int]  # processes of the host that listen for it
        paused: bool  # docker has stopped all that runs in it
        health: Optional[str]  # what docker's own check of it says: starting | healthy | unhealthy; None: it has none
        compose: Optional[Compose]  # how compose knows it; None: another made it
        unit: Optional[str]  # that runs it, by podman's label; None: none does
        # What it prints: the file that its engine keeps of that, or the field of the journal; None: not known.
        log: Optional[str]
        networks: List[str]
        shares: Optional[str]  # the container whose network it has: its name, or the ID of one that is no more
        aliases: List[str]  # other names that it has in them: that of its service
        listens: List[InsideListener]  # in a network of its own, or sockets whose path the host has not
        programs: List[str]  # what runs beside its nginx
        volumes: Dict[str, str]  # the path on the host by the one in it, as far as the engine says so in a file
        memory: Optional[GroupMemory]  # of one in which an nginx or a PHP-FPM runs: its limit; None: it has none


LIMIT, NEVER_STARTED = 200, "it was never started"
#: The field of the journal by which engines mark what a container prints.
JOURNAL = "CONTAINER_ID_FULL="
_LOCAL = re.compile(r"\|-- ([\d.]+)\n +/32 host LOCAL")


def new_container(engine: str, name: str) -> "Container":
    return {
        "engine": engine, "name": name, "user": None, "running": False, "since": None, "ended": None, "restarts": 0, "last_words": [], "inside": [],
        "host_network": False, "addresses": [], "ports": {}, "published": True, "unpublished": [], "proxies": [], "paused": False, "health": None,
        "compose": None, "unit": None, "log": None, "networks": [], "shares": None, "aliases": [], "listens": [], "programs": [], "volumes": {},
        "memory": None,
    }  # fmt: skip


def printed_by_fpm(containers: "List[Container]") -> List[str]:
    """The files that engines keep of what containers with a PHP-FPM print."""
    found = [one["log"] or "" for one in containers if any(each["name"] == "PHP-FPM" for each in one["inside"])]
    return [path for path in found if path.startswith("/")]


def add_listeners(host: Host, made: "Container", pid: int) -> None:
    """Add what listens in the network of one of its processes, unless that is known."""
    made["listens"] = made["listens"] or inside_listeners(host, pid)
    network = host.readlink("/proc/%d/ns/net" % pid)
    if network and network == host.readlink("/proc/self/ns/net"):
        made["host_network"] = True
    elif network and not made["addresses"]:
        found = _LOCAL.findall(host.read("/proc/%d/net/fib_trie" % pid) or "")
        made["addresses"] = [one for one in dict.fromkeys(found) if not one.startswith("127.")]


def json_in(host: Host, path: str) -> Dict[str, Any]:
    """An object in a file; empty where it cannot be read."""
    try:
        found = json.loads(host.read(path) or "{}")
    except ValueError:
        found = {}
        host.unseen("container", "%s is no JSON, or too large" % path)
    return found if isinstance(found, dict) else {}


def after(words: List[str], option: str) -> Optional[str]:
    """The value of an option on a command line."""
    return next((value for word, value in zip(words, words[1:]) if word == option), None)
