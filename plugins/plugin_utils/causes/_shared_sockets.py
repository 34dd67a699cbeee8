# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets of a host that a container with nginx has as a volume: who listens there, and how that nginx is let in.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import called

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import UnixListener
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_file import SocketFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import Worker

DOCKERS = "docker.sock"


def shared_by_host(hop: Hop) -> UnixListener | None:
    """Who listens on the socket that nginx in a container asks for, where it, or its folder, is one of the host's; None elsewhere."""
    within = hop.proxy.within
    if within is None or not hop.is_unix:
        return None
    for inside, there in (or_empty(hop.proxy.facts["container"]).get("volumes") or {}).items():
        for path in (hop.address.path, hop.real_address.path):
            if there and (path == inside or path.startswith(inside + "/")):
                return within.unix_listener(Address("", 0, there + path[len(inside) :]))
    return None


def in_its_image(hop: Hop, worker: Worker, socket: SocketFile) -> tuple[str, ...]:
    """How nginx in a container gets to a socket of its host: groups count by their numbers, and its workers have those of the image's /etc/group."""
    lines = (
        "# the group is %s, number %s, on the host; in %s it has that number only if its image's /etc/group says so. In its Dockerfile:"
        " RUN groupadd -g %s of_host && usermod -aG of_host %s; then build it and make it anew"
        % (socket["group"], socket["gid"], called(hop.proxy.facts["container"]), socket["gid"], worker["user"]),
        "# --group-add (group_add:) alone does not help: nginx's workers take their groups from /etc/group when they begin",
    )
    if not hop.address.path.endswith(DOCKERS):
        return lines
    return (
        *lines,
        "# who may write to docker's own socket is as good as root on the host: no chmod 666, and nginx before it with auth_basic and the paths alone that"
        " are needed, or a proxy that is made for that (docker-socket-proxy)",
    )
