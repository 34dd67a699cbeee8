# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon behind a hop: who it is, and where its own log is.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    asked_address,
    units_declaring,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._of_pm2 import kept_by_pm2, log_of_pm2
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import product_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listener


def listener_behind(hop: Hop) -> Listener:
    """Who listens behind a hop; empty where that is not known."""
    connected = (one for attempt, one in zip(hop.tried, hop.tried_addresses) if attempt.get("connected"))
    address = hop.real_address if hop.is_unix or not hop.tried else next(connected, hop.destination)
    return or_empty(hop.backend.listener(address) if hop.backend else None)


def unit_behind(hop: Hop) -> str:
    """The unit of who listens behind a hop; where nobody does just now, the only one that should by its configuration. Empty where none is known."""
    listener = listener_behind(hop)
    if listener or hop.backend is None or containers.at_address(hop):
        return listener.get("unit") or ""
    declaring = units_declaring(hop.backend, asked_address(hop))
    return declaring[0] if len(declaring) == 1 else ""


def container_behind(hop: Hop) -> Container | None:
    """The container that a hop leads to: for which a process of the backend listens, or which has the address itself."""
    return containers.behind(hop.backend, listener_behind(hop)) or containers.at_address(hop)


def paused_behind(hop: Hop) -> Container | None:
    """The container that a hop leads to, where its engine lets nothing in it run: the kernel takes connections for it all the same, until its queue is full."""
    container = container_behind(hop)
    return container if container and container.get("paused") else None


def engines_host(hop: Hop) -> Host:
    """The host whose engine has the container that a hop leads to."""
    host = hop.backend or hop.proxy
    return host.within or host


def described(hop: Hop) -> str:
    """Who listens behind a hop, in words."""
    listener = listener_behind(hop)
    process, unit = listener.get("process"), unit_behind(hop)
    container = container_behind(hop)
    if container:
        return "%s on %s" % (containers.called(container), engines_host(hop).name)
    if hop.backend and hop.backend.within:
        return "%s in %s on %s" % (
            process or "what listens on %s" % hop.address.bare,
            containers.called(hop.backend.facts["container"]),
            hop.backend.within.name,
        )
    if unit:
        return "%s on %s" % ("%s (%s)" % (process, unit) if process else unit, hop.on)
    return "%s on %s" % (process, hop.on) if process else "what listens on %s" % (hop.address,)


def log_command(hop: Hop) -> str:
    """The command that shows the backend's own log; a comment where its unit is not known."""
    listener = listener_behind(hop)
    container = container_behind(hop)
    if container:
        return containers.log_of(container, engines_host(hop).name)
    if hop.backend and hop.backend.within:
        return containers.log_of(hop.backend.facts["container"], hop.backend.within.name)
    published = containers.publisher(listener, hop.real_address.port, hop.on)
    if published:
        return published
    unit = unit_behind(hop)
    of_pm2 = kept_by_pm2(hop, unit)
    if of_pm2:
        return log_of_pm2(of_pm2, hop.on)
    product = product_of(listener)
    pool = hop.backend.pool_at(hop.real_address) if hop.backend else None
    if pool and pool.fpm.get("error_log"):
        return "tail -n 50 %s   # on %s" % (shlex.quote(str(pool.fpm["error_log"])), hop.on)
    if listener.get("log"):
        return _own_log(hop, str(listener["log"]), unit if not (product and product.log) else "")
    if product and product.log:
        # What it says of requests does not go to the journal.
        path = product.log.replace("apache2", "httpd") if listener.get("process") == "httpd" else product.log
        return "tail -n 50 %s   # on %s" % (path.replace("httpd/error.log", "httpd/error_log"), hop.on)
    if unit:
        return _log_of_supervised(hop, unit) or "journalctl -u %s --since -1h   # on %s" % (shlex.quote(unit), hop.on)
    return "# see the log of %s" % described(hop)


def _own_log(hop: Hop, path: str, unit: str) -> str:
    """The command that shows the log that a daemon has open, and what its unit's journal has besides. unit: empty where that has nothing of requests."""
    besides = "; journalctl -u %s -n 20 --since -1h --no-pager" % shlex.quote(unit) if unit else ""
    return "tail -n 50 %s%s   # on %s" % (shlex.quote(path), besides, hop.on)


def _log_of_supervised(hop: Hop, unit: str) -> str:
    """How the files are found that take what a program of supervisor says, which the journal has not; empty for other units."""
    if not unit.startswith("supervisor") or hop.backend is None:
        return ""
    said = or_empty(hop.backend.unit(unit)).get("declares") or []
    place = next(
        (one for one in said if read_address(one["address"]).port == hop.real_address.port or hop.is_unix), None
    )
    if place is None:
        return (
            "supervisorctl status; supervisorctl tail -8000 NAME stderr   # on %s: the journal has not what its programs say"
            % hop.on
        )
    return (
        "grep -nE '^\\[|logfile' %s   # on %s: the files that take what it says (AUTO: below /var/log/supervisor), started at line %d there; not the journal"
        % (
            shlex.quote(place["file"]),
            hop.on,
            place["line"],
        )
    )
