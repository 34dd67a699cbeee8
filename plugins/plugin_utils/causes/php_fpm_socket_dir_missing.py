# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder is gone that a pool's socket, or a file of PHP-FPM's in /run, needs: /run is empty after each boot, and nothing makes the folder again.

Signatures: php_fpm_socket_dir_missing, unix_socket_missing.

Looked at: the folder of the socket, the failed start, whether anything makes the folder at boot.

Done: the folder is made, now and by systemd-tmpfiles at each boot, and PHP-FPM is started.

A quick fix: mkdir alone lasts until the next boot: /run is empty then.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import shlex
import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    DOWN,
    config_is_refused,
    is_of_run,
    lacking,
    mount,
    own_lines,
    service_of,
    start_evidence,
    why_left_alone,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import hops_to_the_end
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._sandbox import is_under, runtime_folders

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

#: Folders of which each unit with PrivateTmp has its own.
PRIVATE = ("/tmp/", "/var/tmp/")  # noqa: S108 - only compared with
SIGNATURE = "unix_socket_missing"
TMPFILES = "/etc/tmpfiles.d/php-fpm-sockets.conf"
#: /run is emptied at each boot, and without systemd it is not sure that anything there reads /etc/tmpfiles.d then.
FADES = "the folder is there until the next boot, unless systemd-tmpfiles or its like runs at boot there"


class Gone(t.NamedTuple):
    """What shows that a folder is gone and needed; who else than root could put a link in its place, and what it lies on that is not mounted; None: nobody,
    nothing."""

    evidence: Evidence
    others: str | None
    unmounted: str | None


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in hops_to_the_end(fleet, "fastcgi"):
        found = hop.backend.pool_at(hop.real_address) if hop.backend else None
        if not found or not hop.backend or not hop.has(*DOWN):
            continue
        folders = missing_folders(hop.backend, found.fpm)
        of_socket = posixpath.dirname(found.address.path) if found.address else ""
        if found.fpm.get("master"):
            is_cause = of_socket in folders and hop.has(SIGNATURE)
        else:
            refused_for = lacking(found.fpm)
            is_cause = bool(folders) and (
                not config_is_refused(found.fpm) or refused_for is not None and refused_for["folder"] in folders
            )
        if is_cause:
            yield gone(hop, hop.backend, found.fpm, folders)


def missing_folders(host: Host, fpm: FpmFacts) -> dict[str, Gone]:
    """Folders that this PHP-FPM needs and that are not there: of its sockets, and in /run of its other files; each with what needs it."""
    unit = or_empty(host.unit(fpm.get("unit")))
    found = {
        posixpath.dirname(one.address.path): Gone(
            folder_evidence(one), one.pool.get("folder_others"), one.pool.get("folder_unmounted")
        )
        for one in host.pools()
        if one.fpm is fpm and one.address and one.pool.get("folder") is False
    }
    for one in fpm.get("missing_folders") or []:
        if is_of_run(one["folder"]) and not fpm.get("master"):
            text = "%s does not exist; %s is to be in it (%s)"
            shown = Evidence("config", text % (one["folder"], one["setting"], file_and_line(one["place"])))
            found.setdefault(one["folder"], Gone(shown, one.get("others"), one.get("unmounted")))
    return {
        folder: gone
        for folder, gone in found.items()
        if not (unit.get("private_tmp") and (folder + "/").startswith(PRIVATE))
        and not is_under(posixpath.normpath(folder), runtime_folders(unit))
    }


def gone(hop: Hop, host: Host, fpm: FpmFacts, folders: dict[str, Gone]) -> Finding:
    evidence = (
        *hop.seen(*DOWN),
        *(one.evidence for one in folders.values()),
        *start_evidence(host, fpm, own_lines(host, fpm, "php_fpm_socket_dir_missing", "backend_start_fails")),
    )
    says = "PHP-FPM on %s lacks a folder that it needs: %s" % (host.name, ", ".join(folders))
    refusal = why_not(host, fpm, folders)
    if refusal:
        return on_hop(hop, CAUSE.name, evidence, says=says, why=refusal, advice=how_to_make(fpm, folders))
    (folder,) = folders
    note = "systemd-tmpfiles makes %s again at each boot" % folder
    action: t.Literal["restarted", "started"] = "restarted" if fpm.get("master") else "started"
    remedy = remedies.php_fpm(host, fpm, action, socket_dir=folder, note=note)
    if host.system.get("service_manager") != "systemd":
        remedy = replace(remedy, note="", fades=FADES)
    return on_hop(hop, CAUSE.name, evidence, says=says, remedy=remedy)


def folder_evidence(pool: PoolAt) -> Evidence:
    """That the folder of a pool's socket is not there."""
    folder = posixpath.dirname(pool.address.path) if pool.address else ""
    place = file_and_line(pool.pool["settings"]["listen"]["place"])
    return Evidence("socket", "%s does not exist; pool %s listens in it (%s)" % (folder, pool.name, place))


def why_not(host: Host, fpm: FpmFacts, folders: dict[str, Gone]) -> str | None:
    """Why nothing is changed; None where the folder can be made and PHP-FPM be started."""
    refusal = why_left_alone(host, fpm)
    if refusal:
        return refusal
    if host.system.get("os") == "darwin":
        return "how a folder is made at each boot of a Mac was not tried"
    unmounted = next((one.unmounted for one in folders.values() if one.unmounted), None)
    if unmounted:
        return "%s of /etc/fstab is not mounted: a folder that is made below it now would be hidden later" % unmounted
    others = next((one.others for one in folders.values() if one.others), None)
    if others:
        return "root makes no folder where others may put a link in its place: %s" % others
    if len(folders) > 1:
        return "more than one folder is gone: %s" % ", ".join(folders)
    check = or_empty(fpm.get("test"))
    if not fpm.get("master") and check.get("sound") is None:
        return "whether %s -t accepts the files could not be seen: %s" % (fpm["binary"], check.get("error"))
    return None


def how_to_make(fpm: FpmFacts, folders: dict[str, Gone]) -> tuple[str, ...]:
    """Commands that make the folders, or mount what they lie on, and start PHP-FPM."""
    start = "systemctl %s %s" % ("restart" if fpm.get("master") else "start", shlex.quote(service_of(fpm)))
    points = dict.fromkeys(one.unmounted for one in folders.values() if one.unmounted)
    if points:
        after = (
            "# RequiresMountsFor=%s in [Unit] of its unit (systemctl edit): systemd then mounts that before each start"
        )
        return (*map(mount, points), start, after % " ".join(points))
    return (
        *("echo %s >>%s" % (shlex.quote("d %s 0755 root root -" % folder), TMPFILES) for folder in folders),
        "systemd-tmpfiles --create %s   # a folder that mkdir makes is gone after the next boot" % TMPFILES,
        start,
    )


CAUSE = Cause(
    name="php_fpm_socket_dir_missing",
    title="A folder in which PHP-FPM makes its socket or its PID file is gone",
    says="a folder in which PHP-FPM on {on} makes its socket or its PID file is gone",
    find=find,
    set_off_by=("backend",),
    daemon="hindered",
    yields_to=("php_fpm_config_invalid", "disk_full"),
)
