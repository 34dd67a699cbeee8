# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx still uses the address that a name had when nginx read its config; the name has moved since."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop


def now(hop: Hop) -> Facts | None:
    """What the hop's name resolves to now, as libc says, which is what nginx asks at start and reload."""
    name = hop.address.host
    return next(
        (one for one in hop.proxy.facts.get("names") or [] if one["name"] == name and not one.get("resolver")), None
    )


def in_use(hop: Hop) -> set[str]:
    """Addresses that nginx itself named for this hop in failing answers."""
    return {
        read_address(answer["upstream"]).host
        for answer in hop.failing
        if (answer.get("upstream") or "").startswith("tcp:")
    }


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if not hop.address.is_name:
            continue
        resolved = now(hop)
        stale = in_use(hop) - set((resolved or {}).get("addresses") or [])
        if resolved and resolved.get("addresses") and stale:
            yield moved(hop, resolved, sorted(stale))


def moved(hop: Hop, resolved: Facts, stale: list[str]) -> Finding:
    name = Evidence(
        "name",
        "%s is %s now; nginx still asks %s" % (resolved["name"], ", ".join(resolved["addresses"]), ", ".join(stale)),
    )
    answers = [
        Evidence("answer", "%s answers %s, upstream %s" % (one["url"], one.get("status"), one.get("upstream")))
        for one in hop.failing
    ]
    lasting = "lasting: `resolver` with a variable in proxy_pass, or `server NAME resolve;` with `zone` (nginx 1.27.3 and later)"
    remedy = remedies.upstream_dns(note="a reload makes nginx ask again; " + lasting)
    return on_hop(hop, CAUSE.name, (*answers, name), on=hop.proxy.name, remedy=remedy, advice=(lasting,))


CAUSE = Cause(name="stale_upstream_dns", title="The backend's name has moved since nginx asked for it", find=find)
