# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing listens on the backend's port, or has made its socket: its service is down.

Signatures: backend_port_closed, ipv6_localhost_refused, unix_socket_missing.

Looked at: listeners on the backend's host, units and what they declare, a direct connection, nginx's log.

Done: the unit that owns the port is started after its configuration was checked; advice where an administrator masked or disabled it.

A quick fix: restarting nginx changes nothing on the backend, and drops every other site's connections for it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _compose as compose
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _container_addresses as addresses
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _container_ways as ways
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at, places
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import nobody_listens
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend_units import blocked, started
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._beside_container import in_common
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_starts import start_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import (
    NOTHING,
    Explanation,
    strongest,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop, reload_nginx
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_inside import speaks_fastcgi
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import hops_to_the_end
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._templated_upstreams import port_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container

#: A refusal on ::1 has a signature of its own; where nothing listens on 127.0.0.1 either, the service is down all the same.
CLOSED = ("backend_port_closed", "ipv6_localhost_refused")
#: A daemon that was stopped in good order removes its socket.
MISSING = "unix_socket_missing"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in hops_to_the_end(fleet):
        if not hop.has(*((MISSING,) if hop.is_unix else CLOSED)):
            continue
        gone = None if hop.is_unix or not hop.backend else containers.stopped_at(hop.backend, hop.real_address)
        vain = None if hop.is_unix or not hop.backend else in_vain(hop, hop.backend)
        if hop.backend is None:
            inside = containers.at_address(hop)
            yield in_container(hop, inside) if inside else outside(hop)
        elif gone and nobody_listens(hop, hop.backend):
            yield container_gone(hop, hop.backend, gone)
        elif vain:
            yield ways.without_a_way(hop, hop.backend, vain, CAUSE.name, hop.seen(*CLOSED))
        elif nobody_listens(hop, hop.backend) and not blocked(hop, fleet, hop.backend):
            yield started(hop, fleet, hop.backend, CAUSE.name, hop.seen(*CLOSED, MISSING))


def in_vain(hop: Hop, host: Host) -> Container | None:
    """The container whose engine publishes the port that refuses: nobody listens there, or the engine's own program, which only holds it."""
    published = ways.published_in_vain(host, hop.real_address) if nobody_listens(hop, host) else None
    return published or ways.held_for(host, hop.real_address)


def container_gone(hop: Hop, host: Host, container: Container) -> Finding:
    """The port is published from a container that does not run, or its own in the host's network."""
    port = hop.real_address.port
    nobody = Evidence("socket", "nothing listens on port %d of %s" % (port, host.name))
    leads, is_its = "port %d of %s leads to %s", "is published from a container"
    if container.get("host_network"):
        leads = "port %d of %s is that of %s, which has the host's own network (network_mode: host)"
        is_its = "is a container's that has the host's own network"
    publishes = Evidence("unit", leads % (port, host.name, containers.called(container)))
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*CLOSED), nobody, publishes, *containers.last_words(container)),
        why=containers.with_last_words(
            "port %d of %s %s, and %s" % (port, host.name, is_its, containers.state_on(container, host)), container
        ),
        advice=start_of(container, host),
    )


def in_container(hop: Hop, container: Container) -> Finding:
    """The address is a container's of the proxy's own host, and nothing listens there."""
    name, port, on = hop.proxy.name, hop.destination.port, (hop.proxy.within or hop.proxy).name
    has = Evidence(
        "process", "%s is the address of %s on %s" % (hop.destination.host, containers.called(container), on)
    )
    known = strongest(
        (
            _port_of_the_host(hop, container),
            _loopback_inside(hop, container),
            _moved_away(hop, container),
            ways.not_yet(container, (hop.proxy.within or hop.proxy).now),
            _only_other_port(hop, container),
            _nothing_there(hop, container),
        )
    )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*CLOSED), has, *containers.last_words(container)),
        on=name,
        says="nothing takes connections on port %d of %s, which %s asks" % (port, containers.called(container), name),
        why=known.words,
        advice=(containers.log_of(container, on), *known.advice),
    )


def _open_inside(container: Container) -> list[Address]:
    """Where what runs in a container listens."""
    return [read_address(one["address"]) for one in container.get("listens") or []]


def _port_of_the_host(hop: Hop, container: Container) -> Explanation:
    """That the port is the published one, which is the host's alone."""
    port = hop.destination.port
    own = (container["ports"] or {}).get(str(port))
    if not own or own == port:
        return NOTHING
    return Explanation(
        words="port %d is one of the host, which leads to port %d of %s: from container to container, it is port %d"
        % (port, own, containers.called(container), own),
        advice=_other_port(hop, container, own),
    )


def _loopback_inside(hop: Hop, container: Container) -> Explanation:
    """That it listens on the loopback address of its container."""
    port = hop.destination.port
    if not any(one.is_loopback and one.port == port for one in _open_inside(container)):
        return NOTHING
    return Explanation(
        words="what listens on port %d in %s does so on 127.0.0.1 alone, where no other container gets to"
        % (port, containers.called(container)),
        advice=(ways.let_it_listen(hop, port),),
    )


def _moved_away(hop: Hop, container: Container) -> Explanation:
    """That nginx has an address as a number, which was another container's: they get theirs anew with each start."""
    port = hop.destination.port
    others = [
        one
        for one in containers.containers_of(hop.proxy)
        if one is not container and one["addresses"] and in_common(one, container) and _listens_at(one, port)
    ]
    if hop.address.is_name or not others or _open_inside(container):
        return NOTHING
    known = ["%s has %s" % (one["name"], one["addresses"][0]) for one in others[:3]]
    return Explanation(
        words="nothing listens in %s, which has the address %s now; on port %d in that network, %s listens: a container gets another address when"
        " it is started again"
        % (containers.called(container), hop.destination.host, port, " or ".join(one["name"] for one in others[:3])),
        advice=("# addresses now: %s" % "; ".join(known), addresses.by_its_name(hop)),
    )


def _listens_at(container: Container, port: int) -> bool:
    return any(one.port == port and not one.is_loopback for one in _open_inside(container))


def _only_other_port(hop: Hop, container: Container) -> Explanation:
    """That it listens on one other port."""
    port = hop.destination.port
    ports = {one.port for one in _open_inside(container) if not one.is_unix and not one.is_loopback}
    if len(ports) != 1:
        return NOTHING
    (there,) = ports
    as_fastcgi = speaks_fastcgi(hop, container, there)
    if as_fastcgi.words:
        return as_fastcgi
    return Explanation(
        words="%s listens on port %d, and nothing in it on port %d" % (containers.called(container), there, port),
        advice=(*_other_port(hop, container, there), ways.let_it_have(hop, port, there)),
    )


def _other_port(hop: Hop, container: Container, port: int) -> tuple[str, ...]:
    """How nginx is to ask another port of a container."""
    lines = (
        "# write port %d in place of %d at %s, then:" % (port, hop.destination.port, named_at(hop)),
        *compose.source_of(hop, hop.destination.port, places(hop)[0].place["file"]),
        reload_nginx(hop),
    )
    return port_of(hop.proxy, places(hop)[0].place["file"], container, port) or lines


def _nothing_there(hop: Hop, container: Container) -> Explanation:
    """How the container is, and where it listens instead, as far as that is known."""
    port, known = hop.destination.port, ", ".join(dict.fromkeys(one.bare for one in _open_inside(container)))
    state = containers.with_last_words(containers.state(container), container)
    return Explanation(
        words="%s, and nothing in it listens on port %d of %s" % (state, port, hop.destination.host),
        advice=(
            ways.let_it_listen(hop, port),
            "# or write its right port at %s%s" % (named_at(hop), ": it listens on %s" % known if known else ""),
        ),
    )


def outside(hop: Hop) -> Finding:
    """The backend is not among the hosts of this run."""
    host, port = hop.address.host, hop.address.port
    return on_hop(
        hop,
        CAUSE.name,
        hop.seen(*CLOSED),
        why="%s is not among the hosts of this run: whether its service is down cannot be seen from here" % host,
        advice=("ss -ltnp 'sport = :%d'   # on %s: does anything listen?" % (port, host),),
    )


CAUSE = Cause(
    name="backend_port_closed",
    title="Nothing listens on the backend's port",
    says="nothing serves {subject} on {on}: its service does not run",
    find=find,
    daemon="stopped",
    yields_to=(
        "firewall_reject",
        "stale_upstream_dns",
        "php_fpm_stopped",
        "plesk_apache_backend",
        "ipv6_localhost_refused",
        "socket_path_mismatch",
        "disk_full",
        "php_fpm_config_invalid",
        "php_fpm_socket_dir_missing",
        "socket_private_tmp",
    ),
)
