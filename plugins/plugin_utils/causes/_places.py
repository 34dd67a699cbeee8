# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Places at which daemons of a host listen: those of a unit, how one is called, and whether two are the same.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty


def is_same_place(one: Address, other: Address) -> bool:
    """Whether both are the same socket, or the same port of whichever address."""
    if one.is_unix or other.is_unix:
        return one.normal() == other.normal()
    return one.port == other.port


def listens_on(host: Host, name: str) -> list[Address]:
    """Where the processes of a unit listen."""
    listeners = or_empty(host.facts.get("listeners"))
    found = [Address(one["address"], one["port"]) for one in listeners.get("tcp") or [] if one.get("unit") == name]
    return found + [Address("", 0, one["path"]) for one in listeners.get("unix") or [] if one.get("unit") == name]


def port_or_path(address: Address) -> str:
    """What a daemon of a host listens on, in words: a socket's path or a port."""
    return address.path if address.is_unix else "port %d" % address.port
