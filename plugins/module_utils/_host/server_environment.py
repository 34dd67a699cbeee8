# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that the environment of a service says it listens on.

Private to this collection: it may change in any release.
"""

import re
import shlex
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import (
    Place,
    entries,
    read_list,
    read_port_or_address,
    tcp,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_command import of_command
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import (
    ADDRESS,
    ARGUMENTS,
    HOST,
    PORT,
    SOCKET,
    VARIABLES,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

_SETTING = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)$")


class Environment(NamedTuple):
    """A service's variables, and where each is set."""

    values: Dict[str, str]
    places: Dict[str, Place]


def words_of(text: str) -> List[str]:
    """The words of a command line, quoted ones whole; of one whose quotes do not match, what blanks part."""
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def add_file(environment: Environment, path: str, text: str) -> None:
    """Add the settings of an environment file, as systemd reads one."""
    for number, line in enumerate(text.splitlines(), 1):
        setting = _SETTING.match(line)
        if setting:
            environment.values[setting.group(1)] = setting.group(2).strip().strip("\"'")
            environment.places[setting.group(1)] = Place(path, number)


def of_environment(environment: Environment, server: str) -> "List[DeclaredAddress]":
    """Addresses that variables say, of the first row of VARIABLES that says any. server: the plain name of the program, for arguments."""
    for row in VARIABLES:
        by_kind: Dict[str, List[str]] = {}
        for name, kind in row.items():
            if environment.values.get(name):
                by_kind.setdefault(kind, []).append(name)
        found = _of_row(environment, by_kind, server)
        if found:
            return found
    return []


def _of_row(environment: Environment, by_kind: Dict[str, List[str]], server: str) -> "List[DeclaredAddress]":
    found: "List[DeclaredAddress]" = []
    host = environment.values[by_kind[HOST][0]] if by_kind.get(HOST) else ""
    for kind, names in by_kind.items():
        for name in names:
            value, place = environment.values[name], environment.places[name]
            if kind == ARGUMENTS:
                found += of_command([server, *words_of(value)], place)
            elif kind == PORT:
                found += entries([tcp(host.strip("[]"), port) for port in re.split(r"[;,\s]+", value)], place)
            elif kind == ADDRESS:
                found += entries(_listed(value), place)
            elif kind == SOCKET:
                found += entries([read_port_or_address(value, any_path=True)], place)
    return found


def _listed(value: str) -> List[Optional[Address]]:
    return [] if "$" in value else read_list(value)
