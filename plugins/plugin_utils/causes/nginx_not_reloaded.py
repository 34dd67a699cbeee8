# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's files were changed and it has not read them since: it asks an address that stands there no more, mostly after a deployment.

Looked at: files that are newer than nginx's workers, the address that nginx's line names, a direct connection to the one that the files name.

Done: nginx is reloaded where fix_502_allow has `pending`; else advice, as a reload puts in force what somebody else has saved.

A quick fix: starting the old backend again serves the release before, and hides that nginx was never reloaded.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet, blamed_by
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, answer_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

NAME = "nginx_not_reloaded"
SHOWN = 3


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        saved = hop.proxy.nginx.get("pending") or []
        asked = asked_instead(fleet, hop) if saved and not hop.address.is_name else None
        if asked and or_empty(hop.reach).get("connected"):
            yield not_reloaded(hop, saved, asked)


def asked_instead(fleet: Fleet, hop: Hop) -> Address | None:
    """The address that nginx asked for requests over this hop, where its files name that nowhere any more."""
    known = {address for other in fleet.hops_of(hop.proxy) for address in other.addresses}
    blamed = [blamed_by(answer.get("upstream")) for answer in hop.failing]
    return next((one for one in blamed if one and one not in known), None)


def not_reloaded(hop: Hop, saved: list[str], asked: Address) -> Finding:
    files = ", ".join(saved[:SHOWN])
    answers = [answer_evidence(answer) for answer in hop.failing if blamed_by(answer.get("upstream")) == asked]
    old, new = (str(one).removeprefix("tcp:") for one in (asked, hop.address))
    runs = "nginx still asks %s; %s says %s" % (old, named_at(hop), new)
    return on_hop(
        hop,
        NAME,
        (
            *answers[:SHOWN],
            Evidence("config", runs),
            Evidence("process", "saved after nginx's workers began: %s" % files),
            Evidence("probe", "%s takes connections from %s" % (hop.address, hop.proxy.name)),
        ),
        on=hop.proxy.name,
        remedy=remedies.upstream_dns(note="%s; it reads its files again" % runs),
        why=runs,
    )


CAUSE = Cause(
    name=NAME,
    title="nginx has not read its files since they were changed",
    says="{proxy}'s nginx does not know yet that {subject} is its backend: it was not reloaded",
    find=find,
    set_off_by=("nginx",),
    outdoes=("transient", "upstream_failed"),
)
