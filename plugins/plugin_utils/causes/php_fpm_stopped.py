# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM is installed with a pool for this address, and its master does not run."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import PoolAt
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import fpm_starts, on_hop, unit_evidence

SIGNATURES = ("unix_socket_missing", "backend_port_closed", "ipv6_localhost_refused")


def stopped_fpm(hop: Hop, *signatures: str) -> PoolAt | None:
    """The pool behind a hop with one of these symptoms, where its FPM does not run and its config is sound."""
    if not hop.backend or not hop.has(*signatures):
        return None
    found = hop.backend.pool_at(hop.real_address)
    if not found or found.fpm.get("master") or (found.fpm.get("test") or {}).get("sound") is False:
        return None
    return found


def evidence(hop: Hop, stopped: PoolAt, *signatures: str) -> tuple[Evidence, ...]:
    fpm, seen = stopped.fpm, hop.seen(*signatures)
    unit = hop.backend.unit(fpm.get("unit")) if hop.backend else None
    master = Evidence(
        "process",
        "no master process of %s; its pool %s listens on %s when it runs" % (fpm["binary"], stopped.name, hop.address),
    )
    return (*seen, *((unit_evidence(fpm["unit"], unit),) if unit else ()), master)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        stopped = stopped_fpm(hop, *SIGNATURES)
        if stopped and hop.backend:
            remedy, why = fpm_starts(hop.backend, stopped.fpm)
            advice = (
                ()
                if remedy
                else (
                    "%s -t --fpm-config %s" % (stopped.fpm["binary"], stopped.fpm["config"]),
                    "systemctl start %s" % stopped.fpm.get("unit"),
                )
            )
            yield on_hop(hop, CAUSE.name, evidence(hop, stopped, *SIGNATURES), remedy=remedy, why=why, advice=advice)


CAUSE = Cause(
    name="php_fpm_stopped",
    title="PHP-FPM is not running",
    find=find,
    yields_to=("php_fpm_config_invalid", "php_fpm_bind_conflict", "php_fpm_socket_dir_missing", "disk_full"),
)
