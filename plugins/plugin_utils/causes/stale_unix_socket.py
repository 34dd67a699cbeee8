# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket's file and its daemon do not match: the daemon was killed and left the file, somebody removed the file of one that runs, or wrote a pool that
PHP-FPM has not read yet.

Signatures: stale_unix_socket, unix_socket_missing.

Looked at: the socket's file, who listens, the daemon's unit and how it ended, files of PHP-FPM that are newer than what runs.

Done: the daemon is started, which replaces the file; or restarted, where it runs without one. For a pool that was not read PHP-FPM is reloaded where
fix_502_allow has `pending`.

A quick fix: removing the file alone turns one error into another.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import socket_unit
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend_units import blocked, started
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    by_hand,
    if_killed,
    service_of,
    start,
    startable_pool,
    stopped_evidence,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._sandbox import is_under, runtime_folders

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import UnixListener

SIGNATURE = "stale_unix_socket"
MISSING = "unix_socket_missing"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        listener = host.unix_listener(hop.real_address) if host and hop.is_unix else None
        if host and listener and hop.has(MISSING) and or_empty(listener.get("file")).get("exists") is False:
            yield removed(hop, host, listener)
        elif host and not listener and hop.has(SIGNATURE):
            yield from left_over(hop, fleet, host)
        elif host and hop.is_unix and not listener and hop.has(MISSING):
            yield from not_read(hop, host)


def left_over(hop: Hop, fleet: Fleet, host: Host) -> t.Iterator[Finding]:
    """The file is there and nothing listens on it."""
    stopped = startable_pool(hop, SIGNATURE)
    if stopped:
        remedy, why = start(host, stopped.fpm)
        evidence = stopped_evidence(hop, stopped, SIGNATURE)
        advice = () if remedy else by_hand(host, stopped.fpm)
        advice += if_killed(host, stopped.fpm)
        yield on_hop(hop, CAUSE.name, evidence, remedy=remedy, why=why, advice=advice)
    elif not host.pool_at(hop.real_address) and not blocked(hop, fleet, host):
        left = Evidence("socket", "%s exists and no process listens on it" % (hop.real_address,))
        yield started(hop, fleet, host, CAUSE.name, (*hop.seen(SIGNATURE), left))


def not_read(hop: Hop, host: Host) -> t.Iterator[Finding]:
    """A pool has that socket by its file, which was saved after the PHP-FPM that runs read its files."""
    found = host.pool_at(hop.real_address)
    file = found.pool["file"] if found else ""
    if not found or not found.fpm.get("master") or file not in (found.fpm.get("pending") or ()):
        return
    name = service_of(found.fpm)
    note = "%s describes pool %s, and was saved after %s read its files" % (file, found.name, name)
    yield on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(MISSING), Evidence("pool", note), Evidence("process", "%s runs, and nobody listens there" % name)),
        says="PHP-FPM on %s does not know the pool of %s yet: it was not reloaded" % (host.name, hop.address.path),
        remedy=remedies.php_fpm(host, found.fpm, "reloaded", note=note),
        why=note,
    )


def removed(hop: Hop, host: Host, listener: UnixListener) -> Finding:
    """The daemon listens on a file that is gone. Only a restart makes it again: a reload keeps the socket that the daemon has."""
    path, process, pid = hop.real_address.path, listener.get("process"), listener.get("pid")
    gone = "%s (pid %s) listens on %s, and there is no such file any more" % (process, pid, path)
    evidence = (*hop.seen(MISSING), Evidence("socket", gone))
    says = "the socket file %s on %s is gone, while its daemon runs" % (path, host.name)
    found = host.pool_at(hop.real_address)
    if found and found.fpm.get("master") and found.fpm.get("unit"):
        note = "somebody removed %s; PHP-FPM makes it when it starts" % path
        remedy = remedies.php_fpm(host, found.fpm, "restarted", note=note)
        return on_hop(hop, CAUSE.name, evidence, says=says, remedy=remedy, advice=shared(host, hop.real_address))
    unit, socket = listener.get("unit") or "SERVICE", socket_unit(host, hop.real_address)
    restart = "systemctl restart %s" % shlex.quote(unit)
    why = "%s was removed while its service runs; a restart makes it again" % path
    if socket:
        both = " ".join(map(shlex.quote, dict.fromkeys((socket, unit))))
        restart = "systemctl stop %s; systemctl start %s" % (both, both)
        why = "%s was removed; %s makes it again when it starts, and its service has to be stopped for that" % (
            path,
            socket,
        )
    return on_hop(
        hop,
        CAUSE.name,
        evidence,
        says=says,
        why=why,
        advice=(
            "%s   # on %s: requests that it works on are lost" % (restart, host.name),
            *(of_its_service(host, socket, path) or sisters(host, listener.get("unit"), path)),
        ),
    )


def of_its_service(host: Host, socket: str, path: str) -> tuple[str, ...]:
    """A remark where the socket of a socket unit lies in the folder that systemd removes whenever its own service stops."""
    services = or_empty(host.unit(socket)).get("triggers") or []
    owner = next((name for name in services if is_under(path, runtime_folders(host.unit(name)))), None)
    if owner is None:
        return ()
    return (
        "# %s lies in RuntimeDirectory= of %s, which systemd removes with each restart of that: RuntimeDirectoryPreserve=yes in its [Service] (systemctl edit),"
        " or ListenStream= and nginx's address directly in /run" % (path, owner),
    )


def sisters(host: Host, unit: str | None, path: str) -> tuple[str, ...]:
    """A remark where systemd makes the folder of a socket for other services as well: whichever stops takes it away from the others."""
    folders = [one for one in runtime_folders(host.unit(unit)) if is_under(path, [one])]
    units = host.units
    others = [name for name in units if name != unit and set(folders) & set(runtime_folders(units[name]))]
    if not others:
        return ()
    return (
        "# %s and %s have the same RuntimeDirectory=: systemd removes %s whenever one of them stops. RuntimeDirectoryPreserve=yes in [Service] of each"
        " (systemctl edit), or a folder of its own for each" % (unit, ", ".join(others[:3]), folders[0]),
    )


def shared(host: Host, address: Address) -> tuple[str, ...]:
    """A remark where the pools of several PHP-FPMs have this socket: whichever stops takes it away from the others. Empty where one has it."""
    pools = host.pools_at(address)
    named = ["pool %s of %s" % (one.name, one.fpm.get("unit") or one.fpm["config"]) for one in pools]
    if len({one.fpm["config"] for one in pools}) < 2:
        return ()
    return ("# %s have the same socket: whichever stops removes it; give each a path of its own" % " and ".join(named),)


CAUSE = Cause(
    name=SIGNATURE,
    title="A socket file without its daemon, or a daemon without its socket file",
    says="the socket file {subject} on {on} was left over by a daemon that does not run",
    find=find,
    set_off_by=("backend",),
    daemon="stopped",
    yields_to=(
        "php_fpm_config_invalid",
        "php_fpm_bind_conflict",
        "php_fpm_socket_dir_missing",
        "backend_start_fails",
        "socket_private_tmp",
        "disk_full",
    ),
)
