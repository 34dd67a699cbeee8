# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM is installed with a pool for this address, and its master does not run.

Signatures: unix_socket_missing, backend_port_closed, stale_unix_socket.

Looked at: the unit and its state, PHP-FPM's master process, php-fpm -t, a direct connection.

Done: PHP-FPM's configuration is checked and its unit started; advice where an administrator masked or disabled it.

A quick fix: restarting nginx makes no socket; installing another PHP makes a socket under another name.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    by_hand,
    if_killed,
    if_nothing_starts_it,
    start,
    startable_pool,
    stopped_evidence,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import hops_to_the_end

SIGNATURES = ("unix_socket_missing", "backend_port_closed", "ipv6_localhost_refused")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in hops_to_the_end(fleet, "fastcgi"):
        stopped = startable_pool(hop, *SIGNATURES)
        if stopped and hop.backend:
            remedy, why = start(hop.backend, stopped.fpm)
            evidence = stopped_evidence(hop, stopped, *SIGNATURES)
            advice = () if remedy else by_hand(hop.backend, stopped.fpm)
            advice += if_killed(hop.backend, stopped.fpm)
            advice += if_nothing_starts_it(hop.backend, stopped.fpm) if remedy else ()
            yield on_hop(hop, CAUSE.name, evidence, remedy=remedy, why=why, advice=advice)


CAUSE = Cause(
    name="php_fpm_stopped",
    title="PHP-FPM is not running",
    says="PHP-FPM on {on} is not running",
    find=find,
    set_off_by=("backend",),
    daemon="stopped",
    yields_to=(
        "php_fpm_config_invalid",
        "php_fpm_bind_conflict",
        "php_fpm_socket_dir_missing",
        "backend_start_fails",
        "disk_full",
    ),
)
