# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket is there and its mode, owner or ACL keeps nginx's workers out."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop


def may_write(worker: Facts, socket: Facts) -> bool:
    """Whether the mode bits let this worker connect: that takes write permission on the socket."""
    mode = int(socket["mode"], 8)
    if worker["uid"] == socket["uid"]:
        return bool(mode & 0o200)
    if socket["gid"] in worker["groups"]:
        return bool(mode & 0o020)
    return bool(mode & 0o002)


def shut_out(hop: Hop, host: Host) -> tuple[Facts, Facts] | None:
    """The worker and the socket file that keeps it out; None where something else refuses."""
    listener = host.unix_listener(hop.real_address)
    worker = next((one for one in hop.proxy.nginx.get("workers") or [] if not one.get("stopping")), None)
    socket = (listener or {}).get("file") or {}
    if not worker or not socket.get("exists") or not socket.get("is_socket"):
        return None
    return None if worker["uid"] == 0 or may_write(worker, socket) and not socket.get("acl") else (worker, socket)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        if (
            host is None
            or not hop.has("unix_socket_permission")
            or any(attempt.get("blocked_at") for attempt in hop.tried)
        ):
            continue
        pair = shut_out(hop, host)
        if pair:
            yield permission(hop, host, *pair)


def permission(hop: Hop, host: Host, worker: Facts, socket: Facts) -> Finding:
    text = "%s is %s:%s %s%s; nginx's workers run as %s" % (
        hop.real_address,
        socket["owner"],
        socket["group"],
        socket["mode"],
        " acl %s" % socket["acl"] if socket.get("acl") else "",
        worker["user"],
    )
    evidence = (*hop.seen("unix_socket_permission"), Evidence("socket", text))
    found = host.pool_at(hop.real_address)
    if not found:
        return on_hop(
            hop,
            CAUSE.name,
            evidence,
            why="the socket is not PHP-FPM's: let its own service give it to nginx's group",
            advice=("stat %s" % hop.real_address.path,),
        )
    settled = found.pool["settings"]
    group = worker.get("group") or worker["user"]
    settings = {"listen.owner": worker["user"], "listen.group": group, "listen.mode": "0660"}
    if "listen.acl_users" in settled or "listen.acl_groups" in settled:
        named = settled.get("listen.acl_users", {}).get("value", "")
        settings = {"listen.acl_users": ",".join(part for part in (named, worker["user"]) if part)}
    return on_hop(
        hop,
        CAUSE.name,
        evidence,
        remedy=remedies.php_fpm(host, found.fpm, "restarted", pool=found.name, settings=settings),
    )


CAUSE = Cause(
    name="socket_permission",
    title="The socket's mode keeps nginx out",
    find=find,
    yields_to=("socket_parent_dir", "selinux_unix_socket", "apparmor_denied"),
)
