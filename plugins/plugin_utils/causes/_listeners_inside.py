# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens in the containers of a host where nginx asks the host itself.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import containers_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container


class Found(t.NamedTuple):
    """A container, what listens in it, and where that is on its host: a path, or None."""

    container: Container
    address: Address
    here: str | None


def in_containers(host: Host, asked: Address) -> list[Found]:
    """The containers in which something listens where nginx asks the host: the same path, or a socket of that name; the same port."""
    found = [
        Found(container, read_address(one["address"]), one["here"])
        for container in containers_of(host)
        for one in container.get("listens") or []
        if one["here"] != asked.path or not asked.is_unix
    ]
    if not asked.is_unix:
        ports = [one for one in found if not one.address.is_unix and one.address.port == asked.port]
        return list({one.container["name"]: one for one in ports}.values())
    sockets = [one for one in found if one.address.is_unix]
    same = [one for one in sockets if one.address.path == asked.path]
    named = [one for one in sockets if posixpath.basename(one.address.path) == posixpath.basename(asked.path)]
    return same[:1] or (named if len(named) == 1 else [])


def is_asked_in_vain(hop: Hop) -> bool:
    """Whether an nginx in a container asks its own host for a port that another container has inside, and nothing of the host leads there: then no opening
    of a firewall does either."""
    host, asked = hop.backend, hop.real_address
    if host is None or hop.proxy.within is not host or asked.is_unix or not host.sees("listeners"):
        return False
    found = in_containers(host, asked)
    is_published = any(str(asked.port) in (one["ports"] or {}) for one in containers_of(host))
    return bool(found) and not is_published and not host.tcp_listeners(asked.port)
