# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs between nginx and a backend that pass connections on as they are. They accept before they know whether anybody listens behind them,
and hang up where nobody does: which hop fails shows one further on.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import answer_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.relays import leads_to, relay_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import GATEWAY_STATUSES
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import recurring

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.relays import Relay


#: What nginx waits in vain for where a relay waits in vain itself.
LATE = "upstream_read_timeout"


@dataclass
class RelayedHop(Hop):
    """The way from a relay to one of the addresses that it leads to, and fails.

    sign: the signature that this would have, were the connection nginx's own; seen_there: what shows it; sent_from: the relay's own address on that way.
    """

    sign: str = ""
    seen_there: tuple[Evidence, ...] = ()
    sent_from: str | None = None

    @property
    def source(self) -> str | None:
        return self.sent_from or super().source

    @cached_property
    def symptoms(self) -> dict[str, list[Evidence]]:
        return {self.sign: list(self.seen_there)}


def way_on(
    hop: Hop, relay: Relay, address: Address, owner: Host, sign: str, sent_from: str | None = None
) -> RelayedHop:
    """The way from the relay behind a hop to an address of this host, with this sign."""
    return RelayedHop(
        proxy=hop.proxy,
        address=address,
        family=hop.family,
        scheme=hop.scheme,
        routes=hop.routes,
        reach=None,
        backend=owner,
        number=address,
        named_in={"file": relay["file"], "line": relay["line"]} if relay["file"] else None,
        sign=sign,
        seen_there=(*(answer_evidence(one) for one in hop.failing), passes_on(relay, hop)),
        sent_from=sent_from,
    )


def hops_to_the_end(fleet: Fleet, *families: str) -> t.Iterator[Hop]:
    """The hops over which something is wrong, and behind the relays among them the ways on that lead to nobody."""
    for hop in fleet.sick_hops(*families):
        yield hop
        yield from relayed(fleet, hop)


def relayed(fleet: Fleet, hop: Hop) -> list[RelayedHop]:
    """The ways on from the relay that ends nginx's connections, where they lead to a host of this run on which nobody listens there."""
    relay = relay_at(hop)
    if relay is None or relay["via"] or not hop.backend or not (is_ended(hop) or answers_for_it(hop)):
        return []
    found = []
    for address in leads_to(relay):
        owner = fleet.owner(address, hop.backend)
        if owner and owner.sees("listeners") and not owner.listener(address):
            sign = "unix_socket_missing" if address.is_unix else "backend_port_closed"
            found.append(way_on(hop, relay, address, owner, sign))
    return found


def leads_nowhere(fleet: Fleet, hop: Hop) -> bool:
    """Whether nobody listens at any address that the relay behind a hop leads to: that is why it ends connections."""
    relay = relay_at(hop)
    return relay is not None and 0 < len(relayed(fleet, hop)) == len(leads_to(relay))


def is_ended(hop: Hop) -> bool:
    """Whether connections over a hop end without an answer."""
    return hop.has(CLOSED, RESET) or any(recurring(hop, one) for one in (CLOSED, RESET))


def answers_for_it(hop: Hop) -> bool:
    """Whether what nginx connects to says itself (502) that it gets no answer, as Caddy does."""
    return or_empty(or_empty(hop.reach).get("reply")).get("status") in GATEWAY_STATUSES


def beyond(fleet: Fleet, hop: Hop) -> Explanation:
    """What is behind the relay that nginx connects to, where it is one."""
    relay = relay_at(hop)
    places = leads_to(relay) if relay else []
    if relay is None or hop.backend is None or not places:
        return NOTHING
    words = "it passes connections on to %s" % ", ".join(one.bare for one in places)
    advice: list[str] = []
    if relay["via"]:
        words += ", as %s sees it, and ends them where that one refuses them or the tunnel is down" % relay["via"]
        look = (
            "ls -l %s" % shlex.quote(places[0].path) if places[0].is_unix else "ss -Hltnp | grep :%d" % places[0].port
        )
        advice.append("ssh %s %s   # on %s: does anything listen there?" % (shlex.quote(relay["via"]), look, hop.on))
        return Explanation((passes_on(relay, hop),), words, tuple(advice))
    who = [_listener_at(fleet, hop.backend, one) for one in places]
    words += ", where %s" % "; ".join(one for one, _line in who)
    advice += [line for _words, line in who]
    return Explanation((passes_on(relay, hop),), words, tuple(dict.fromkeys(advice)))


def _listener_at(fleet: Fleet, seen_from: Host, address: Address) -> tuple[str, str]:
    """Who listens at an address that a relay leads to, in words, and the command that shows more of it."""
    owner = fleet.owner(address, seen_from)
    listener = owner.listener(address) if owner else None
    if owner is None or listener is None:
        if address.is_unix:
            return "nobody is seen to listen", "ls -l %s   # on %s" % (shlex.quote(address.path), seen_from.name)
        line = "nc -vz %s %d   # on %s: does it answer?" % (shlex.quote(address.host), address.port, seen_from.name)
        return "it cannot be seen from here who listens", line
    unit = listener.get("unit")
    named = "%s (%s) on %s listens" % (listener.get("process") or "somebody", unit, owner.name)
    if unit:
        return named, "journalctl -u %s --since -1h   # on %s: what it says of these requests" % (
            shlex.quote(unit),
            owner.name,
        )
    return named.replace(" (None)", ""), "ss -ltnp 'sport = :%d'   # on %s" % (address.port, owner.name)


def passes_on(relay: Relay, hop: Hop) -> Evidence:
    """That a relay listens where nginx connects to, and where it leads."""
    where = " (%s%s)" % (relay["file"], ":%d" % relay["line"] if relay["line"] else "") if relay["file"] else ""
    to = ", ".join(one.bare for one in leads_to(relay))
    return Evidence("config", "%s%s passes what comes to %s on to %s" % (relay["name"], where, hop.address.bare, to))
