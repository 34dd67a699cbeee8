# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a unit of systemd listens, or would listen if it ran, as its properties and what they name say it.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, Dict, List, Mapping, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import declared_addresses
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

_STREAM = re.compile(r"^(.*) \(Stream\)$")


def of_socket(properties: Mapping[str, str]) -> "List[DeclaredAddress]":
    """The addresses of a .socket unit, which systemd itself listens on."""
    place = declared_addresses.Place(properties.get("FragmentPath", ""), 0)
    found = [_STREAM.match(line) for line in properties.get("Listen", "").splitlines()]
    addresses = [
        stream.group(1) for stream in found if stream and not stream.group(1).startswith(("@", "/run/systemd/"))
    ]
    return [
        declared_addresses.entry(
            Address("", 0, address) if address.startswith("/") else read_address("tcp:" + address), place
        )
        for address in addresses
    ]


def of_service(host: Host, properties: Mapping[str, str], argv: Sequence[str]) -> "List[DeclaredAddress]":
    """The addresses of a service with this command line, of which its configuration says that it would listen on them."""
    name, fragment = properties["Id"][: -len(".service")], properties.get("FragmentPath", "")
    if name in ("apache2", "httpd"):
        return declared_addresses.of_apache(host)
    if name.startswith("tomcat"):
        return declared_addresses.of_tomcat(host, name)
    environment, places = _environment(host, properties, fragment)
    argv = declared_addresses.expand(argv, environment)
    place = declared_addresses.Place(fragment, _line_of(host, fragment, "ExecStart"))
    found = declared_addresses.of_command(argv, place) + declared_addresses.of_config_files(
        host, argv, properties.get("WorkingDirectory", "").lstrip("!-")
    )
    return found or declared_addresses.of_environment(environment, places)


def _environment(
    host: Host, properties: Mapping[str, str], fragment: str
) -> Tuple[Dict[str, str], Dict[str, declared_addresses.Place]]:
    """The service's variables and where each is set; files are read after the unit's own, as systemd does."""
    environment = dict(word.split("=", 1) for word in properties.get("Environment", "").split() if "=" in word)
    places = dict.fromkeys(environment, declared_addresses.Place(fragment, _line_of(host, fragment, "Environment")))
    for line in properties.get("EnvironmentFiles", "").splitlines():
        path = line.split(" (")[0].lstrip("-")
        for number, setting in enumerate((host.read(path) or "").splitlines(), 1):
            key, equals, value = setting.partition("=")
            if equals and re.match(r"\w+$", key.strip()):
                environment[key.strip()] = value.strip().strip("\"'")
                places[key.strip()] = declared_addresses.Place(path, number)
    return environment, places


def _line_of(host: Host, path: str, key: str) -> int:
    lines = (host.read(path) or "").splitlines() if path else []
    return next((number for number, line in enumerate(lines, 1) if line.strip().startswith(key + "=")), 0)
