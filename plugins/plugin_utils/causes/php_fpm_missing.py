# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool that nginx asks for belongs to a PHP-FPM that was removed: its configuration was left behind.

Signatures: unix_socket_missing, stale_unix_socket, backend_port_closed, ipv6_localhost_refused.

Looked at: the pool's configuration, the binary and unit that belong to it, the PHP-FPMs that are installed.

Done: nothing is changed: what is installed and what nginx asks for are named.

A quick fix: a link from one socket's name to another is gone after the next boot, and runs the site with another PHP.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import DOWN, service_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import (
        FpmFacts,
        FpmGone,
        FpmSetAside,
    )

SHOWN = 3
#: What package managers leave of a changed file when its package is removed.
REMOVED = (".rpmsave", ".dpkg-old")
#: What brings it back, by where its main file lies: {v} is 8.1, {n} is 81.
PACKAGES = (
    (r"/etc/php-fpm\.conf$", "dnf install php-fpm"),
    (r"/etc/php/\d", "apt-get install php{v}-fpm"),
    (r"/etc/php\d", "apk add php{n}-fpm"),
    (r"/etc/opt/remi/", "dnf install php{n}-php-fpm"),
    (r"/etc/opt/rh/", "yum install rh-php{n}-php-fpm"),
    (r"/opt/cpanel/", "dnf install ea-php{n}-php-fpm"),
    (r"/opt/alt/", "dnf install alt-php{n}-php-fpm"),
    (r"/opt/plesk/", "plesk installer --select-release-current --install-component php{v}"),
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        host = hop.backend
        if not host or not hop.has(*DOWN) or host.pool_at(hop.real_address) or host.listener(hop.real_address):
            continue
        for gone in host.facts.get("php_fpm_gone") or []:
            pool = next((one for one in gone["pools"] if _is_asked(one, hop)), None)
            if pool and not has_heir(host, pool):
                yield missing(hop, host, gone, pool)
                break


def _is_asked(pool: FpmSetAside, hop: Hop) -> bool:
    address = read_address(pool["address"])
    if address.is_unix:
        return address.normal() in (hop.address.normal(), hop.real_address.normal())
    return not hop.is_unix and address.port == hop.address.port


def has_heir(host: Host, pool: FpmSetAside) -> bool:
    """Whether exactly one running PHP-FPM has a pool of that name: an upgrade, after which nginx has the old address."""
    return len([one for one in host.pools() if one.fpm.get("master") and one.name == pool["pool"]]) == 1


def missing(hop: Hop, host: Host, gone: FpmGone, pool: FpmSetAside) -> Finding:
    name = "PHP %s" % gone["version"] if gone["version"] else gone["binary"] or "the PHP-FPM of %s" % gone["config"]
    says = "%s has pool %s, which would listen on %s" % (pool["file"], pool["pool"], hop.address)
    lacks = "no PHP-FPM of this host reads %s%s" % (
        gone["config"],
        "; %s is not there" % gone["binary"] if gone["binary"] else "",
    )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*DOWN), Evidence("config", says), Evidence("process", lacks)),
        why="%s is not installed any more, and pool %s of %s was left behind" % (name, pool["pool"], pool["file"]),
        advice=(_bring_back(host, gone), *_move(hop, host, gone, pool)),
    )


def _bring_back(host: Host, gone: FpmGone) -> str:
    names = {"v": gone["version"] or "", "n": (gone["version"] or "").replace(".", "")}
    for place, command in PACKAGES:
        if re.match(place, gone["config"]) and (gone["version"] or "{" not in command):
            return "%s   # on %s, from where it came: its pools are still there" % (command.format(**names), host.name)
    return "# install it again where it was%s: its pools are still there" % (
        " (%s)" % gone["binary"] if gone["binary"] else ""
    )


def _order(fpm: FpmFacts, gone: FpmGone) -> tuple[bool, bool]:
    """Those that run first; among them, those of the packages that the one came from that is gone."""
    return (not fpm.get("master"), _vendor(fpm["config"]) != _vendor(gone["config"]))


def _vendor(config: str) -> str:
    return re.sub(r"\d[\d.]*", "", config)


def _ask_another(hop: Hop, host: Host, pools: list[PoolAt]) -> tuple[str, ...]:
    """Which pool nginx can ask instead. What a package manager set aside is what the package had: pools of that name run, and need no second file."""
    there = ", or ".join(
        "%s (PHP %s, %s)" % (one.address.bare, one.fpm.get("version") or "?", service_of(one.fpm))
        for one in pools[:SHOWN]
        if one.address
    )
    return (
        "# or write %s instead of %s at %s; see that the application runs under that PHP"
        % (there, hop.address.bare, named_at(hop)),
        "nginx -t && systemctl reload nginx   # on %s, after that" % hop.proxy.name,
    )


def _move(hop: Hop, host: Host, gone: FpmGone, pool: FpmSetAside) -> tuple[str, ...]:
    """How the pool's file is handed to another PHP-FPM, one that runs first; nothing where there is none, or the pool stands in the main file."""
    others: list[FpmFacts] = sorted(host.facts.get("php_fpm") or [], key=lambda fpm: _order(fpm, gone))
    same = [one for one in host.pools() if one.name == pool["pool"] and one.address and one.fpm.get("master")]
    if same and pool["file"].endswith(REMOVED):
        return _ask_another(hop, host, same)
    other = next((fpm for fpm in others if fpm.get("pool_dir")), None)
    if other is None or pool["file"] == gone["config"]:
        return ()
    test = shlex.join([other["binary"], "-t", "--fpm-config", other["config"]])
    start = "systemctl %s %s" % ("reload" if other.get("master") else "start", shlex.quote(service_of(other)))
    return (
        "mv -n %s %s && %s && %s   # on %s: or let PHP %s serve it; see that the application runs under it"
        % (
            shlex.quote(pool["file"]),
            shlex.quote("%s/" % other["pool_dir"]),
            test,
            start,
            host.name,
            other.get("version") or "of " + other["config"],
        ),
    )


CAUSE = Cause(
    name="php_fpm_missing",
    title="The PHP-FPM of the pool is not installed any more",
    says="{proxy}'s nginx asks for PHP at {subject}, and the PHP-FPM of that is not on {on} any more",
    find=find,
    daemon="hindered",
    outdoes=(
        "backend_port_closed",
        "ipv6_localhost_refused",
        "socket_path_mismatch",
        "stale_unix_socket",
        "backend_start_fails",
        "backend_not_listening",
    ),
)
