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
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import (
    Address,
    is_any,
    is_loopback,
    read_address,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import CONNECTED_TO
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_journal import LOUD
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
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend_units import (
    ADMINS_FOLDERS,
    asked_address,
    blocked,
    is_same_place,
    nobody_listens,
    owner_of,
    port_or_path,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do, where_it_says
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import Habit, habit, how_to_serve
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._refused_services import (
    how_to_serve_it,
    silent_now,
    what_it_waits_for,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import hops_to_the_end
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._same_names import ignored
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._service_folders import (
    folder_of,
    kept_by_folder,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import unit_evidence

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.units import Unit

SYMPTOMS = ("backend_port_closed", "ipv6_localhost_refused", "unix_socket_missing", "stale_unix_socket")
SHOWN = 3
#: A variable in a target of which each sign is escaped.
_VARIABLE = re.compile(r"\\\$(?:\\\{\w+\\\}|\w+)")
#: Ports on which mostly TLS is spoken.
TLS_PORTS = (443, 8443, 9443)
#: Seconds in which a service that runs may still be on its way to listening: the slow ones (Java, compilers) take a minute or two.
STARTING = 180.0
PATIENCE = "# it may only need time: ask the site again in a minute or two; a restart would begin anew"
#: What is no application of a site, by the names of units and programs: it measures, stores, or passes messages on.
NO_SITE = re.compile(
    r"exporter|promtail|telegraf|collector|agent|redis|valkey|mysql|mariadb|postgres|pgbouncer|mongo|memcached|rabbit|kafka|zookeeper|elastic|opensearch|etcd"
    r"|consul|influx|clickhouse|nats|loki|cadvisor|netdata|zabbix|monit|ssh|vpn|wireguard|smtp|dovecot"
)
SUPERVISED = (
    "supervisorctl status   # on %s: the state of its programs; supervisorctl tail NAME stderr shows why one ends"
)


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


def who_runs(fleet: Fleet, hop: Hop, host: Host) -> tuple[str, str] | None:
    """The unit that should listen there, runs and does not, with what says that it is the one; None where none is known."""
    found = blocked(hop, fleet, host)
    if found:
        return None if found.obstacle else (found.unit, found.reason)
    if owner_of(fleet, host, asked_address(hop)).unit is not None:
        return None
    known = (
        (namesake(hop, host), "the socket has the name of this one"),
        (moved(fleet, hop, host), "nothing asks for where this one listens"),
        (known_for(fleet, hop, host), "this product listens there only where it is told to"),
    )
    nobody = "no unit is known that owns the %s, and " % ("socket" if hop.is_unix else "port")
    return next(((name, nobody + why) for name, why in known if name), None)


def listens_elsewhere(hop: Hop, host: Host) -> bool:
    """Whether the port is open on other addresses of the host. One that is open on loopback addresses alone has rules of its own."""
    asked = hop.real_address
    return not host.listener(asked) and any(not is_loopback(one["address"]) for one in host.tcp_listeners(asked.port))


def elsewhere(hop: Hop, host: Host) -> Finding:
    """The port is open on other addresses of its host than the one that nginx asks."""
    asked, port = hop.real_address.host, hop.real_address.port
    listener = next(one for one in host.tcp_listeners(port) if not is_loopback(one["address"]))
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


def listens_on(host: Host, name: str) -> list[Address]:
    """Where the processes of a unit listen."""
    listeners = or_empty(host.facts.get("listeners"))
    found = [Address(one["address"], one["port"]) for one in listeners.get("tcp") or [] if one.get("unit") == name]
    return found + [Address("", 0, one["path"]) for one in listeners.get("unix") or [] if one.get("unit") == name]


def by_variable(place: Address, hop: Hop) -> bool:
    """Whether a variable in one of the proxy's pass directives may stand for a place: then somebody asks for it, although no hop leads there."""
    for route in hop.proxy.config.get("routes") or []:
        target = route["pass"]["target"] if route["pass"]["variable"] else ""
        asked = target.partition("://")[2] or target
        if asked.startswith("unix:"):
            path = _VARIABLE.sub(".*", re.escape(asked.split(":")[1]))
            if re.fullmatch(path, place.path):
                return True
        elif asked and not place.is_unix:
            port = asked.partition("/")[0].rpartition(":")[2]
            if "$" in port or port == str(place.port):
                return True
    return False


def namesake(hop: Hop, host: Host) -> str | None:
    """The service that has the name of the socket that is asked for, and listens elsewhere; None where there is none, or a port is asked for."""
    name = posixpath.basename(hop.real_address.path).partition(".")[0] + ".service"
    return name if hop.is_unix and name != host.nginx.get("unit") and listens_on(host, name) else None


def moved(fleet: Fleet, hop: Hop, host: Host) -> str | None:
    """The only service of an administrator's that listens where no hop leads; None where there is none, or several, or several ports that lack theirs."""
    lacking = {
        other.real_address
        for other in fleet.asked_of(host)
        if nobody_listens(other, host) and owner_of(fleet, host, asked_address(other)).unit is None
    }
    if len(lacking) > 1:
        return None
    asked = [other.real_address for other in fleet.asked_of(host)]
    found = []
    for name, unit in (host.facts.get("units") or {}).items():
        places = [one for one in listens_on(host, name) if one.is_unix == hop.is_unix and one.port not in CONNECTED_TO]
        if NO_SITE.search(" ".join([name, *(unit.get("exec") or [])])):
            continue
        if not (unit.get("fragment") or "").startswith(ADMINS_FOLDERS) or not places or name == host.nginx.get("unit"):
            continue
        if not any(is_same_place(place, other) for place in places for other in asked) and not any(
            by_variable(place, hop) for place in places
        ):
            found.append(name)
    return found[0] if len(found) == 1 else None


def known_for(fleet: Fleet, hop: Hop, host: Host) -> str | None:
    """The only unit that listens elsewhere, and whose product is known not to listen on such a port unless it is told to; None where there is none."""
    asked = [other.real_address for other in fleet.asked_of(host)]
    found = set()
    for one in or_empty(host.facts.get("listeners")).get("tcp") or []:
        name, place = one.get("unit"), Address(one["address"], one["port"])
        known = None if hop.is_unix or not name else _habit(host, name, hop)
        if name and known and (known.port or not any(is_same_place(place, other) for other in asked)):
            found.add(name)
    return found.pop() if len(found) == 1 else None


def _habit(host: Host, name: str, hop: Hop) -> Habit | None:
    return habit(name, or_empty(host.unit(name)).get("exec") or (), hop.real_address.port)


def runs(hop: Hop, host: Host, name: str, reason: str) -> Finding:
    unit = or_empty(host.unit(name))
    place, there = port_or_path(hop.real_address), listens_on(host, name)
    elsewhere = ", ".join(one.bare for one in there)
    nobody = Evidence("socket", "nothing listens on %s of %s; %s: %s" % (place, host.name, name, reason))
    seen = (*hop.seen(*SYMPTOMS), nobody, unit_evidence(name, unit))
    if there:
        known = _habit(host, name, hop)
        return on_hop(
            hop,
            CAUSE.name,
            (*seen, Evidence("process", "%s listens on %s" % (name, elsewhere))),
            why="%s runs and listens on %s, not on %s" % (name, elsewhere, place),
            advice=(
                *_lines_that_say(host, name, hop),
                *((known.line,) if known else ()),
                *_either(hop, host, name, there, gone=bool(known and known.port)),
            ),
        )
    words = unit.get("last_words") or []
    loud = " / ".join(line for line in words if LOUD.search(line))
    lines = _lines_that_say(host, name, hop)
    advice = (
        "journalctl -u %s -n 50 --no-pager   # on %s: what it waits for" % (shlex.quote(name), host.name),
        "systemctl status %s   # on %s: its processes" % (shlex.quote(name), host.name),
    )
    age = max(0.0, (or_empty(host.facts.get("clock")).get("now") or 0.0) - (unit.get("since") or 0.0))
    if "uwsgi" in " ".join([name, *(unit.get("exec") or [])]) and any(
        one["file"].endswith(".ini") for one in unit.get("declares") or []
    ):
        state, first = "runs, and what it starts for this socket does not", (*lines, *_of_vassal(host, unit))
    elif name.startswith("supervisor"):
        state, first = (
            "runs, and its program that should listen does not",
            (*lines, *what_to_do(" / ".join(words), host.name), SUPERVISED % host.name),
        )
        advice = (where_it_says(name, words, host.name), advice[1])
    elif folder_of(unit, hop):
        state = "runs, and the service in %s that should listen does not" % folder_of(unit, hop)
        first, advice = lines, kept_by_folder(folder_of(unit, hop), host.name)
    elif unit.get("active") == "active" and (loud or age > STARTING):
        to_serve = () if loud else how_to_serve(name, unit.get("exec") or ())
        state, first = (
            "runs since %.0f s and listens nowhere" % age,
            (
                *lines,
                *to_serve,
                *what_to_do(loud, host.name, name),
            ),
        )
    else:
        state, first = "has been starting for %.0f s and does not listen yet" % age, (PATIENCE,)
    needs = unit.get("needs") or ()
    is_known = silent_now(host, loud, needs)
    awaited = what_it_waits_for(host, loud, needs) if is_known else ""
    return on_hop(
        hop,
        CAUSE.name,
        (*seen, *(Evidence("backend_log", "%s says: %s" % (name, line)) for line in words)),
        why="%s %s%s" % (name, state, "; " + awaited if awaited else _said(loud, words)),
        advice=(*(how_to_serve_it(host, loud, needs) if is_known else ()), *first, *advice),
    )


def _said(loud: str, words: t.Sequence[str]) -> str:
    """What a service that does not listen said: the lines that say what went wrong, else the last one."""
    if loud:
        return "; it said: %s" % loud
    return "; its log ends with: %s" % words[-1] if words else ""


def _of_vassal(host: Host, unit: Unit) -> tuple[str, ...]:
    """Where uwsgi says why it ends what one of its files describes: in the log that the file names, or in its own."""
    files = sorted({one["file"] for one in unit.get("declares") or []})
    return (
        "grep -nE '^ *(logto2?|daemonize2?|logger|virtualenv|home|chdir|module|wsgi-file) *=' %s   # on %s: its log, and what it needs; then tail that log"
        % (" ".join(map(shlex.quote, files[:SHOWN])), host.name),
    )


def _lines_that_say(host: Host, name: str, hop: Hop) -> tuple[str, ...]:
    """The lines of its configuration that say where it is to listen."""
    declares = or_empty(host.unit(name)).get("declares") or []
    found = [one for one in declares if is_same_place(read_address(one["address"]), asked_address(hop))]
    return tuple(
        "# %s:%d: by that it would listen on %s" % (one["file"], one["line"], read_address(one["address"]).bare)
        for one in found
    )


def _either(hop: Hop, host: Host, name: str, there: list[Address], *, gone: bool) -> tuple[str, ...]:
    """What makes nginx and the service meet. gone: whether its product is known to have no such port unless a setting of its own says so."""
    asked = hop.real_address
    pick = next((one for one in there if one.is_unix == asked.is_unix), there[0])
    is_everywhere = not pick.is_unix and is_any(pick.host)
    bare = Address((asked.host or "127.0.0.1") if is_everywhere else pick.host, pick.port, pick.path).bare
    said = [
        one
        for one in or_empty(host.unit(name)).get("declares") or []
        if any(is_same_place(read_address(one["address"]), place) for place in there)
    ]
    again = (
        "systemctl daemon-reload; systemctl restart %s   # on %s, if its configuration was changed after it was started; it loses what it works on"
        % (shlex.quote(name), host.name)
    )
    its = (
        "# let it listen on %s: %s:%d says %s" % (asked.bare, said[0]["file"], said[0]["line"], pick.bare)
        if said
        else ""
    )
    by_tls = ", with https:// if it has TLS there" if pick.port in TLS_PORTS and hop.scheme == "http" else ""
    return (
        "ss -ltnp   # on %s: where it listens" % host.name,
        *(() if gone else (its or again,)),
        "# or write %s instead of %s at %s%s" % (bare, asked.bare, named_at(hop), by_tls),
        *ignored(hop),
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
