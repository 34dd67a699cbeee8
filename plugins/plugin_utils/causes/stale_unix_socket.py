# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket's file and its daemon have lost each other: the daemon was killed and left the file, or somebody removed the file of one that runs."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _backend_units as services
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import fpm_starts, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.php_fpm_stopped import evidence, stopped_fpm


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        listener = hop.backend.unix_listener(hop.real_address) if hop.backend and hop.is_unix else None
        if (
            hop.backend
            and listener
            and hop.has("unix_socket_missing")
            and (listener.get("file") or {}).get("exists") is False
        ):
            yield removed(hop, hop.backend, listener)
        elif hop.backend and not listener and hop.has("stale_unix_socket"):
            yield from left_over(hop, fleet, hop.backend)


def left_over(hop: Hop, fleet: Fleet, host: Host) -> t.Iterator[Finding]:
    """The file is there and nobody listens on it."""
    stopped = stopped_fpm(hop, "stale_unix_socket")
    if stopped:
        remedy, why = fpm_starts(host, stopped.fpm)
        yield on_hop(hop, CAUSE.name, evidence(hop, stopped, "stale_unix_socket"), remedy=remedy, why=why)
    elif not host.pool_at(hop.real_address):
        left = Evidence("socket", "%s exists and no process listens on it" % (hop.real_address,))
        yield services.started(hop, fleet, host, CAUSE.name, (*hop.seen("stale_unix_socket"), left))


def removed(hop: Hop, host: Host, listener: Facts) -> Finding:
    """The daemon listens on a file that is gone: only a restart makes it anew, as a reload goes on with the socket that it has."""
    path, unit = hop.real_address.path, listener.get("unit")
    gone = Evidence(
        "socket",
        "%s (pid %s) listens on %s, and there is no such file any more"
        % (listener.get("process"), listener.get("pid"), path),
    )
    found = host.pool_at(hop.real_address)
    if found and found.fpm.get("master") and found.fpm.get("unit"):
        remedy = remedies.php_fpm(
            host,
            found.fpm,
            "restarted",
            note="somebody removed %s; PHP-FPM makes it when it starts" % path,
        )
        return on_hop(hop, CAUSE.name, (*hop.seen("unix_socket_missing"), gone), remedy=remedy)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen("unix_socket_missing"), gone),
        why="%s was removed under a service that runs; a restart makes it anew" % path,
        advice=("systemctl restart %s   # requests that it works on are lost" % (unit or "SERVICE"),),
    )


CAUSE = Cause(
    name="stale_unix_socket",
    title="A socket and its daemon have lost each other",
    find=find,
    yields_to=(
        "php_fpm_config_invalid",
        "php_fpm_bind_conflict",
        "php_fpm_socket_dir_missing",
        "socket_private_tmp",
        "disk_full",
    ),
)
