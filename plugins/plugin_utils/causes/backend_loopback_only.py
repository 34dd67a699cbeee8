# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend listens on its host's loopback address, where no other host can reach it.

Signatures: backend_port_closed.

Looked at: which address the backend's process listens on, and from where nginx connects.

Done: nothing is changed, as another address opens the backend to more hosts: the setting and the service are named.

A quick fix: 0.0.0.0 in place of one address opens the backend to every host that reaches it, without nginx before it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_loopback
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _compose as compose
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._binds import bound
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import TcpListener

SIGNATURE = "backend_port_closed"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        if host is None or hop.is_unix or not hop.has(SIGNATURE):
            continue
        asked = hop.destination
        listeners = host.tcp_listeners(asked.port)
        if listeners and not asked.is_loopback and all(is_loopback(one["address"]) for one in listeners):
            yield loopback_only(hop, host, asked.host, listeners)


def loopback_only(hop: Hop, host: Host, asked: str, listeners: list[TcpListener]) -> Finding:
    """asked: the host that nginx connects to."""
    first, container = listeners[0], containers.behind(host, listeners[0])
    port, process = first["port"], first.get("process") or "the backend"
    if container:
        process = "%s, for %s," % (process, containers.called(container))
    instead = first["address"] if hop.proxy is host else "through a tunnel"
    addresses = ", ".join(sorted(one["address"] for one in listeners))
    text = "%s listens on %s only, port %d; nginx asks %s" % (process, addresses, port, asked)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), Evidence("socket", text)),
        why="%s on %s listens on its loopback address only: let it listen on %s, or let nginx ask %s"
        % (process, host.name, asked, instead),
        advice=published(container, asked, port, host.name) if container else bound(first, asked, hop.source, host),
    )


def published(container: Container, address: str, port: int, on: str) -> tuple[str, ...]:
    """How a container's port is published for this address; its engine has to make the container anew for that."""
    client, name = containers.client_of(container) or "docker", shlex.quote(container["name"])
    inside = (container["ports"] or {}).get(str(port)) or "PORT"
    leads = "%s:%d:%s" % (address, port, inside)
    return (
        *(
            compose.edit(container, "ports: ['%s'] (this one address, not 0.0.0.0)" % leads, on)
            or (
                '# in its compose file: ports: ["%s"] (this one address, not 0.0.0.0); with %s run: -p %s'
                % (leads, client, leads),
                "%s compose up -d   # on %s, in the folder of that file; one of `%s run` is made anew: %s rm -f %s, then the same command with that -p"
                % (client, on, client, client, name),
            )
        ),
        *(
            (
                "# docker lets a published port pass by ufw and the INPUT chain: a rule that lets in the proxy alone stands in DOCKER-USER",
            )
            if client == "docker"
            else ()
        ),
    )


CAUSE = Cause(
    name="backend_loopback_only",
    title="The backend listens on its loopback address only",
    says="what serves {subject} on {on} listens on its loopback address only, where {proxy} cannot reach it",
    find=find,
    yields_to=("stale_upstream_dns", "socket_path_mismatch"),
)
