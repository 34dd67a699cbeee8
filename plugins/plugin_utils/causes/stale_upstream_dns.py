# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx still uses the address that a name had when nginx read its configuration; the name has another one since, or has it for the host alone.

Signatures: backend_port_closed, firewall_reject, connect_timeout, connect_timeout_kernel, backend_unreachable.

Looked at: the address that nginx uses, the address that the name has now, and what nginx's own resolver says of it.

Done: nginx is reloaded, so that it asks again; a lasting setting is advised. Where its own resolver has the other address, advice alone.

A quick fix: an entry in /etc/hosts is the next stale address.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.version import numbers_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import (
    hosts_line,
    named_at,
    passed_at,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    file_and_line,
    on_hop,
    reload_nginx,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._followed_names import named, servers

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import Resolved

FOLLOWED = "it has `resolve`: nginx asks again when the answer's time has ended, with valid=10s behind `resolver` after 10 seconds"
#: How connecting fails, whichever host has the number.
UNREACHED = (
    "backend_port_closed",
    "connect_timeout",
    "connect_timeout_kernel",
    "backend_unreachable",
    "firewall_reject",
)
#: Since which nginx looks the names of an upstream{} up again by itself.
RESOLVE_SINCE = (1, 27, 3)
IN_HOSTS = "the name stands at /etc/hosts:%d, which no `resolver` reads: whoever changes that line reloads nginx; or the name gets into DNS"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        resolved = resolved_now(hop) if hop.address.is_name else None
        addresses = resolved["addresses"] if resolved else None
        stale = in_use(hop) - set(addresses or [])
        by = by_its_resolver(hop, sorted(stale)) if any(route["pass"]["variable"] for route in hop.routes) else None
        if resolved and addresses and stale and by:
            yield of_another_view(hop, by, resolved, sorted(stale))
        elif resolved and addresses and stale:
            yield moved(hop, resolved["name"], addresses, sorted(stale))
        other = None if hop.address.is_name or hop.is_unix or not hop.has(*UNREACHED) else known_otherwise(hop)
        if other:
            yield of_another_view(hop, *other, [hop.destination.host])


def known_otherwise(hop: Hop) -> tuple[Resolved, Resolved] | None:
    """What nginx's resolver and the host itself say of the name that led to this number, where the two have no address in common; None where they have."""
    names, number = hop.proxy.facts.get("names") or [], hop.destination.normal().host
    for one in names:
        if one.get("resolver") and number in (one["addresses"] or []):
            own = next((other for other in names if other["name"] == one["name"] and not other.get("resolver")), None)
            alike = {
                address for address in (own["addresses"] if own else None) or [] if (":" in address) == (":" in number)
            }
            if own and alike and not alike & set(one["addresses"] or []):
                return one, own
    return None


def of_another_view(hop: Hop, theirs: Resolved, own: Resolved, asked: t.Sequence[str]) -> Finding:
    """nginx's resolver has another view of the name than the host: that of the internet, mostly, beside an inner one or a line of /etc/hosts."""
    proxy, name = hop.proxy.name, theirs["name"]
    line = own.get("hosts_line")
    there, here = (", ".join(one["addresses"] or []) for one in (theirs, own))
    by = "/etc/hosts:%d" % line if line else "those whom it asks itself"
    says = "%s is %s by nginx's resolver %s, and %s by %s" % (name, there, theirs["resolver"], here, by)
    places = [file_and_line(one["place"]) for one in hop.proxy.config.get("resolvers") or []]
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(*UNREACHED), Evidence("name", says)),
        on=proxy,
        says="%s's nginx asks %s for %s, which %s itself has at %s" % (proxy, ", ".join(asked), name, proxy, here),
        why="%s: nginx asks the first and gets no connection there" % says,
        advice=(
            "grep ^nameserver /etc/resolv.conf; getent ahosts %s   # on %s: whom the host asks, and what it gets"
            % (shlex.quote(name), proxy),
            "# let `resolver` at %s be one that has the inner address (it reads no /etc/hosts), or write that address itself"
            % (", ".join(places[:3]) or "http{}"),
            reload_nginx(hop),
        ),
    )


def resolved_now(hop: Hop) -> Resolved | None:
    """What libc resolves the hop's name to now: nginx asks it when it starts and reloads."""
    names = hop.proxy.facts.get("names") or []
    return next((one for one in names if one["name"] == hop.address.host and not one.get("resolver")), None)


def in_use(hop: Hop) -> set[str]:
    """The hosts that nginx itself named for this hop in its log of failing answers: numbers, as the name is an upstream{}'s where it asked nobody."""
    upstreams = [answer.get("upstream") or "" for answer in hop.failing]
    asked = [read_address(upstream) for upstream in upstreams if upstream.startswith("tcp:")]
    return {address.host for address in asked if not address.is_name}


def moved(hop: Hop, name: str, addresses: list[str], stale: list[str]) -> Finding:
    """addresses: those of the name now. stale: those that nginx asks."""
    answers = [
        Evidence("answer", "%s answers %s, upstream %s" % (one["url"], one.get("status"), one.get("upstream")))
        for one in hop.failing
    ]
    now = "%s is %s now; nginx still asks %s" % (name, ", ".join(addresses), ", ".join(stale))
    by = by_its_resolver(hop, stale) if is_followed(hop) else None
    note = "a reload makes nginx look the name up again"
    why = "%s, whom nginx asks, says %s of %s" % (by["resolver"], ", ".join(by["addresses"] or []), name) if by else ""
    return on_hop(
        hop,
        CAUSE.name,
        (*answers, Evidence("name", now)),
        on=hop.proxy.name,
        remedy=None if by else remedies.upstream_dns(note=note),
        why=why,
        advice=(
            "# set the name at that resolver, or another `resolver`" if by else "# what lasts: " + what_lasts(hop),
        ),
    )


def is_followed(hop: Hop) -> bool:
    """Whether nginx asks for the name again by itself, as its server line has `resolve`."""
    return hop.address.host in named(servers(hop.proxy), resolve=True)


def what_lasts(hop: Hop) -> str:
    """What lets nginx follow the name when it moves the next time."""
    used, line = hop.routes[0]["pass"], hosts_line(hop)
    if is_followed(hop):
        return FOLLOWED
    if line:
        return IN_HOSTS % line
    if used["upstream"] and numbers_of(hop.proxy.nginx.get("version") or "") >= RESOLVE_SINCE:
        lines = "`zone %s 64k;` and `server %s resolve;`" % (used["upstream"], hop.address.bare)
        return "%s%s at %s" % (asks_a_resolver(hop), lines, named_at(hop))
    scheme = hop.scheme + "://" if used["directive"] in ("proxy_pass", "grpc_pass") else ""
    return "%s`set $backend %s;` and `%s %s$backend:%d;` in place of what stands at %s" % (
        asks_a_resolver(hop),
        hop.address.host,
        used["directive"],
        scheme,
        hop.address.port,
        passed_at(hop),
    )


def asks_a_resolver(hop: Hop) -> str:
    """The directive for that, where nginx has none; in docker's own networks there is one for the names of other containers."""
    own = hop.proxy.facts.get("container") if hop.proxy.within else None
    if hop.proxy.config.get("resolvers"):
        return ""
    if own and own["engine"] == "docker":
        return "`resolver 127.0.0.11 valid=10s;`, "
    return "`resolver ADDRESS valid=10s;` (whom /etc/resolv.conf names), "


def by_its_resolver(hop: Hop, stale: t.Sequence[str]) -> Resolved | None:
    """What nginx's own resolver says of the hop's name, where it is an old address."""
    names = hop.proxy.facts.get("names") or []
    found = (one for one in names if one["name"] == hop.address.host and one.get("resolver"))
    return next((one for one in found if set(one["addresses"] or []) & set(stale)), None)


CAUSE = Cause(
    name="stale_upstream_dns",
    title="nginx uses an old address of the backend's name",
    says="{proxy}'s nginx still uses an old address of {subject}",
    find=find,
    set_off_by=("names", "route"),
)
