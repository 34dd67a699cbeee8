# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the mode of a socket's file keeps out.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._shared_sockets import shared_by_host

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_file import SocketFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import Worker


class Refused(t.NamedTuple):
    """A worker of nginx, and the socket file that keeps it out."""

    worker: Worker
    socket: SocketFile


def kept_out(hop: Hop, host: Host) -> Refused | None:
    """The worker that the socket's mode or ACL keeps out; None where something else refuses."""
    socket = or_empty(or_empty(host.unix_listener(hop.real_address) or shared_by_host(hop)).get("file"))
    worker = next((one for one in hop.proxy.nginx.get("workers") or [] if not one.get("stopping")), None)
    if not worker or not socket.get("exists") or not socket.get("is_socket"):
        return None
    return (
        None if worker["uid"] == 0 or may_write(worker, socket) and not socket.get("acl") else Refused(worker, socket)
    )


def may_write(worker: Worker, socket: SocketFile) -> bool:
    """Whether the mode lets this worker connect: that takes permission to write to the socket."""
    mode = int(socket["mode"] or "0", 8)
    if worker["uid"] == socket["uid"]:
        return bool(mode & 0o200)
    if socket["gid"] in worker["groups"]:
        return bool(mode & 0o020)
    return bool(mode & 0o002)


def mode_of(hop: Hop, refused: Refused) -> str:
    """Whose the socket is, who may connect, and who wants to."""
    worker, socket = refused
    return "%s is %s:%s %s%s; nginx's workers run as %s" % (
        hop.real_address,
        socket["owner"],
        socket["group"],
        socket["mode"],
        " acl %s" % socket["acl"] if socket.get("acl") else "",
        worker["user"],
    )
