# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk is full: nginx cannot keep what it buffers, or the backend's service cannot start.

Signatures: disk_full, unix_socket_missing, backend_port_closed, php_fpm_config_invalid.

Looked at: free bytes and inodes of the disks, what nginx and the services say of their files.

Done: nothing is removed: the disk, and commands that show what takes the space.

A quick fix: rm on a log that is still open frees nothing until its daemon lets go of it; a full disk comes back where nothing rotates.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import units_declaring
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import ENDED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop, on_proxy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    DOWN,
    own_lines,
    says_no_space,
    stopped_behind,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._sandbox import is_under
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import unit_evidence

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.disks import Disk
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts

NAME = "disk_full"
OF_SOCKETS = ("/run/php", "/run/php-fpm")
KIB, MIB = 1024, 1024 * 1024
#: Folders with what a command may remove at any time. Without /var/log/journal, the journal is in /run.
CLEANED = (
    (("/var/log", "/run"), "journalctl --vacuum-size=200M   # on %s: removes the oldest entries of the journal"),
    (("/var/cache",), "apt-get clean || dnf clean packages   # on %s: removes downloaded packages only"),
)


class FailedUnit(t.NamedTuple):
    """A unit that does not start, and what says that it may be for want of space."""

    name: str
    evidence: Evidence


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        disks = [disk for disk in full_disks(host) if matters_to(disk, hop)] if host and hop.has(*DOWN) else []
        failed = failed_unit(hop, host) if host and disks else None
        if host and failed:
            yield cannot_start(hop, host, failed, disks)
    for proxy in fleet.proxies():
        lines = [record for record in proxy.records if record["signature"] == NAME]
        disks = full_disks(proxy)
        if disks and (lines or any(answer.get("signature") == NAME for answer in proxy.failing)):
            yield cannot_buffer(fleet, proxy, lines, disks)


def full_disks(host: Host) -> list[Disk]:
    """Disks with less than 0.5 % and less than 16 MiB free, or without free inodes."""
    return [disk for disk in host.facts.get("disks") or [] if disk["total_bytes"] and is_full(disk)]


def matters_to(disk: Disk, hop: Hop) -> bool:
    """Whether a daemon behind this hop writes to a disk: one that has sockets alone is of account to those that have theirs there."""
    return disk["path"] not in OF_SOCKETS or is_under(hop.real_address.path, (disk["path"],))


def is_full(disk: Disk) -> bool:
    return disk["free_bytes"] < min(disk["total_bytes"] // 200, 16 * MIB) or disk.get("free_inodes") == 0


def failed_unit(hop: Hop, host: Host) -> FailedUnit | None:
    """The unit behind a hop that failed to start: PHP-FPM's, else one whose configuration says that it listens there."""
    stopped = stopped_behind(hop)
    if stopped:
        return failed_fpm(host, stopped[0])
    units = host.units
    failed = [name for name in units_declaring(host, hop.real_address) if has_failed(units[name])]
    return FailedUnit(failed[0], unit_evidence(failed[0], units[failed[0]])) if failed else None


def failed_fpm(host: Host, fpm: FpmFacts) -> FailedUnit | None:
    """The unit of a stopped PHP-FPM where it says itself that a disk is full, or has failed."""
    name = fpm["unit"] or fpm["binary"]
    error = or_empty(fpm.get("test")).get("error")
    if says_no_space(error):
        return FailedUnit(name, Evidence("config", "%s -t: %s" % (fpm["binary"], error)))
    for record in own_lines(host, fpm, "php_fpm_config_invalid", NAME):
        if says_no_space(record["message"]):
            return FailedUnit(name, log_evidence(record))
    unit = host.unit(fpm.get("unit"))
    return FailedUnit(name, unit_evidence(name, unit)) if unit and has_failed(unit) else None


def has_failed(unit: Unit) -> bool:
    return unit.get("active") in ("failed", "activating") and unit.get("result") not in ("success", None)


def cannot_start(hop: Hop, host: Host, failed: FailedUnit, disks: list[Disk]) -> Finding:
    return on_hop(
        hop,
        NAME,
        (*hop.seen(*DOWN), failed.evidence, *(disk_evidence(host, disk) for disk in disks)),
        why="%s cannot start while %s is full; you have to decide what may be removed"
        % (failed.name, disks[0]["path"]),
        advice=(*how_to_free(host, disks), "systemctl start %s   # on %s" % (shlex.quote(failed.name), host.name)),
    )


def cannot_buffer(fleet: Fleet, proxy: Host, lines: list[LogRecord], disks: list[Disk]) -> Finding:
    return on_proxy(
        fleet,
        proxy,
        NAME,
        disks[0]["path"],
        disk_evidence(proxy, disks[0]),
        lines,
        why="nginx cannot keep requests and answers that do not fit into memory: they are cut short or answered with 500",
        advice=how_to_free(proxy, disks),
    )


def disk_evidence(host: Host, disk: Disk) -> Evidence:
    free, total = disk["free_bytes"] // KIB, disk["total_bytes"] // MIB
    text = "%s on %s is full: %d KiB of %d MiB free" % (disk["path"], host.name, free, total)
    return Evidence("disk", "%s, %s inodes free" % (text, disk.get("free_inodes")))


def how_to_free(host: Host, disks: list[Disk]) -> tuple[str, ...]:
    paths = " ".join(shlex.quote(disk["path"]) for disk in disks)
    cleaned = [line % host.name for folders, line in CLEANED if any(disk_of(host, one) in disks for one in folders)]
    used_up = [shlex.quote(disk["path"]) for disk in disks if disk.get("free_inodes") == 0]
    of_space = (
        "du -xh --max-depth=2 %s | sort -h | tail   # on %s: what takes the space; lsof +L1 shows deleted files that are still open"
        % (paths, host.name)
    )
    of_inodes = "du -x --inodes --max-depth=3 %s | sort -n | tail   # on %s: where the many files are; their size is of no account"
    return (
        "df -h %s; df -i %s   # on %s" % (paths, paths, host.name),
        of_inodes % (" ".join(used_up), host.name) if used_up else of_space,
        *cleaned,
    )


def disk_of(host: Host, folder: str) -> Disk | None:
    """The disk that a folder lies on."""
    around = [disk for disk in host.facts.get("disks") or [] if is_under(folder, [disk["path"]])]
    return max(around, key=lambda disk: len(disk["path"]), default=None)


CAUSE = Cause(name=NAME, title="A disk is full", says="a disk of {on} is full", find=find, set_off_by=(), outdoes=ENDED)
