# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another daemon has the address that the backend's service wants: the service is down, and nginx is connected to a stranger.

Signatures: upstream_closed_prematurely, upstream_connection_reset, upstream_invalid_header, backend_port_closed.

Looked at: which process listens there and which unit wants to, what a direct request is answered.

Done: nothing is changed: both daemons are named; which of them should have the port is for you to say.

A quick fix: killing whatever has the port ends a service that somebody else may need.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, covers, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    asked_address,
    owner_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_starts import start_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import called, state, stopped_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._newest_start import is_in_a_crash_loop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import is_same_place, port_or_path
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._unit_starts import says_in_use, says_taken
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import kept_down, unit_evidence

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listener
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit

#: How docker says that it cannot publish a port.
_IN_USE = re.compile(r"address already in use|port is already allocated")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        if not host or not hop.symptoms or host.pool_at(hop.real_address):
            continue
        container = None if hop.is_unix else stopped_at(host, hop.real_address)
        if container and _IN_USE.search(container["ended"] or ""):
            yield from [taken_from(hop, host, container, *one) for one in holders(host, hop.real_address)[:1]]
            continue
        claimed = ((claimant(host, at, listener), listener, at) for listener, at in holders(host, hop.real_address))
        for name, listener, at in (*claimed, *beside(fleet, hop, host)):
            if name:
                yield taken(hop, host, name, listener, at)
                break


def holders(host: Host, asked: Address) -> list[tuple[Listener, Address]]:
    """Who listens on a socket, or on a port of whichever address, with the address that each has."""
    if asked.is_unix:
        found = host.unix_listener(asked)
        return [(found, asked)] if found else []
    return [(one, Address(one["address"], one["port"])) for one in host.tcp_listeners(asked.port)]


def beside(fleet: Fleet, hop: Hop, host: Host) -> t.Iterator[tuple[str, Listener, Address]]:
    """The unit that should listen there, where it fails as another of its addresses is taken, with who has that and the address."""
    name = owner_of(fleet, host, asked_address(hop)).unit
    unit = or_empty(host.unit(name))
    if name and unit.get("active") != "active" and not kept_down(name, unit) and says_taken(unit):
        for one in unit.get("declares") or []:
            wanted = read_address(one["address"])
            for listener, at in holders(host, wanted):
                if (
                    listener.get("unit") != name
                    and overlaps(wanted, at)
                    and not is_same_place(wanted, hop.real_address)
                ):
                    yield name, listener, at


def claimant(host: Host, at: Address, listener: Listener) -> str | None:
    """The unit that wants to listen there, that has failed or is about to be started again, and that is not the one which listens."""
    for name, unit in host.units.items():
        down = unit.get("active") == "failed" or (unit.get("sub") or "").startswith("auto-restart")
        down = down or is_in_a_crash_loop(host, unit)
        if not down or kept_down(name, unit) or name == listener.get("unit") or _is_its_socket(host, name, listener):
            continue
        if any(overlaps(read_address(one["address"]), at) for one in unit.get("declares") or []):
            return name
        if not at.is_unix and says_in_use(unit, at.port):
            return name
    return None


def _is_its_socket(host: Host, name: str, listener: Listener) -> bool:
    """Whether systemd listens there for this very service."""
    return name in (or_empty(host.unit(listener.get("unit"))).get("triggers") or [])


def overlaps(wanted: Address, held: Address) -> bool:
    """Whether one of two cannot be listened on while the other is."""
    if wanted.is_unix or held.is_unix:
        return wanted.normal() == held.normal()
    host = "127.0.0.1" if wanted.host == "localhost" else wanted.host
    return wanted.port == held.port and (covers(host, held.host) or covers(held.host, host))


def holder(listener: Listener) -> str:
    """Who listens, in words."""
    unit = listener.get("unit")
    return "%s (pid %s%s)" % (
        listener.get("process") or "another process",
        listener.get("pid"),
        ", %s" % unit if unit else "",
    )


def end_of(listener: Listener, on: str) -> str:
    """The command that ends who listens."""
    unit = listener.get("unit")
    if unit and unit.endswith(".service"):
        return "systemctl stop %s   # on %s: what it serves is then gone" % (shlex.quote(unit), on)
    return "kill %s   # on %s: it was started by hand, or is left over; what it serves is then gone" % (
        listener.get("pid"), on,
    )  # fmt: skip


def taken_from(hop: Hop, host: Host, container: Container, listener: Listener, at: Address) -> Finding:
    """The port is that of a container, which its engine cannot start as somebody else has it."""
    who, place = holder(listener), port_or_path(at)
    text = "%s listens on %s, which %s publishes" % (who, at.bare, called(container))
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*hop.symptoms), Evidence("socket", text), Evidence("process", state(container))),
        says="another process on %s has %s, and %s cannot start" % (host.name, place, called(container)),
        why="%s: %s has %s. Which of the two is to have it is for you to say" % (state(container), who, place),
        advice=(
            "ss -ltnp 'sport = :%d'   # on %s: who has it" % (at.port, host.name),
            end_of(listener, host.name),
            *start_of(container, host),
        ),
    )


def taken(hop: Hop, host: Host, name: str, listener: Listener, at: Address) -> Finding:
    unit: Unit = or_empty(host.unit(name))
    who, place = holder(listener), port_or_path(at)
    ask = "ss -xlp src %s" % shlex.quote(at.path) if at.is_unix else "ss -ltnp 'sport = :%d'" % at.port
    says = [
        "%s:%d" % (one["file"], one["line"])
        for one in unit.get("declares") or []
        if overlaps(read_address(one["address"]), at)
    ]
    words = tuple(Evidence("backend_log", "%s says: %s" % (name, line)) for line in unit.get("last_words") or [])
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(*hop.symptoms),
            Evidence("socket", "%s listens on %s, where %s wants to" % (who, at.bare, name)),
            unit_evidence(name, unit),
            *words,
        ),
        says="another process on %s listens on %s, and %s cannot start" % (host.name, place, name),
        why="%s cannot start: %s has %s. Which of the two is to have it is for you to say" % (name, who, place),
        advice=(
            "%s   # on %s: who has it" % (ask, host.name),
            *(
                "# %s says that %s listens there: give it another address%s"
                % (one, name, ", and nginx the same" if is_same_place(at, hop.real_address) else "")
                for one in says[:1]
            ),
            end_of(listener, host.name),
            "systemctl reset-failed %s; systemctl start %s   # on %s, after that"
            % (shlex.quote(name), shlex.quote(name), host.name),
        ),
    )


CAUSE = Cause(
    name="backend_port_taken",
    title="Another daemon has the backend's port",
    says="another daemon of {on} has the port of {subject}",
    find=find,
    yields_to=("php_fpm_bind_conflict", "php_fpm_config_invalid"),
    outdoes=(
        "backend_loopback_only",
        "backend_port_closed",
        "backend_start_fails",
        "ipv6_localhost_refused",
        "keepalive_race",
        "slow_upstream",
        "upstream_closed_prematurely",
        "upstream_connection_reset",
        "upstream_invalid_header",
        "upstream_protocol_mismatch",
        "upstream_returned_502",
        "upstream_tls_reset",
        "upstream_tls_scheme_mismatch",
    ),
)
