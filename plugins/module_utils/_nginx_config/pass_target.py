# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a pass directive sends requests: scheme, address, name of an upstream{}, part of a URI.

Private to this collection: it may change in any release.
"""

import re
from typing import List, Mapping, Match, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address

PASS_FAMILIES = {
    "fastcgi_pass": "fastcgi",
    "proxy_pass": "proxy",
    "uwsgi_pass": "uwsgi",
    "scgi_pass": "scgi",
    "grpc_pass": "grpc",
    "memcached_pass": "memcached",
}
#: What is meant where the directive names no scheme, and the schemes it may name.
_SCHEMES = {
    "fastcgi": ("fastcgi",),
    "proxy": ("http", "https"),
    "uwsgi": ("uwsgi", "suwsgi"),
    "scgi": ("scgi",),
    "grpc": ("grpc", "grpcs"),
    "memcached": ("memcached",),
}
_DEFAULT_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443}
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
#: Values of `set` may name each other.
_DEPTH = 5
#: Many times what nginx's buffers take.
_LENGTH_LIMIT = 1024 * 1024
#: Variables that begin with a slash: a host before them is complete.
_PATH_VARIABLE = re.compile(r"\$\{?(?:request_uri|uri|document_uri)\b")
_TCP = re.compile(r"\A(\[[0-9A-Fa-f:.]+\]|[^\[\]:/\s]+)(?::(\d{1,5}))?\Z")


class Target(NamedTuple):
    """A target taken apart. host is an address without a scheme, as an upstream{} or a peer would be named; None: it has a variable."""

    scheme: str
    host: Optional[str]
    uri: Optional[str]

    @property
    def name(self) -> Optional[str]:
        """What an upstream{} would have to be called to be meant here."""
        found = _TCP.match(self.host or "")
        return None if found is None or found.group(2) else found.group(1)

    @property
    def address(self) -> Optional[str]:
        """The canonical address of the peer; None where it is not known."""
        return canonical(self.host, _DEFAULT_PORTS.get(self.scheme)) if self.host else None


def has_variable(text: str) -> bool:
    return bool(_VARIABLE.search(text))


def variables_in(text: str) -> List[str]:
    """The names of the variables of a text, in order."""
    return [found.group(1) or found.group(2) for found in _VARIABLE.finditer(text)]


def substituted(text: str, values: Mapping[str, Optional[str]]) -> str:
    """The text with the variables put in whose values are known."""

    def value(found: "Match[str]") -> str:
        known = values.get(found.group(1) or found.group(2))
        return found.group(0) if known is None else known

    return _VARIABLE.sub(value, text)


def substituted_deeply(text: str, values: Mapping[str, Optional[str]]) -> str:
    """The text with the variables put in whose values are known, and those that these name; empty where it would grow beyond all reason."""
    longest = max((len(value) for value in values.values() if value), default=0)
    for _depth in range(_DEPTH):
        if not has_variable(text):
            break
        if text.count("$") * longest > _LENGTH_LIMIT:
            return ""
        text = substituted(text, values)
    return text


def read_target(family: str, text: str) -> Target:
    """Take apart what a pass directive says, as nginx does once variables have their values."""
    scheme, rest = _SCHEMES[family][0], text
    named, mark, after = text.partition("://")
    if mark and (named.lower() in _SCHEMES[family] or has_variable(named)):
        scheme, rest = (scheme if has_variable(named) else named.lower()), after
    if rest.startswith("unix:"):
        host, colon, uri = rest[len("unix:") :].partition(":")
        return Target(scheme, None if has_variable(host) else "unix:" + host, uri if colon and uri else None)
    ends = [found.start() for found in (_PATH_VARIABLE.search(rest), re.search("/", rest)) if found]
    end = min(ends) if ends else len(rest)
    host, path = rest[:end], rest[end:]
    return Target(scheme, None if has_variable(host) or not host else host, path or None)


def canonical(written: str, default_port: Optional[int] = None) -> Optional[str]:
    """The one form of an address (tcp:HOST:PORT, unix:PATH); None where a port is missing or it is no address."""
    if written.startswith("unix:"):
        path = written[len("unix:") :].rstrip(":")
        return str(Address("", 0, path)) if path else None
    found = _TCP.match(written)
    if not found:
        return None
    port = int(found.group(2)) if found.group(2) else default_port
    return str(Address(found.group(1).strip("[]"), port)) if port and port < 65536 else None
