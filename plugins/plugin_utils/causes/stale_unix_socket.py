# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket file is there and nobody listens on it: its daemon was killed and could not remove it."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import fpm_starts, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes.php_fpm_stopped import evidence, stopped_fpm


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if not hop.backend or not hop.has("stale_unix_socket") or hop.backend.unix_listener(hop.real_address):
            continue
        stopped = stopped_fpm(hop, "stale_unix_socket")
        if stopped:
            remedy, why = fpm_starts(hop.backend, stopped[0])
            yield on_hop(hop, CAUSE.name, evidence(hop, *stopped, "stale_unix_socket"), remedy=remedy, why=why)
        elif not hop.backend.pool_at(hop.real_address):
            nobody = Evidence("socket", "%s exists and no process listens on it" % hop.real_address)
            yield on_hop(
                hop, CAUSE.name, (*hop.seen("stale_unix_socket"), nobody), why="which service listened there cannot be seen",
                advice=("systemctl list-units --failed", "systemctl restart SERVICE   # the one that owns %s; it makes the socket anew" % hop.real_address),
            )


CAUSE = Cause(name="stale_unix_socket", title="A socket is left over from a daemon that was killed", find=find, yields_to=("php_fpm_config_invalid", "php_fpm_bind_conflict", "disk_full"))
