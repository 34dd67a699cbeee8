# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend listens on its host's loopback address, where no other host can reach it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_loopback
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop

SIGNATURE = "backend_port_closed"
#: How a program is told where to listen.
BINDS = (
    (
        "php-fpm",
        "listen = {address}:{port} and listen.allowed_clients = {source} in the pool: whoever else may connect runs code on the host",
    ),
    ("apache2", "Listen {address}:{port} in ports.conf"),
    ("httpd", "Listen {address}:{port} in httpd.conf"),
    ("gunicorn", "gunicorn --bind {address}:{port}"),
    ("uwsgi", "uwsgi --socket {address}:{port}: whoever else may connect runs code on the host"),
    ("node", "server.listen({port}, '{address}')"),
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        if host is None or hop.is_unix or not hop.has(SIGNATURE):
            continue
        asked = hop.destination
        listeners = host.tcp_listeners(asked.port)
        if listeners and not asked.is_loopback and all(is_loopback(one["address"]) for one in listeners):
            yield loopback(hop, host, asked.host, listeners)


def loopback(hop: Hop, host: Host, address: str, listeners: list[Facts]) -> Finding:
    port, process = listeners[0]["port"], listeners[0].get("process") or "the backend"
    text = "%s listens on %s only, port %d; nginx asks %s" % (
        process,
        ", ".join(sorted(one["address"] for one in listeners)),
        port,
        address,
    )
    values = {"address": address, "port": port, "source": hop.source or "ADDRESS OF NGINX"}
    bind = next(
        (text for name, text in BINDS if process.startswith(name)), "let %s listen on {address}:{port}" % process
    ).format(**values)
    local = hop.proxy is host
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), Evidence("socket", text)),
        why="%s on %s answers on its loopback address alone: it has to listen on %s, or nginx to ask %s"
        % (process, host.name, address, listeners[0]["address"] if local else "through a tunnel"),
        advice=(
            bind + "   # this one address, not 0.0.0.0",
            "systemctl restart %s   # on %s; it loses the requests that it is working on"
            % (listeners[0].get("unit") or "SERVICE", host.name),
            "a firewall on %s that lets in %s alone: from then on the port is open to every host that reaches %s"
            % (host.name, values["source"], address),
        ),
    )


CAUSE = Cause(
    name="backend_loopback_only",
    title="The backend listens on its loopback address only",
    find=find,
    yields_to=("stale_upstream_dns", "socket_path_mismatch"),
)
