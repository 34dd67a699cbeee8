# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a pool's socket is gone: /run is empty after each boot, and nothing makes the folder again.

Signatures: php_fpm_socket_dir_missing, unix_socket_missing.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    config_is_refused,
    own_lines,
    service_of,
    start_evidence,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import kept_down

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

#: Folders of which each unit with PrivateTmp has its own.
PRIVATE = ("/tmp/", "/var/tmp/")  # noqa: S108 - only compared with
SIGNATURE = "unix_socket_missing"
TMPFILES = "/etc/tmpfiles.d/php-fpm-sockets.conf"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        found = hop.backend.pool_at(hop.real_address) if hop.backend else None
        if not found or not hop.backend or not hop.has(SIGNATURE) or config_is_refused(found.fpm):
            continue
        folders = missing_folders(hop.backend, found.fpm)
        if folders and (not found.fpm.get("master") or folder_of(found) in folders):
            yield gone(hop, hop.backend, found.fpm, folders)


def missing_folders(host: Host, fpm: FpmFacts) -> dict[str, PoolAt]:
    """Folders that this PHP-FPM's sockets need and that are not there, each with a pool that needs it."""
    is_private = or_empty(host.unit(fpm.get("unit"))).get("private_tmp")
    found = {folder_of(one): one for one in host.pools() if one.fpm is fpm and one.pool.get("folder") is False}
    return {folder: one for folder, one in found.items() if not (is_private and (folder + "/").startswith(PRIVATE))}


def folder_of(pool: PoolAt) -> str:
    """The folder of the pool's socket; empty where it has none."""
    return posixpath.dirname(pool.address.path) if pool.address else ""


def gone(hop: Hop, host: Host, fpm: FpmFacts, folders: dict[str, PoolAt]) -> Finding:
    evidence = (
        *hop.seen(SIGNATURE),
        *(folder_evidence(folder, pool) for folder, pool in folders.items()),
        *start_evidence(host, fpm, own_lines(host, fpm, "php_fpm_socket_dir_missing")),
    )
    refusal = why_not(host, fpm, folders)
    if refusal:
        return on_hop(hop, CAUSE.name, evidence, why=refusal, advice=by_hand(fpm, folders))
    (folder,) = folders
    note = "%s is made now, and by systemd-tmpfiles at each boot" % folder
    action: t.Literal["restarted", "started"] = "restarted" if fpm.get("master") else "started"
    return on_hop(hop, CAUSE.name, evidence, remedy=remedies.php_fpm(host, fpm, action, socket_dir=folder, note=note))


def folder_evidence(folder: str, pool: PoolAt) -> Evidence:
    place = file_and_line(pool.pool["settings"]["listen"]["place"])
    return Evidence("socket", "%s does not exist; pool %s listens in it (%s)" % (folder, pool.name, place))


def why_not(host: Host, fpm: FpmFacts, folders: dict[str, PoolAt]) -> str | None:
    """Why nothing is changed; None where the folder can be made and PHP-FPM be started."""
    refusal = kept_down(fpm.get("unit") or fpm["binary"], host.unit(fpm.get("unit")))
    if refusal:
        return refusal
    if not fpm.get("unit"):
        return "no unit is known that starts %s" % fpm["binary"]
    others = next((pool.pool["folder_others"] for pool in folders.values() if pool.pool.get("folder_others")), None)
    if others:
        return "root makes no folder where others may put a link in its place: %s" % others
    return "more than one folder is gone: %s" % ", ".join(folders) if len(folders) > 1 else None


def by_hand(fpm: FpmFacts, folders: t.Iterable[str]) -> tuple[str, ...]:
    """Commands that make the folders and start PHP-FPM."""
    return (
        *("echo %s >>%s" % (shlex.quote("d %s 0755 root root -" % folder), TMPFILES) for folder in folders),
        "systemd-tmpfiles --create %s   # a folder that mkdir makes is gone after the next boot" % TMPFILES,
        "systemctl %s %s" % ("restart" if fpm.get("master") else "start", shlex.quote(service_of(fpm))),
    )


CAUSE = Cause(
    name="php_fpm_socket_dir_missing",
    title="The folder of PHP-FPM's socket is gone",
    find=find,
    yields_to=("php_fpm_config_invalid", "disk_full"),
)
