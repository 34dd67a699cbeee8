# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket lies in /tmp, and nginx or the daemon has a /tmp of its own: each sees another folder.

Signatures: unix_socket_missing.

Looked at: PrivateTmp of nginx's and the daemon's unit, where the socket is.

Done: nothing is changed: the socket has to move to /run, in both configurations.

A quick fix: PrivateTmp=no opens /tmp of all services to each other.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._socket_in_run import socket_in_run

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import UnixListener

SIGNATURE = "unix_socket_missing"
FOLDERS = ("/tmp/", "/var/tmp/")  # noqa: S108  where others put their sockets; nothing is written there


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        if host is None or not hop.real_address.normal().path.startswith(FOLDERS) or not hop.has(SIGNATURE):
            continue
        listener = host.unix_listener(hop.real_address)
        units = private_units(hop, listener) if listener else []
        if listener and units:
            yield apart(hop, listener, units)


def private_units(hop: Hop, listener: UnixListener) -> list[str]:
    """Of nginx and of the daemon, the units that have a /tmp of their own."""
    names = [hop.proxy.nginx.get("unit"), listener.get("unit")]
    return [name for name in names if name and or_empty(hop.proxy.unit(name)).get("private_tmp")]


def apart(hop: Hop, listener: UnixListener, units: list[str]) -> Finding:
    daemon = listener.get("unit") or listener.get("process") or "the daemon"
    socket = "%s listens on %s, which nginx's workers do not see" % (daemon, listener["path"])
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(SIGNATURE),
            Evidence("socket", socket),
            Evidence("unit", "PrivateTmp=yes: %s" % ", ".join(units)),
        ),
        why="%s and nginx do not have the same /tmp: the socket of %s has to lie in /run, which both see"
        % (daemon, daemon),
        advice=(
            *socket_in_run(hop, daemon),
            "systemctl restart %s; nginx -t && systemctl reload nginx   # requests fail between the two"
            % shlex.quote(daemon),
            "# leave PrivateTmp as it is: without it, any account could put a socket of its own at that path",
        ),
    )


CAUSE = Cause(
    name="socket_private_tmp",
    title="The socket lies in a /tmp that nginx does not see",
    says="{subject} lies in a /tmp that {proxy}'s nginx does not see",
    find=find,
)
