# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM cannot start because another process listens where one of its pools wants to. php-fpm -t does not see it: it binds nothing.

Signatures: php_fpm_bind_conflict, unix_socket_missing, backend_port_closed.

Looked at: who listens on the pool's address, other PHP-FPM instances and their configurations, the failed start.

Done: nothing is changed: who has the address is named.

A quick fix: killing what listens there may end the PHP of another site.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, covers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    config_is_refused,
    own_lines,
    service_of,
    start_evidence,
    stopped_behind,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import hops_to_the_end

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listener
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts


class Taken(t.NamedTuple):
    """A pool, the address that it wants, and who listens there."""

    pool: PoolAt
    address: Address
    listener: Listener


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in hops_to_the_end(fleet, "fastcgi"):
        # What was only in the log is history: another process may have used the address since.
        if not hop.backend or not (hop.failing or hop.symptoms):
            continue
        for fpm in stopped_behind(hop):
            taken = None if config_is_refused(fpm) else first_taken(hop.backend, fpm)
            if taken:
                yield conflict(hop, hop.backend, taken)


def first_taken(host: Host, fpm: FpmFacts) -> Taken | None:
    """The first pool of a stopped PHP-FPM whose address another process has."""
    for pool in host.pools():
        listener = occupant(host, pool.address) if pool.fpm is fpm and pool.address else None
        if pool.address and listener:
            return Taken(pool, pool.address, listener)
    return None


def occupant(host: Host, address: Address) -> Listener | None:
    """Who listens there, or on all addresses of that port, or on one where the pool wants all."""
    if address.is_unix:
        return host.unix_listener(address)
    found = [
        one
        for one in host.tcp_listeners(address.port)
        if covers(one["address"], address.host) or covers(address.host, one["address"])
    ]
    return next(iter(found), None)


def conflict(hop: Hop, host: Host, taken: Taken) -> Finding:
    pool, address, listener = taken
    service, place = service_of(pool.fpm), file_and_line(pool.pool["settings"]["listen"]["place"])
    unit, pid = listener.get("unit"), listener.get("pid")
    who = "%s (pid %s%s)" % (listener.get("process") or "another process", pid, ", %s" % unit if unit else "")
    wants = "pool %s of %s wants %s (%s), where %s listens" % (pool.name, service, address, place, who)
    ask = "ss -xlp src %s" % shlex.quote(address.path) if address.is_unix else "ss -ltnp 'sport = :%d'" % address.port
    stop = "systemctl stop %s   # or this" % shlex.quote(unit) if unit else "# or stop the process with pid %s" % pid
    return on_hop(
        hop,
        CAUSE.name,
        (
            # All that is wrong over the hop: what the other listener answers differs.
            *hop.seen(*hop.symptoms),
            Evidence("socket", wants),
            *start_evidence(host, pool.fpm, own_lines(host, pool.fpm, "php_fpm_bind_conflict")),
        ),
        why="%s cannot start: %s has %s. You have to decide which of the two keeps it" % (service, who, address),
        advice=(
            "%s   # on %s: who has it?" % (ask, host.name),
            "# set another `listen` at %s, and the same address in nginx" % place,
            stop + ": what it serves is gone then",
            "systemctl start %s" % shlex.quote(service),
        ),
    )


CAUSE = Cause(
    name="php_fpm_bind_conflict",
    title="Another process listens on PHP-FPM's address",
    says="another process of {on} listens on PHP-FPM's address",
    find=find,
    set_off_by=("backend",),
    daemon="hindered",
    yields_to=("php_fpm_config_invalid",),
)
