# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases and caches that the environment of a service names: where it connects to, never as whom.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_environment import Environment, add_file
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_addresses import environment_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import Properties
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import printable

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from typing import TypedDict

    class Needed(TypedDict):
        """One of a unit's `needs`: an address that a variable names, and where that is set."""

        address: str
        variable: str
        file: str
        line: int


#: The port of each kind, by the scheme of a URL or the beginning of variables.
_PORTS = {
    "postgres": 5432, "postgresql": 5432, "pgsql": 5432, "pg": 5432, "mysql": 3306, "mysql2": 3306, "mariadb": 3306, "redis": 6379, "rediss": 6379,
    "valkey": 6379, "mongodb": 27017, "mongo": 27017, "amqp": 5672, "rabbitmq": 5672, "elasticsearch": 9200, "memcached": 11211, "db": 0, "database": 0,
}  # fmt: skip
_URL = re.compile(
    r"\b([a-z]+2?)(?:\+(?!srv)\w+)?://(?:[^\s?]*@)?(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?(?=[/?,\s\"']|$)"
)
_HOST = re.compile(r"(?:\w+_)??([A-Z]+?)_?HOST(?:NAME)?$")
#: Which database the variables that begin with DB mean.
_KINDS = ("%s_CONNECTION", "%s_TYPE", "%s_ENGINE", "%s_DRIVER", "%s_CLIENT", "%s_DIALECT")
MOST, LIMIT = 5, 64 * 1024


def needed_services(host: Host, properties: Properties) -> "List[Needed]":
    """The databases and caches that a service's variables name, or the .env of its folder, which frameworks read."""
    environment = environment_of(host, properties)
    folder = properties.get("WorkingDirectory", "").lstrip("!-")
    path = os.path.join(folder, ".env")
    dotenv = Environment({}, {})
    add_file(dotenv, path, (host.read(path, LIMIT) or "") if folder else "")
    found = [one for each in (environment, dotenv) for name in each.values for one in [_needed(each, name)] if one]
    return list({one["address"]: one for one in found[::-1]}.values())[::-1][:MOST]


def _needed(environment: Environment, name: str) -> "Optional[Needed]":
    """What one variable names; None where that is no address of a database or cache."""
    value = environment.values[name]
    url, pair = _URL.search(value), _HOST.match(name)
    if url and url.group(1) in _PORTS:
        where, port = url.group(2), url.group(3) or _PORTS[url.group(1)]
    elif pair and pair.group(1).lower() in _PORTS and re.match(r"[\w.-]+$", value):
        where, port = value, _port_of(environment, name, pair.group(1))
    else:
        return None
    if not int(port):
        return None
    place = environment.places[name]
    return {
        "address": printable(tcp_address(where.strip("[]"), int(port)), 200),
        "variable": name,
        "file": place.file,
        "line": place.line,
    }


def _port_of(environment: Environment, name: str, kind: str) -> int:
    """The port that goes with a variable of a host: of the variable beside it, else that of its kind; 0 where neither is known."""
    beside = environment.values.get(re.sub(r"HOST(?:NAME)?$", "PORT", name), "")
    if beside.isdecimal():
        return int(beside)
    stem = name[: name.index("HOST")].rstrip("_")
    kinds = [environment.values.get(one % stem, "").lower() for one in _KINDS]
    said = next((port for value in kinds for word, port in _PORTS.items() if port and word in value), 0)
    return _PORTS[kind.lower()] or said
