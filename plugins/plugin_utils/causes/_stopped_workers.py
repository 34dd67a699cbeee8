# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers that nothing lets run: stopped by a signal, or in a container that is paused. The kernel takes connections for them all the same.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import (
    described,
    engines_host,
    listener_behind,
    log_command,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import called, client_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container


def stopped_pool(hop: Hop) -> PoolAt | None:
    """The pool behind a hop, where all of its workers are stopped by a signal."""
    found = hop.backend.pool_at(hop.real_address) if hop.backend else None
    if not found or not found.pool["workers"] or any(worker["state"] != "T" for worker in found.pool["workers"]):
        return None
    return found


def workers_stopped(hop: Hop, pool: PoolAt, cause: str, seen: tuple[Evidence, ...]) -> Finding:
    """Nothing runs until somebody lets them go on."""
    master = or_empty(pool.fpm.get("master")).get("pid")
    pids = [pid for pid in [master, *(worker["pid"] for worker in pool.pool["workers"])] if pid]
    why = "all %d workers of pool %s on %s are stopped: somebody or something has sent them SIGSTOP" % (
        len(pool.pool["workers"]),
        pool.name,
        hop.on,
    )
    return _let_go_on(hop, cause, seen, why, "kill -CONT %s" % " ".join(map(str, pids)))


def process_stopped(hop: Hop, cause: str, seen: tuple[Evidence, ...]) -> Finding | None:
    """The process that listens is stopped by a signal, and so are all that take its connections; None where one runs."""
    listener = listener_behind(hop)
    taking = or_empty(listener.get("accepting")).get("processes") or []
    if listener.get("state") != "T" or any(one["state"] != "T" for one in taking):
        return None
    pids = sorted({pid for pid in (listener.get("pid"), *(one["pid"] for one in taking)) if pid})
    who = "%s (pid %s)" % (described(hop), listener.get("pid"))
    why = (
        "%s is stopped: somebody or something has sent it SIGSTOP; the kernel takes connections for it until its queue is full"
        % who
    )
    unit = listener.get("unit")
    # Its children, which take the connections of many servers, mostly got the same signal.
    is_systemd = hop.backend is not None and hop.backend.system.get("service_manager") == "systemd"
    of_all = "systemctl kill --signal=CONT %s" % shlex.quote(unit) if unit and is_systemd else ""
    return _let_go_on(hop, cause, seen, why, of_all or "kill -CONT %s" % " ".join(map(str, pids)))


def _let_go_on(hop: Hop, cause: str, seen: tuple[Evidence, ...], why: str, command: str) -> Finding:
    """The finding about processes that are stopped. command: what lets them go on."""
    return on_hop(
        hop,
        cause,
        (*seen, Evidence("process", why)),
        why=why,
        advice=("%s   # on %s" % (command, hop.on), log_command(hop)),
    )


def paused(hop: Hop, container: Container, cause: str, seen: tuple[Evidence, ...]) -> Finding:
    """The engine has stopped all that runs in a container."""
    client, name = client_of(container) or "docker", shlex.quote(container["name"])
    on = engines_host(hop).name
    why = "%s is paused: %s lets nothing in it run, and connections are taken all the same, until its queue is full" % (
        called(container),
        client,
    )
    return on_hop(
        hop,
        cause,
        (*seen, Evidence("process", why)),
        on=on,
        why=why,
        advice=("%s unpause %s   # on %s" % (client, name, on),),
    )
