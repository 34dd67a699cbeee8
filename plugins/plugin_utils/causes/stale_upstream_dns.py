# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx still uses the address that a name had when nginx read its configuration; the name has another one since.

Signatures: backend_port_closed, firewall_reject, connect_timeout, connect_timeout_kernel, backend_unreachable.

Looked at: the address that nginx uses, the address that the name has now.

Done: nginx is reloaded, so that it asks again; a lasting setting is advised.

A quick fix: an entry in /etc/hosts is the next stale address.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._followed_names import named, servers

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._net.resolve import Resolved

FOLLOWED = "it has `resolve`: nginx asks again when the answer's time has ended, with valid=10s behind `resolver` after 10 seconds"
LASTING = "`resolver` with a variable in proxy_pass, or `server NAME resolve;` with `zone` (nginx 1.27.3 and later)"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        resolved = resolved_now(hop) if hop.address.is_name else None
        addresses = resolved["addresses"] if resolved else None
        stale = in_use(hop) - set(addresses or [])
        if resolved and addresses and stale:
            yield moved(hop, resolved["name"], addresses, sorted(stale))


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
    followed = hop.address.host in named(servers(hop.proxy), resolve=True)
    lasting = FOLLOWED if followed else LASTING
    by = by_its_resolver(hop, stale) if followed else None
    note = "a reload makes nginx look the name up again. What lasts: " + lasting
    why = "%s, whom nginx asks, says %s of %s" % (by["resolver"], ", ".join(by["addresses"] or []), name) if by else ""
    return on_hop(
        hop,
        CAUSE.name,
        (*answers, Evidence("name", now)),
        on=hop.proxy.name,
        remedy=None if by else remedies.upstream_dns(note=note),
        why=why,
        advice=("# set the name at that resolver, or another `resolver`" if by else "# what lasts: " + lasting,),
    )


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
