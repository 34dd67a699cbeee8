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


def silent_port(host: Host, said: str) -> int | None:
    """The port of this host that a service was refused at, as it says, and where nobody listens now; None where it says none."""
    if not WAITS_FOR.search(said) or not host.sees("listeners"):
        return None
    return next((port for port in map(int, PORT.findall(said)) if not host.tcp_listeners(port)), None)


def what_it_waits_for(host: Host, said: str) -> str:
    """That nobody listens where a service connects to, in words; empty where it does not say so."""
    port = silent_port(host, said)
    if port is None:
        return ""
    whose = " (%s)" % SERVICES[port][0] if port in SERVICES else ""
    return "nothing listens on port %d%s, which it connects to" % (port, whose)


def how_to_serve_it(host: Host, said: str) -> tuple[str, ...]:
    """How what it waits for is started, where its port says what that is; nothing elsewhere."""
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
