# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `systemctl show` says of units, as text by property.

Private to this collection: it may change in any release.
"""

import re
import shlex
from typing import Dict, List, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place

Properties = Dict[str, str]

UNLIMITED = 2**64 - 1
_PROGRAM = re.compile(r"\{ path=(.*?) ; argv\[\]=")
_ARGV = re.compile(r"argv\[\]=(.*?) ; (?:ignore_errors|flags|start_time)=")


def parse_show(text: str) -> List[Properties]:
    """The units of `systemctl show`, each once. A property that stands several times has a line for each."""
    units: Dict[str, Properties] = {}
    for block in text.split("\n\n"):
        properties: Properties = {}
        for line in block.splitlines():
            key, equals, value = line.partition("=")
            if equals:
                properties[key] = properties[key] + "\n" + value if key in properties else value
        if properties.get("Id"):
            units[properties["Id"]] = properties
    return list(units.values())


def number(text: Optional[str]) -> Optional[int]:
    return int(text) if text and text.isdecimal() else None


def limit(text: Optional[str]) -> Optional[int]:
    """A limit; None where there is none."""
    found = number(text)
    return None if found == UNLIMITED else found


def seconds(text: Optional[str]) -> Optional[float]:
    """A time of systemd's monotonic clock, which counts microseconds since boot; None where that has not happened."""
    found = number(text)
    return found / 1e6 if found else None


def programs(properties: Properties, key: str = "ExecStart") -> List[str]:
    """The programs that a unit runs, in their order."""
    return _PROGRAM.findall(properties.get(key, ""))


def argv_of(properties: Properties) -> List[str]:
    """The last command that starts a unit, as words: systemd does not say which of them belong together."""
    commands = _ARGV.findall(properties.get("ExecStart", ""))
    return commands[-1].split() if commands else []


def plain(
    name: str, file: str, words: Sequence[str], folder: str = "", variables: Optional[Dict[str, str]] = None
) -> Properties:
    """The properties of a program that another manager than systemd runs, as systemctl would show them."""
    return {
        "Id": name + ".service",
        "FragmentPath": file,
        "WorkingDirectory": folder,
        "ExecStart": "{ path=%s ; argv[]=%s ; ignore_errors=no ; }" % (words[0] if words else "", " ".join(words)),
        "Environment": " ".join(shlex.quote("%s=%s" % one) for one in (variables or {}).items()),
    }


def is_set(properties: Properties, key: str) -> bool:
    """Whether a switch or a list of a unit is anything else than off or empty."""
    return properties.get(key, "no") not in ("no", "", "false")


def files_of(properties: Properties) -> List[str]:
    """The files that a unit is read from: its own, then its drop-ins."""
    own = properties.get("FragmentPath", "")
    return ([own] if own else []) + properties.get("DropInPaths", "").split()


def where_set(host: Host, properties: Properties, key: str, value: str = "") -> Place:
    """The file and line that set a key of a unit last (of a list: the line that has this value); line 0 where none is found."""
    files = files_of(properties)
    for path in reversed(files):
        lines = (host.read(path) or "").splitlines()
        found = [at for at, line in enumerate(lines, 1) if re.match(r"\s*%s\s*=\s*\S" % key, line)]
        exact = [at for at in found if value and value in lines[at - 1]]
        if exact or (found and not value):
            return Place(path, (exact or found)[-1])
    if value:
        return where_set(host, properties, key)
    return Place(files[0] if files else "", 0)
