# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx asks for a socket that no PHP-FPM is configured for, while a running one listens elsewhere: typical after a PHP upgrade.
Or for any socket with a slash behind its name.

Signatures: unix_socket_missing, backend_port_closed.

Looked at: the path that nginx asks for, the sockets that PHP-FPM's pools listen on.

Done: nginx is given the socket that is listened on, at its file and line.

A quick fix: a symbolic link in /run is gone after a reboot.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import (
    edits_of_address,
    is_from_variable,
    is_in_table,
    named_at,
    written_by,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._pool_names import (
    Candidate,
    candidates,
    named,
    same_name,
    whose,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmSetting
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.facts import FpmFacts, FpmSetAside
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.panels import Written

_PHP = re.compile(r"php|fpm|hhvm", re.IGNORECASE)
RELOAD_NGINX = "nginx -t && systemctl reload nginx"
SIGNATURES = ("unix_socket_missing", "backend_port_closed", "ipv6_localhost_refused")


class Overridden(t.NamedTuple):
    """A pool that would listen where nginx asks, did not a later line say otherwise, and both lines in words."""

    pool: Candidate
    why: str


class Doubt(t.NamedTuple):
    """Why another address is not written, and what to do instead."""

    why: str
    advice: tuple[str, ...] = ()


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        if host and has_slash(hop, host):
            yield with_slash(hop)
        if hop.family != "fastcgi" or host is not hop.proxy or not hop.has(*SIGNATURES):
            continue
        if host.pool_at(hop.real_address) or host.listener(hop.real_address) or is_declared(host, hop):
            continue
        running = candidates(host)
        if running and (is_for_php(hop) or is_called_so(hop, running)):
            yield mismatch(hop, running)


def is_for_php(hop: Hop) -> bool:
    """Whether anything says that the requests are meant for PHP: FastCGI is spoken by fcgiwrap, Mono and others, too."""
    return any(_PHP.search(text) for route in hop.routes for text in _texts(hop, route))


def is_called_so(hop: Hop, running: list[Candidate]) -> bool:
    """Whether a running pool has a socket of the file name that nginx asks for."""
    name = posixpath.basename(hop.address.path)
    return hop.is_unix and any(posixpath.basename(one.address.path) == name for one in running)


def _texts(hop: Hop, route: Route) -> t.Iterator[str]:
    """What a route says of its application: its address, its location, its parameters."""
    place = route["location"]["path"]
    yield from (hop.address.path, route["pass"]["target"], route["pass"]["upstream"] or "", place)
    yield from (value or "" for value in route["params"].values())
    index = route["settings"].get("fastcgi_index")
    yield from index["args"] if index else ()
    if place == "/" and "wrap" not in hop.address.path:  # the index of a site says nothing of a corner of it
        yield from route["index"]


def has_slash(hop: Hop, host: Host) -> bool:
    """Whether nginx asks for a socket with a slash behind its name, and without it there is one."""
    return hop.address.path.endswith("/") and host.unix_listener(hop.address) is not None


def with_slash(hop: Hop) -> Finding:
    path, directive = hop.address.path.rstrip("/"), hop.routes[0]["pass"]["directive"]
    written = (
        "%s http://unix:%s:/" % (directive, path) if directive == "proxy_pass" else "%s unix:%s" % (directive, path)
    )
    there = Evidence("socket", "%s is a socket that is listened on, and nginx asks for %s" % (path, hop.address))
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURES[0]), there),
        on=hop.proxy.name,
        why="the slash at its end belongs to no path of a socket: nginx looks for a folder",
        advice=(
            "# write `%s;` at %s: a colon ends the path of a socket" % (written, named_at(hop)),
            "%s   # on %s, after that" % (RELOAD_NGINX, hop.proxy.name),
        ),
    )


def is_declared(host: Host, hop: Hop) -> bool:
    """Whether a unit's configuration says that it listens there: then it is down, and no other daemon is meant."""
    units = host.units.values()
    addresses = {read_address(one["address"]).normal() for unit in units for one in unit.get("declares") or []}
    if hop.is_unix:
        return bool(addresses & {hop.address.normal(), hop.real_address.normal()})
    return any(address.port == hop.address.port for address in addresses if not address.is_unix)


def overridden(hop: Hop, running: list[Candidate]) -> Overridden | None:
    """The pool whose listen says the address that nginx asks for, and is overridden."""
    asked = re.compile(r"(?:.*:)?" + re.escape(hop.address.path if hop.is_unix else str(hop.address.port)))
    for one in running:
        for said in one.at.pool.get("overridden") or []:
            if asked.fullmatch(said["value"]):
                wins = one.at.pool["settings"]["listen"]
                lines = (_place(said), said["value"], one.at.name, _place(wins), wins["value"])
                return Overridden(one, "%s says listen = %s of pool %s, and %s overrides it with %s" % lines)
    return None


def _place(setting: FpmSetting) -> str:
    return "%s:%d" % (setting["place"]["file"], setting["place"]["line"])


def mismatch(hop: Hop, running: list[Candidate]) -> Finding:
    over = overridden(hop, running)
    why = over.why if over else "no PHP-FPM pool is configured to listen there"
    evidence = (
        *hop.seen(*SIGNATURES),
        Evidence("config", "%s asks for %s; %s" % (named_at(hop), hop.address, why)),
        Evidence("socket", "PHP-FPM runs and listens on %s" % listed(running)),
    )
    named_so = [over.pool] if over else same_name(hop.address, running)
    meant = named_so or running
    doubt = doubt_about(hop, meant, is_sure=len(named_so) == 1)
    if doubt:
        return on_hop(hop, CAUSE.name, evidence, on=hop.proxy.name, why=doubt.why, advice=doubt.advice)
    remedy = remedies.upstream_address(edits_of_address(hop, meant[0].address), elsewhere=True)
    pool = meant[0].at
    advice = (
        "# compare the site's files with chroot, user and open_basedir of pool %s; in %s"
        % (pool.name, pool.pool["file"]),
    )
    return on_hop(hop, CAUSE.name, evidence, on=hop.proxy.name, remedy=remedy, advice=advice)


def listed(pools: t.Sequence[Candidate]) -> str:
    """The addresses of pools, as words."""
    return ", ".join(str(one.address) for one in pools)


def doubt_about(hop: Hop, meant: list[Candidate], *, is_sure: bool) -> Doubt | None:
    """Why the address is not changed; None where the file may be edited. meant: those that it may be. is_sure: whether its name or a file says which one."""
    written = written_by(hop)
    if written:
        return Doubt(written.why, to_its_writer(hop, meant, written))
    if is_in_table(hop):
        return Doubt(
            "a table leads there, and another row of it may be meant to lead elsewhere",
            ("# write %s in place of %s; at %s" % (listed(meant), hop.address, named_at(hop)), RELOAD_NGINX),
        )
    if is_from_variable(hop):
        return Doubt(
            "nginx makes the address of variables, and where they get it is not known",
            (
                "nginx -T 2>/dev/null | grep -nE '^# configuration|set .*sock'   # on %s: where is it made?"
                % hop.proxy.name,
                "# there: %s in place of %s, for %s" % (listed(meant), hop.address, named_at(hop)),
                RELOAD_NGINX,
            ),
        )
    if is_peer_already(hop, meant[0].address):
        return Doubt(
            "%s is a peer beside %s: it cannot be seen which pool was meant here" % (meant[0].address, hop.address),
            ("# remove that server from its upstream, or start the pool that should listen there",),
        )
    aside = set_aside(hop)
    if aside:
        return Doubt(
            "its pool %s is in %s, which PHP-FPM does not read: somebody set it aside, and another pool may run as another user"
            % (aside["pool"], aside["file"]),
            ("# give %s a name that PHP-FPM reads, or remove the site" % aside["file"],),
        )
    if is_sure:
        return None
    if len(meant) > 1:
        return Doubt(
            "more than one pool could be meant: %s" % listed(meant),
            ("# write the one that is meant in place of %s; at %s" % (hop.address, named_at(hop)), RELOAD_NGINX),
        )
    return other_owner(hop, meant[0])


def to_its_writer(hop: Hop, meant: list[Candidate], written: Written) -> tuple[str, ...]:
    """What to do about a file that somebody else writes: a panel writes it again with the pool that the site has by now."""
    wanted = (
        "# it asks for %s, and PHP-FPM listens on %s: the site's PHP version was changed, or its pool made anew"
        % (
            hop.address,
            listed(meant),
        )
    )
    again, name = written.again(hop.proxy.name), hop.proxy.name
    if again:
        return (
            wanted,
            again,
            "# if it asks for the same then: choose the site's PHP version anew in the panel of %s" % name,
        )
    return (wanted, *written.advice(name), "# or choose the site's PHP version anew where its files are made")


def checked_and_reloaded(fpm: FpmFacts) -> tuple[str, ...]:
    """The commands that put edited files of a PHP-FPM in force."""
    reload = ("systemctl reload %s" % shlex.quote(str(fpm["unit"])),) if fpm.get("unit") else ()
    return (shlex.join([fpm["binary"], "-t", "--fpm-config", fpm["config"]]), *reload)


def other_owner(hop: Hop, pool: Candidate) -> Doubt | None:
    """The doubt about the only pool that runs where it or the socket is named after somebody; None where both are anybody's."""
    asked, runs = whose(hop.address), whose(pool.address) | named(pool.at.name)
    if not asked and not runs:
        return None
    user = or_empty(pool.at.pool["settings"].get("user")).get("value")
    name = posixpath.basename(hop.address.path).partition(".sock")[0] if asked else "this site"
    return Doubt(
        "the only pool that runs is %s%s, and nothing says that it is meant for %s: another pool may not read the site's files, or read too much"
        % (pool.at.name, " (user %s)" % user if user else "", hop.address),
        (
            "# a pool of its own for %s: a file in %s with its [name], its user and listen = %s"
            % (name, pool.at.fpm["pool_dir"] or "PHP-FPM's pool folder", str(hop.address).partition(":")[2]),
            *checked_and_reloaded(pool.at.fpm),
            "# or, if the site may run in %s: %s in place of %s; at %s"
            % (pool.at.name, pool.address, hop.address, named_at(hop)),
        ),
    )


def set_aside(hop: Hop) -> FpmSetAside | None:
    """A pool for this address in a file that PHP-FPM does not read. A copy of a pool that runs (elsewhere by now) is none."""
    for fpm in hop.proxy.facts.get("php_fpm") or []:
        for one in fpm.get("set_aside") or []:
            if read_address(one["address"]).normal() == hop.address.normal() and one["pool"] not in fpm["pools"]:
                return one
    return None


def is_peer_already(hop: Hop, address: Address) -> bool:
    """Whether a route over this hop has the address among its peers."""
    return any(read_address(peer).normal() == address.normal() for route in hop.routes for peer in route["peers"])


CAUSE = Cause(
    name="socket_path_mismatch",
    title="nginx asks for a socket that PHP-FPM does not listen on",
    says="{proxy}'s nginx asks for {subject}, where nothing listens",
    find=find,
    yields_to=("socket_private_tmp", "ipv6_localhost_refused", "php_fpm_config_invalid"),
)
