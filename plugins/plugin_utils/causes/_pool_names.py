# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a socket's name means the same pool as another's: PHP's version in it changes with each upgrade, a site's or an account's name does not.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, is_any
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt

#: php74, php-fpm8.2, fpm-7.4, php-cgi-82, /7.4/
_VERSION = re.compile(
    r"(?:(?<=php)|(?<=fpm)|(?<=cgi))[-_]?\d(?:\.?\d{1,2})?(?!\d)|(?<=www)[5-8]\d(?!\d)|(?<![\d.])\d\.\d{1,2}(?![\d.])"
)
_WORD = re.compile(r"[a-z0-9]+")
#: Words of paths that name neither a site nor an account nor a panel.
_NOBODY = frozenset(
    [
        "php",
        "fpm",
        "sock",
        "socket",
        "sockets",
        "www",
        "default",
        "cgi",
        "fastcgi",
        "pool",
        "backend",
        "upstream",
        "data",
        "ea",
        "remi",
        "var",
        "run",
        "lib",
        "opt",
        "usr",
        "tmp",
        "srv",
        "local",
        "homebrew",
        "root",
        "etc",
    ]
)


class Candidate(t.NamedTuple):
    """A pool of a running PHP-FPM, and the address at which it is reached."""

    at: PoolAt
    address: Address


def candidates(host: Host) -> list[Candidate]:
    """The pools of running PHP-FPMs that are listened for, each address once."""
    found: dict[Address, Candidate] = {}
    for one in host.pools():
        if one.fpm.get("master") and one.address and host.listener(one.address):
            address = reachable(one.address)
            found.setdefault(address, Candidate(one, address))
    return sorted(found.values(), key=lambda one: str(one.address))


def reachable(address: Address) -> Address:
    """Where to connect to a pool of this host: one that listens on every address is asked at the loopback one."""
    return Address("127.0.0.1", address.port) if not address.is_unix and is_any(address.host) else address


def without_version(address: Address) -> str:
    """The path of a socket without PHP's version."""
    return _VERSION.sub("", address.path.lower().replace("/var/run/", "/run/", 1))


def named(text: str) -> frozenset[str]:
    """The words of a path or a pool's name that say whose it is; empty where it is anybody's."""
    return frozenset(_WORD.findall(_VERSION.sub("", text.lower()))) - _NOBODY


def whose(address: Address) -> frozenset[str]:
    """Whose socket an address is, by its name; empty where that does not say so."""
    return named(address.path) if address.is_unix else frozenset()


def same_name(asked: Address, all_of_them: t.Sequence[Candidate]) -> list[Candidate]:
    """The pools whose socket has the same name but for PHP's version; else those whose socket or pool is named after the same owner."""
    if not asked.is_unix:
        return []
    alike = [
        one for one in all_of_them if one.address.is_unix and without_version(one.address) == without_version(asked)
    ]
    owner = whose(asked)
    return alike or [one for one in all_of_them if owner and owner in (whose(one.address), named(one.at.name))]
