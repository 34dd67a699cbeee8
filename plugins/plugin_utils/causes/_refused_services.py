# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database or cache that a service is refused by, according to its own words, and the unit of that.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import start_command

WAITS_FOR = re.compile(
    # Python's ModuleNotFoundError has ENOTFOUND in it.
    r"connection refused|could not connect|can't connect|unable to connect|connect(?:ion)? timed? ?out|name resolution|starting up"
    r"|\b(?:ECONNREFUSED|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)\b",
    re.IGNORECASE,
)
PORT = re.compile(r"(?:port:?\s+|:)(\d{2,5})\b", re.IGNORECASE)
_FAR = re.compile(r"(?<![\d.])((?:\d{1,3}\.){3}\d{1,3})[\"')\]]*(?:,? port:? |:)(\d{2,5})\b")
#: Who listens on a port by default, and how the units of that begin.
SERVICES = {
    3306: ("MySQL", ("mariadb", "mysql")),
    5432: ("PostgreSQL", ("postgresql",)),
    5672: ("RabbitMQ", ("rabbitmq",)),
    6379: ("Redis", ("redis", "valkey")),
    9200: ("Elasticsearch", ("elasticsearch", "opensearch")),
    11211: ("memcached", ("memcached",)),
    27017: ("MongoDB", ("mongod",)),
}


def _far_address(host: Host, said: str) -> tuple[str, int] | None:
    """The address that a service does not get through to, as it says, where that is none of its host's own; None elsewhere."""
    own = host.system.get("addresses")
    if not own or not WAITS_FOR.search(said):
        return None
    found = ((one[1], int(one[2])) for one in _FAR.finditer(said))
    return next((one for one in found if one[0] not in own and not one[0].startswith(("127.", "0."))), None)


def silent_port(host: Host, said: str) -> int | None:
    """The port of this host that a service was refused at, as it says, and where nobody listens now; None where it says none."""
    if not WAITS_FOR.search(said) or not host.sees("listeners") or _far_address(host, said):
        return None
    return next((port for port in map(int, PORT.findall(said)) if not host.tcp_listeners(port)), None)


def what_it_waits_for(host: Host, said: str) -> str:
    """That nobody listens where a service connects to, or that this is on another host, in words; empty where it does not say so."""
    far = _far_address(host, said)
    if far:
        return "it does not get through to %s:%d, which is no address of this host" % far
    port = silent_port(host, said)
    if port is None:
        return ""
    whose = " (%s)" % SERVICES[port][0] if port in SERVICES else ""
    return "nothing listens on port %d%s, which it connects to" % (port, whose)


def how_to_serve_it(host: Host, said: str) -> tuple[str, ...]:
    """How what it waits for is started, where its port says what that is, or asked whether it answers; nothing elsewhere."""
    far = _far_address(host, said)
    if far:
        ask = "timeout 5 bash -c '</dev/tcp/%s/%d' && echo answers" % far
        return (
            "%s   # on %s; where not: is it up there, does it listen on that address, does a firewall refuse it?"
            % (ask, host.name),
        )
    port = silent_port(host, said)
    if port not in SERVICES:
        return ()
    name, beginnings = SERVICES[port]
    units = host.facts.get("units") or {}
    down = [
        one
        for one in units
        if one.startswith(beginnings) and one.endswith(".service") and or_empty(units[one]).get("active") != "active"
    ]
    find = "systemctl list-units --all %s" % " ".join(shlex.quote(one + "*") for one in beginnings)
    start = start_command(down[0], units[down[0]]) if len(down) == 1 else find
    return ("%s   # on %s: %s; after an upgrade it may have another port" % (start, host.name, name),)
