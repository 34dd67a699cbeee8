# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk is full: nginx cannot keep what it buffers, or the backend's service cannot start."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend_units import declared_by
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop, unit_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    DOWN,
    own_lines,
    says_no_space,
    stopped_behind,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._nginx_limits import finding

NAME = "disk_full"
MIB = 1024 * 1024


def is_full(disk: Facts) -> bool:
    return disk["free_bytes"] < min(disk["total_bytes"] // 200, 16 * MIB) or disk.get("free_inodes") == 0


def full_disks(host: Host) -> list[Facts]:
    return [disk for disk in host.facts.get("disks") or [] if disk["total_bytes"] and is_full(disk)]


def disk_evidence(host: Host, disks: t.Iterable[Facts]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            "disk",
            "%s on %s is full: %d KiB of %d MiB free, %s inodes free"
            % (
                disk["path"],
                host.name,
                disk["free_bytes"] // 1024,
                disk["total_bytes"] // MIB,
                disk.get("free_inodes"),
            ),
        )
        for disk in disks
    )


def advice(disks: t.Iterable[Facts], *last: str) -> tuple[str, ...]:
    path = " ".join(disk["path"] for disk in disks)
    return (
        "df -h %s; df -i %s" % (path, path),
        "du -xh --max-depth=2 %s | sort -h | tail   # what takes it; lsof +L1 shows deleted files that are still open"
        % path,
        "journalctl --vacuum-size=200M   # the oldest entries of the journal are gone then",
        "apt-get clean || dnf clean packages   # downloaded packages only",
        *last,
    )


def failed_unit(hop: Hop, host: Host) -> tuple[str, Evidence] | None:
    """The unit that failed behind a hop that is down, and what says that it did for want of space."""
    for fpm in stopped_behind(hop):
        error = (fpm.get("test") or {}).get("error")
        unit = host.unit(fpm.get("unit"))
        lines = [
            record
            for record in own_lines(host, fpm, "php_fpm_config_invalid", NAME)
            if says_no_space(record["message"])
        ]
        if says_no_space(error):
            return fpm["unit"] or fpm["binary"], Evidence("config", "%s -t: %s" % (fpm["binary"], error))
        if lines:
            return fpm["unit"] or fpm["binary"], log_evidence(lines[0])
        if unit and has_failed(unit):
            return fpm["unit"], unit_evidence(fpm["unit"], unit)
        return None
    names = declared_by(host, hop.real_address)
    return next(
        (
            (name, unit_evidence(name, host.facts["units"][name]))
            for name in names
            if has_failed(host.facts["units"][name])
        ),
        None,
    )


def has_failed(unit: Facts) -> bool:
    return unit.get("active") in ("failed", "activating") and unit.get("result") not in ("success", None)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        disks = full_disks(host) if host and hop.has(*DOWN) else []
        failed = failed_unit(hop, host) if host and disks else None
        if host and failed:
            yield on_hop(
                hop,
                NAME,
                (*hop.seen(*DOWN), failed[1], *disk_evidence(host, disks)),
                why="%s cannot start while %s is full; what may be removed is for you to say"
                % (failed[0], disks[0]["path"]),
                advice=advice(disks, "systemctl start %s" % failed[0]),
            )
    for proxy in fleet.proxies():
        lines = [record for record in proxy.records if record["signature"] == NAME]
        disks = full_disks(proxy)
        if disks and (lines or any(answer.get("signature") == NAME for answer in proxy.failing)):
            yield finding(
                fleet,
                proxy,
                NAME,
                disks[0]["path"],
                disk_evidence(proxy, disks)[0],
                lines,
                why="nginx cannot keep requests and answers that do not fit into memory: they are cut short or answered with 500",
                advice=advice(disks),
            )


CAUSE = Cause(name=NAME, title="A disk is full", find=find)
