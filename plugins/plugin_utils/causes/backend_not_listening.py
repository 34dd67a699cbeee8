# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit that should listen runs, and does not listen where nginx asks: it listens elsewhere, or not yet.

Signatures: backend_port_closed, ipv6_localhost_refused, unix_socket_missing, stale_unix_socket.

Looked at: the sockets of the backend's host, the unit that declares this address, its state and how long it runs.

Done: nothing is changed: where the service listens in truth is named, and that nginx or the service has to move.

A quick fix: a restart of a service that runs loses its requests and listens at the same wrong place afterwards.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import (
    Address,
    is_loopback,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import (
    hosts_line,
    named_at,
    origin,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    nobody_listens,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._beside_container import (
    inside_with_nginx,
    programs_kept,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_starts import start_beside
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._how_to_meet import how_to_meet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._listens_nowhere import (
    few_files,
    keeps_others,
    lines_that_say,
    listens_nowhere,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import listens_on, port_or_path
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._port_for_a_socket import (
    of_its_user,
    on_a_port,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import hops_to_the_end
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import unit_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._who_should_listen import (
    habit_behind,
    who_runs,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import TcpListener

SYMPTOMS = ("backend_port_closed", "ipv6_localhost_refused", "unix_socket_missing", "stale_unix_socket")
SHOWN = 3


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in hops_to_the_end(fleet):
        host = hop.backend
        if not host or not hop.has(*SYMPTOMS):
            continue
        if not hop.is_unix and listens_elsewhere(hop, host):
            yield elsewhere(hop, host)
        elif nobody_listens(hop, host):
            inside = None if hop.is_unix else containers.unpublished(host, hop.real_address)
            running = who_runs(fleet, hop, host)
            if inside:
                yield containers.not_published(hop, host, inside, CAUSE.name, hop.seen(*SYMPTOMS))
            elif running:
                yield runs(hop, host, *running)
            elif inside_with_nginx(hop):
                yield not_yet(hop, hop.proxy)
            else:
                theirs = of_its_user(fleet, hop, host)
                yield from [on_a_port(hop, theirs, CAUSE.name, hop.seen(*SYMPTOMS))] if theirs else ()


def not_yet(hop: Hop, proxy: Host) -> Finding:
    """nginx's own container has other programs, one of which should listen there: images of products have several together."""
    own, within, port = proxy.facts["container"], proxy.within or proxy, hop.real_address.port
    names = ", ".join(inside_with_nginx(hop)[:SHOWN])
    says = "beside nginx, %s runs %s; nothing in it listens on port %d (yet)" % (containers.called(own), names, port)
    down = containers.down_beside(own, within)
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SYMPTOMS), Evidence("process", says), *containers.last_words(own)),
        says="the program in %s that should listen on port %d does not" % (containers.called(own), port),
        why=containers.with_last_words(says, own),
        advice=(
            *(line for one in down[:SHOWN] for line in start_beside(one, own, within)),
            *programs_kept(own, within),
            containers.log_of(own, within.name) + ": what it waits for (mostly its database), or why it ends",
            "%s restart %s   # on %s, once that is mended, if it does not go on by itself"
            % (containers.client_of(own) or "docker", shlex.quote(own["name"]), within.name),
        ),
    )


def listens_elsewhere(hop: Hop, host: Host) -> bool:
    """Whether the port is open on other addresses of the host. One that is open on the usual loopback addresses alone has rules of its own."""
    return not host.listener(hop.real_address) and bool(_others(hop, host))


def _others(hop: Hop, host: Host) -> list[TcpListener]:
    """Who has the port on other addresses of the host; on its own, any of 127.0.0.0/8 is one that nginx can ask."""
    port, is_here = hop.real_address.port, host is hop.proxy
    return [
        one
        for one in host.tcp_listeners(port)
        if not is_loopback(one["address"]) or (is_here and one["address"] not in ("127.0.0.1", "::1"))
    ]


def elsewhere(hop: Hop, host: Host) -> Finding:
    """The port is open on other addresses of its host than the one that nginx asks."""
    asked, port = hop.real_address.host, hop.real_address.port
    listener = _others(hop, host)[0]
    process, there = listener.get("process") or "the backend", listener["address"]
    socket = Evidence("socket", "%s listens on %s port %d and not on %s" % (process, there, port, asked))
    named = (Evidence("config", "%s: %s" % (asked, origin(hop)), 0.3),) if hop.address.is_name else ()
    line = hosts_line(hop) if hop.address.is_name else None
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SYMPTOMS), socket, *named),
        why="%s listens on %s and nginx asks %s%s: it cannot be seen which of the two is wrong"
        % (process, there, asked, " (%s)" % origin(hop) if named else ""),
        advice=(
            "# write %s instead of %s at %s; or let %s listen on %s"
            % (there, hop.address.host, named_at(hop), process, asked),
            *((_other_line(hop, line, there),) if line else ()),
            "nginx -t && systemctl reload nginx   # on %s, after that" % hop.proxy.name,
        ),
    )


def _other_line(hop: Hop, line: int, there: str) -> str:
    """The line of /etc/hosts that names another address."""
    return "# or write %s in /etc/hosts:%d of %s%s" % (
        there,
        line,
        hop.proxy.name,
        ": 127.0.1.1 is what Debian gives a host's own name" if hop.real_address.host == "127.0.1.1" else "",
    )


def runs(hop: Hop, host: Host, name: str, reason: str) -> Finding:
    """The unit that should listen runs, and listens elsewhere or nowhere. reason: what says that it is the one."""
    place = port_or_path(hop.real_address)
    there = [] if keeps_others(host, name, hop) else listens_on(host, name)
    nobody = Evidence("socket", "nothing listens on %s of %s" % (place, host.name))
    meant = Evidence("unit", "%s is meant: %s" % (name, reason))
    found = _other_link(hop, host, name, there) or (
        _listens_there(hop, host, name, there) if there else listens_nowhere(hop, host, name)
    )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*SYMPTOMS), nobody, meant, unit_evidence(name, or_empty(host.unit(name))), *found.evidence),
        why=found.words,
        advice=found.advice,
    )


def _other_link(hop: Hop, host: Host, name: str, there: list[Address]) -> Explanation | None:
    """Of a unit that listens at the very path that is asked for, in a folder to which a link in that path no longer leads; None for any other."""
    path, real = hop.address.path, hop.real_address.path
    if not hop.is_unix or path == real or all(one.path != path for one in there):
        return None
    return Explanation(
        (Evidence("socket", "%s leads to %s now" % (path, real)),),
        "%s made its socket %s before a link in that path was changed, which leads to %s now: its socket lies where that led before (the release before)"
        % (name, path, posixpath.dirname(real)),
        (
            "systemctl restart %s   # on %s: it makes its socket where the link leads now; it loses what it works on"
            % (shlex.quote(name), host.name),
            *lines_that_say(host, name, hop),
            "# for good: a path that all releases share (shared/tmp/sockets of Capistrano, /run), there and at %s; or let each deployment restart it"
            % named_at(hop),
        ),
    )


def _listens_there(hop: Hop, host: Host, name: str, there: list[Address]) -> Explanation:
    """Of a unit that listens elsewhere: where, and the lines that say so."""
    places = ", ".join(one.bare for one in there)
    known = habit_behind(host, name, hop)
    return Explanation(
        (Evidence("process", "%s listens on %s" % (name, places)),),
        "%s runs and listens on %s, not on %s" % (name, places, port_or_path(hop.real_address)),
        (
            *lines_that_say(host, name, hop),
            *few_files(host, name),
            *((known.line,) if known else ()),
            *how_to_meet(hop, host, name, there, known),
        ),
    )


CAUSE = Cause(
    name="backend_not_listening",
    title="The backend's service runs and does not listen there",
    says="the service behind {subject} on {on} runs and does not listen there",
    find=find,
    daemon="hindered",
    yields_to=(
        "firewall_reject",
        "stale_upstream_dns",
        "ipv6_localhost_refused",
        "plesk_apache_backend",
        "socket_path_mismatch",
        "disk_full",
        "socket_private_tmp",
    ),
    outdoes=("backend_port_closed", "stale_unix_socket"),
)
