# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool's queue is set so short that a small burst overflows it."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils import _remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet import Facts, Fleet, Hop, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._pool_size import size
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop

#: listen.backlog of PHP-FPM where its config says nothing (fpm_sockets.h)
DEFAULT_BACKLOG = 511


def backlog_in_force(host: Host, address: str) -> int | None:
    """The queue's length as the kernel has it: listen.backlog, capped by net.core.somaxconn."""
    listener = host.listener(address)
    return listener.get("backlog") if listener else None


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        found = hop.backend.pool_at(hop.real_address) if hop.backend else None
        if not found or not hop.backend or not (hop.has("unix_backlog_full") or hop.past("unix_backlog_full")):
            continue
        backlog = backlog_in_force(hop.backend, hop.real_address)
        if backlog is not None and backlog < min(DEFAULT_BACKLOG, hop.backend.system.get("somaxconn") or DEFAULT_BACKLOG):
            yield longer_queue(hop, hop.backend, found, backlog)


def longer_queue(hop: Hop, host: Host, found: tuple[Facts, str, Facts], backlog: int) -> Finding:
    fpm, name, _pool = found
    short = Evidence("socket", "the queue of %s holds %d connections; PHP-FPM's default is %d" % (hop.address, backlog, DEFAULT_BACKLOG))
    sized = size(host.facts, fpm, name)
    settings = {**sized.settings, "listen.backlog": str(DEFAULT_BACKLOG)}
    note = "listen.backlog = %d (PHP-FPM's default; net.core.somaxconn is %s); %s" % (DEFAULT_BACKLOG, host.system.get("somaxconn"), sized.sum or sized.why)
    remedy = _remedies.php_fpm(host, fpm, "restarted", ("config", "restart"), name, settings, note)
    return on_hop(hop, CAUSE.name, (*hop.seen("unix_backlog_full"), short), remedy=remedy)


CAUSE = Cause(name="fpm_backlog_full", title="The PHP-FPM pool's queue is too short", find=find)
