# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a service is set to listen on another address than its host's loopback.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._by_habit import is_habit

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import TcpListener

#: How a program is set to listen on an address, by the beginning of its name.
BINDS = (
    (
        "php-fpm",
        "listen = {address}:{port} and listen.allowed_clients = {source} in the pool: whoever else may connect runs code on the host",
    ),
    ("apache2", "Listen {address}:{port} in ports.conf"),
    ("httpd", "Listen {address}:{port} in httpd.conf"),
    ("gunicorn", "gunicorn --bind {address}:{port}"),
    ("uwsgi", "uwsgi --socket {address}:{port}: whoever else may connect runs code on the host"),
    ("oauth2", 'http_address = "{address}:{port}" in its .cfg (--http-address of its command)'),
    ("node", "server.listen({port}, '{address}')"),
)
OTHER_BIND = "let {process} listen on {address}:{port}"


def bound(listener: TcpListener, address: str, source: str | None, host: Host) -> tuple[str, ...]:
    """How the service listens on this address, by its product, and where it is set now."""
    process = listener.get("process") or "the backend"
    bind = next((how for name, how in BINDS if process.startswith(name)), OTHER_BIND)
    allowed = source or "ADDRESS_OF_NGINX"
    return (
        "# %s   (this one address, not 0.0.0.0)%s"
        % (
            bind.format(process=process, address=address, port=listener["port"], source=allowed),
            _set_at(listener, host),
        ),
        "systemctl restart %s   # on %s; the requests that it is working on are lost"
        % (shlex.quote(listener.get("unit") or "SERVICE"), host.name),
        "# let the firewall of %s accept %s only: from then on every host that reaches %s can connect to the port"
        % (host.name, allowed, address),
    )


def _set_at(listener: TcpListener, host: Host) -> str:
    """Where its configuration says that it listens there; empty where nothing says so."""
    unit = listener.get("unit") or ""
    declares = or_empty(host.unit(unit)).get("declares") or []
    said = (one for one in declares if read_address(one["address"]).port == listener["port"])
    found = next((one for one in said if not is_habit(host, unit, one)), None)
    return ", in place of what stands at %s:%d" % (found["file"], found["line"]) if found else ""
