# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a pool's socket is gone: /run is empty after each boot, and nothing makes the folder again."""

from __future__ import annotations

import posixpath
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host, PoolAt
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import admin_says_no, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    name_of,
    own_lines,
    place_text,
    start_evidence,
)

#: Where each unit with PrivateTmp has a folder of its own.
PRIVATE = ("/tmp/", "/var/tmp/")  # noqa: S108 - only compared with
SIGNATURES = ("unix_socket_missing",)


def folder_of(one: PoolAt) -> str:
    return posixpath.dirname(one.address.path) if one.address else ""


def missing(host: Host, fpm: Facts) -> dict[str, PoolAt]:
    """Folders that this FPM's sockets need and that are not there, each with a pool that needs it."""
    private = (host.unit(fpm.get("unit")) or {}).get("private_tmp")
    found = {folder_of(one): one for one in host.pools() if one.fpm is fpm and one.pool.get("folder") is False}
    return {folder: one for folder, one in found.items() if not (private and (folder + "/").startswith(PRIVATE))}


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        found = hop.backend.pool_at(hop.real_address) if hop.backend else None
        if (
            not found
            or not hop.backend
            or not hop.has(*SIGNATURES)
            or (found.fpm.get("test") or {}).get("sound") is False
        ):
            continue
        folders = missing(hop.backend, found.fpm)
        if folders and (not found.fpm.get("master") or folder_of(found) in folders):
            yield gone(hop, hop.backend, found.fpm, folders)


def gone(hop: Hop, host: Host, fpm: Facts, folders: dict[str, PoolAt]) -> Finding:
    lacks = [
        Evidence(
            "socket",
            "%s does not exist; pool %s listens in it (%s)"
            % (folder, one.name, place_text(one.pool["settings"]["listen"]["place"])),
        )
        for folder, one in folders.items()
    ]
    seen = (
        *hop.seen(*SIGNATURES),
        *lacks,
        *start_evidence(host, fpm, own_lines(host, fpm, "php_fpm_socket_dir_missing")),
    )
    refusal = admin_says_no(fpm.get("unit") or fpm["binary"], host.unit(fpm.get("unit")))
    verb = "restart" if fpm.get("master") else "start"
    advice = (
        *("echo 'd %s 0755 root root -' >>/etc/tmpfiles.d/php-fpm-sockets.conf" % folder for folder in folders),
        "systemd-tmpfiles --create /etc/tmpfiles.d/php-fpm-sockets.conf   # a mkdir alone is gone after the next boot",
        "systemctl %s %s" % (verb, name_of(fpm)),
    )
    if refusal or not fpm.get("unit"):
        return on_hop(
            hop, CAUSE.name, seen, why=refusal or "no unit is known that starts %s" % fpm["binary"], advice=advice
        )
    if len(folders) > 1:
        return on_hop(hop, CAUSE.name, seen, why="more than one folder is gone: %s" % ", ".join(folders), advice=advice)
    folder = next(iter(folders))
    note = "%s is made now and by systemd-tmpfiles at each boot" % folder
    return on_hop(
        hop,
        CAUSE.name,
        seen,
        remedy=remedies.php_fpm(
            host, fpm, "restarted" if fpm.get("master") else "started", socket_dir=folder, note=note
        ),
    )


CAUSE = Cause(
    name="php_fpm_socket_dir_missing",
    title="The folder of PHP-FPM's socket is gone",
    find=find,
    yields_to=("php_fpm_config_invalid", "disk_full"),
)
