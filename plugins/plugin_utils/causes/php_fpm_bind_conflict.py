# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM cannot start because somebody else listens where one of its pools wants to. php-fpm -t does not see it: it binds nothing."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, covers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host, PoolAt
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import (
    is_live,
    name_of,
    own_lines,
    place_text,
    start_evidence,
    stopped_behind,
)


def occupant(host: Host, address: Address) -> Facts | None:
    """Who listens there, or on all addresses of that port, or on one where the pool wants all."""
    if address.is_unix:
        return host.unix_listener(address)
    return next(
        (
            one
            for one in host.tcp_listeners(address.port)
            if covers(one["address"], address.host) or covers(address.host, one["address"])
        ),
        None,
    )


class Taken(t.NamedTuple):
    """A pool, the address that it wants, and who listens there."""

    pool: PoolAt
    address: Address
    listener: Facts


def occupied(host: Host, fpm: Facts) -> Taken | None:
    """The first pool of a stopped FPM whose address is taken."""
    for one in host.pools():
        listener = occupant(host, one.address) if one.fpm is fpm and one.address else None
        if one.address and listener:
            return Taken(one, one.address, listener)
    return None


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops("fastcgi"):
        if not hop.backend or not is_live(hop):
            continue
        for fpm in stopped_behind(hop):
            taken = None if (fpm.get("test") or {}).get("sound") is False else occupied(hop.backend, fpm)
            if taken:
                yield conflict(hop, hop.backend, taken)


def conflict(hop: Hop, host: Host, taken: Taken) -> Finding:
    (fpm, name, pool, _own), address, listener = taken
    who = "%s (pid %s%s)" % (
        listener.get("process") or "another process",
        listener.get("pid"),
        ", %s" % listener["unit"] if listener.get("unit") else "",
    )
    wants = "pool %s of %s wants %s (%s)" % (
        name,
        name_of(fpm),
        address,
        place_text(pool["settings"]["listen"]["place"]),
    )
    ask = "ss -xlp src %s" % address.path if address.is_unix else "ss -ltnp 'sport = :%d'" % address.port
    owner = listener.get("unit") or "pid %s" % listener.get("pid")
    return on_hop(
        hop,
        CAUSE.name,
        (
            *live(hop),
            Evidence("socket", "%s, where %s listens" % (wants, who)),
            *start_evidence(host, fpm, own_lines(host, fpm, "php_fpm_bind_conflict")),
        ),
        why="%s cannot start: %s has %s. Which of the two is to have it is for you to say"
        % (name_of(fpm), who, address),
        advice=(
            "%s   # on %s: who has it" % (ask, host.name),
            "set another `listen` at %s, and the same address in nginx"
            % place_text(pool["settings"]["listen"]["place"]),
            "systemctl stop %s   # or this; what it serves is then gone" % owner,
            "systemctl start %s" % name_of(fpm),
        ),
    )


def live(hop: Hop) -> tuple[Evidence, ...]:
    """All that is wrong over the hop now: what the other listener answers differs."""
    return hop.seen(*hop.symptoms)


CAUSE = Cause(
    name="php_fpm_bind_conflict",
    title="Somebody else listens on PHP-FPM's address",
    find=find,
    yields_to=("php_fpm_config_invalid",),
)
