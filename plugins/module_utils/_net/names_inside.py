# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names looked up as a program in a container does it: its /etc/hosts, then the name servers of its /etc/resolv.conf. None of its libraries is loaded.

Private to this collection: it may change in any release.
"""

import re
import socket
from typing import Any, Dict, List, NamedTuple, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_number
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import by_resolver

SECONDS = 3.0
_WORDS = re.compile(r"^\s*(nameserver|search|domain)\s+(.*)", re.MULTILINE)


class NamesInside(NamedTuple):
    """What a container knows of names. search: domains that are tried behind a name without a dot."""

    hosts: Dict[str, List[str]]
    servers: List[str]
    search: List[str]

    def addresses(self, name: str) -> List[str]:
        """The addresses of a name. Raises OSError (gaierror) where there is none."""
        name = name.lower().rstrip(".")
        if name in self.hosts:
            return self.hosts[name]
        error = "no name server"
        for full in [name, *("%s.%s" % (name, domain) for domain in self.search)]:
            for server in self.servers[:3]:
                found = by_resolver(full, server, SECONDS)
                if found.addresses:
                    return found.addresses
                error = found.error or error
                if error == "NXDOMAIN":
                    break
        raise socket.gaierror(socket.EAI_NONAME, "%s (asked %s)" % (error, ", ".join(self.servers[:3]) or "nobody"))

    def getaddrinfo(self, host: Any, port: Any, family: int = 0, kind: int = 0, proto: int = 0, flags: int = 0) -> Any:
        """As socket.getaddrinfo."""
        numbers = [host] if is_number(str(host)) else self.addresses(str(host))
        return [one for number in numbers for one in _BY_LIBC(number, port, family, kind, proto, socket.AI_NUMERICHOST)]


_BY_LIBC = socket.getaddrinfo


def names_of(container: Host) -> NamesInside:
    """What the files of a container say."""
    hosts: Dict[str, List[str]] = {}
    for line in (container.read("/etc/hosts") or "").splitlines():
        number, names = _split(line)
        for name in names if is_number(number) else []:
            hosts.setdefault(name, []).append(number)
    said = _WORDS.findall(container.read("/etc/resolv.conf") or "")
    servers = [value.split()[0] for word, value in said if word == "nameserver" and value.strip()]
    search = [name for word, value in said if word != "nameserver" for name in value.split()]
    return NamesInside(hosts, servers, search[:6])


def _split(line: str) -> Tuple[str, List[str]]:
    words = line.partition("#")[0].lower().split()
    return (words[0], words[1:]) if words else ("", [])
