# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon runs in a container, and nothing of its host leads to where it listens.

Signatures: unix_socket_missing, backend_port_closed.

Looked at: what listens in the containers of the host, which of their ports are published, which of their folders are shared with the host.

Done: nothing is changed: the container is named, and the line that makes a way to it.

A quick fix: pointing nginx to a PHP-FPM of the host itself serves another site, or "File not found."

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import asked_address, owner_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._beside_container import Inside, way_to
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import (
    at_which,
    called,
    published_anew,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop, reload_nginx
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._listeners_inside import (
    Found,
    in_containers,
    is_asked_in_vain,
)

SYMPTOMS = ("unix_socket_missing", "stale_unix_socket", "backend_port_closed", "ipv6_localhost_refused")
#: How a firewall keeps a container out of its host.
_OF_ENGINE = re.compile(r"/(?:docker|containers/storage)/volumes/")
SHUT = ("firewall_reject", "backend_unreachable", "connect_timeout", "connect_timeout_kernel")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        is_it = hop.has(*SYMPTOMS) or hop.has(*SHUT) and is_asked_in_vain(hop)
        if host is None or host.within or not is_it or is_of_host(fleet, hop, host):
            continue
        found = in_containers(host, hop.real_address)
        if found:
            yield by_socket(hop, host, found[0]) if hop.is_unix else by_port(hop, host, found)


def is_of_host(fleet: Fleet, hop: Hop, host: Host) -> bool:
    """Whether a daemon of the host itself listens there, or would: a container may have the same names inside."""
    if host.listener(hop.real_address) or host.pools_at(hop.real_address):
        return True
    return owner_of(fleet, host, asked_address(hop)).unit is not None


def by_socket(hop: Hop, host: Host, found: Found) -> Finding:
    """The daemon has a unix socket, in a folder that the host has elsewhere or not at all."""
    inside, asked = found.address.path, hop.real_address.path
    folder, name = posixpath.split(inside)
    listens = "%s listens on %s" % (called(found.container), inside)
    advice: tuple[str, ...]
    if found.here and not _OF_ENGINE.search(found.here):
        why = "%s, which is %s on %s, and nginx asks for %s" % (listens, found.here, host.name, asked)
        advice = ("# write unix:%s at %s on %s, then:" % (found.here, named_at(hop), hop.proxy.name),)
    else:
        why = "%s, in a folder of its own: no socket of %s leads there" % (listens, host.name)
        if found.here:
            why = "%s, in a volume (%s): its engine lets none but root into the folder of its volumes" % (
                listens,
                found.here,
            )
        shared = "/run/" + (name.partition(".")[0] or "shop")
        advice = (
            "# make it anew with the folder shared: -v %s:%s (compose: volumes: ['%s:%s'])"
            % (shared, folder, shared, folder),
            "# then write unix:%s/%s at %s on %s, and:" % (shared, name, named_at(hop), hop.proxy.name),
        )
    return made(hop, host, (found,), why, (*advice, reload_nginx(hop)))


def by_port(hop: Hop, host: Host, found: t.Sequence[Found]) -> Finding:
    """The daemon has a port in a network of its own."""
    first, port = found[0], hop.real_address.port
    names = " and ".join(called(one.container) for one in found)
    published = next((there for there, own in (first.container["ports"] or {}).items() if own == port), None)
    if published and hop.proxy.within is host:
        why = "%s listens on port %d, which is published as port %s of %s and not as %d" % (
            names, port, published, host.name, port,
        )  # fmt: skip
        if hop.has(*SHUT):
            why += "; an opening of the firewall for port %d would lead to nobody" % port
        advice: tuple[str, ...] = (
            *way_to(hop, Inside(first.container, port)),
            "# or publish it at that number, which docker then leads there past the rules of INPUT: ports: ['%d:%d'] (a port without a number of the host's"
            " gets another one with each start)" % (port, port),
        )
    elif len(found) == 1 and published:
        why = "%s listens on port %d, which is published as port %s of %s" % (names, port, published, host.name)
        advice = (
            "# write port %s in place of %d at %s on %s, then:" % (published, port, named_at(hop), hop.proxy.name),
            reload_nginx(hop),
        )
    else:
        verb = "listens" if len(found) == 1 else "listen"
        why = "%s %s on port %d in a network of its own, and no port of %s leads there: it is not published" % (
            names, verb, port, host.name,
        )  # fmt: skip
        has_own = hop.proxy.within is host and not hop.proxy.facts["container"].get("host_network")
        leads = "%s:%d:%d" % (at_which(hop, host), port, port)
        advice = way_to(hop, Inside(first.container, port)) if has_own else published_anew(first.container, leads, host)
    return made(hop, host, found, why, (*advice, *same_files(hop)))


def same_files(hop: Hop) -> tuple[str, ...]:
    """What else a PHP-FPM in a container needs, whose scripts nginx names by the host's own paths."""
    if hop.family != "fastcgi":
        return ()
    return (
        "# the site's files need the same path in the container as in SCRIPT_FILENAME, or the page is 'File not found.'",
    )


def made(hop: Hop, host: Host, found: t.Sequence[Found], why: str, advice: tuple[str, ...]) -> Finding:
    seen = (
        Evidence("process", "%s listens on %s inside" % (called(one.container), str(one.address).removeprefix("tcp:")))
        for one in found
    )
    nobody = Evidence("socket", "nothing of %s itself listens on %s" % (host.name, hop.real_address.bare))
    names = ", ".join(one.container["name"] for one in found)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SYMPTOMS, *SHUT), nobody, *seen),
        says="what %s asks for listens in a container (%s), and nothing of %s leads there"
        % (hop.proxy.name, names, host.name),
        why=why,
        advice=advice,
    )


CAUSE = Cause(
    name="listener_in_container",
    title="The daemon listens in a container, and nothing of its host leads there",
    find=find,
    yields_to=("stale_upstream_dns", "firewall_reject"),
    outdoes=(
        "backend_port_closed",
        "backend_not_listening",
        "backend_start_fails",
        "ipv6_localhost_refused",
        "php_fpm_missing",
        "php_fpm_socket_dir_missing",
        "php_fpm_stopped",
        "socket_hidden",
        "socket_path_mismatch",
        "socket_private_tmp",
        "stale_unix_socket",
    ),
)
