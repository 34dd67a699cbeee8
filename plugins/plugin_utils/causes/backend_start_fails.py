# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit that would have to listen cannot start: what it needs is not there, or its newest starts failed. Starting it is left to who mends that.

Signatures: backend_port_closed, ipv6_localhost_refused, unix_socket_missing, stale_unix_socket.

Looked at: the last starts of the unit, what its configuration check says, the files and users that it needs.

Done: nothing is changed: what the start lacks is named, so that the start comes after the repair.

A quick fix: a restart in a loop hides the first message under many, and runs into systemd's limit of starts.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _fpm_obstacles
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    nobody_listens,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend_units import Blocked, blocked
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import stopped_behind, unit_state
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import port_or_path
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import hops_to_the_end
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import unit_evidence

#: What nginx meets where nobody listens: a closed port, no socket, or one that was left behind.
SYMPTOMS = ("backend_port_closed", "ipv6_localhost_refused", "unix_socket_missing", "stale_unix_socket")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in hops_to_the_end(fleet):
        host = hop.backend
        if host and hop.has(*SYMPTOMS) and nobody_listens(hop, host):
            found = blocked(hop, fleet, host)
            if found and found.obstacle:
                yield cannot_start(hop, host, found)
        elif host and hop.family == "fastcgi" and hop.has(*SYMPTOMS):
            yield from fpm_cannot_start(hop, host)


def cannot_start(hop: Hop, host: Host, found: Blocked) -> Finding:
    unit = host.unit(found.unit)
    nobody = Evidence(
        "socket",
        "nothing listens on %s of %s; %s: %s" % (port_or_path(hop.real_address), host.name, found.unit, found.reason),
    )
    state = (unit_evidence(found.unit, unit),) if unit else ()
    obstacle = found.obstacle
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SYMPTOMS), nobody, *state, *(obstacle.evidence if obstacle else ())),
        why=obstacle.why if obstacle else "",
        advice=obstacle.advice if obstacle else (),
    )


def fpm_cannot_start(hop: Hop, host: Host) -> t.Iterator[Finding]:
    """The same of the PHP-FPM whose pool is behind the hop."""
    for fpm in stopped_behind(hop):
        found = _fpm_obstacles.obstacle(host, fpm)
        if found:
            evidence = (*hop.seen(*SYMPTOMS), *unit_state(host, fpm), *found.evidence)
            yield on_hop(hop, CAUSE.name, evidence, why=found.why, advice=found.advice)


CAUSE = Cause(
    name="backend_start_fails",
    title="The backend's service cannot start",
    says="the service behind {subject} on {on} cannot start",
    find=find,
    set_off_by=("backend",),
    daemon="hindered",
    yields_to=(
        "firewall_reject",
        "stale_upstream_dns",
        "plesk_apache_backend",
        "socket_path_mismatch",
        "disk_full",
        "socket_private_tmp",
        "php_fpm_config_invalid",
        "php_fpm_bind_conflict",
        "php_fpm_socket_dir_missing",
    ),
)
