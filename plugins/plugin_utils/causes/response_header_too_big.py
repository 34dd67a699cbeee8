# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response's header block does not fit into the one buffer that nginx keeps for it."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import buffers, remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop

SIGNATURE = "response_header_too_big"


def measured(hop: Hop) -> int | None:
    """Bytes that the buffer has to hold: the header block as the backend sent it when asked directly, with what FastCGI puts before it."""
    reply = (hop.reach or {}).get("reply") or {}
    return reply.get("wire_bytes") or reply.get("header_bytes")


def failing_routes(hop: Hop) -> list[Facts]:
    """Routes over this hop on which nginx refuses the header now, by its own word or by what was measured."""
    said = {answer.get("route") for answer in hop.failing if answer.get("signature") == SIGNATURE}
    unsaid = {
        answer.get("route") for answer in hop.failing if answer.get("status") == 502 and not answer.get("signature")
    }
    doubtful = (unsaid if len(unsaid) == 1 else set()) | barred(hop)
    return [route for route in hop.routes if route["id"] in said or route["id"] in doubtful and is_too_big(hop, route)]


def barred(hop: Hop) -> set[int | None]:
    """Routes that the log blames, and on which asking again did not get to the backend (a login, a limit)."""
    records = [record for record in hop.past(SIGNATURE) if hop.is_barred(record)]
    return {answer.get("route") for record in records for answer in hop.asked_again(record)}


def is_too_big(hop: Hop, route: Facts) -> bool:
    """Whether what the backend sends when asked directly is more than the buffer in force holds."""
    header = measured(hop)
    return header is not None and header > buffers.in_force(
        hop.proxy.config, route, hop.proxy.system.get("page_size") or 4096
    )


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        for route in failing_routes(hop):
            yield bigger_buffers(hop, route)


def bigger_buffers(hop: Hop, route: Facts) -> Finding:
    header = measured(hop)
    size_name = "%s_buffer_size" % hop.family
    in_force = route["settings"].get(size_name)
    told = (
        "%s %s (%s:%d)" % (size_name, " ".join(in_force["args"]), in_force["place"]["file"], in_force["place"]["line"])
        if in_force
        else ("%s is not set: one page, %d bytes" % (size_name, hop.proxy.system.get("page_size") or 4096))
    )
    config = Evidence(
        "config",
        "in force at %s:%d: %s" % (route["location"]["place"]["file"], route["location"]["place"]["line"], told),
    )
    seen = [*hop.seen(SIGNATURE), config]
    if header:
        seen.append(Evidence("probe", "asked directly, %s sends a header of %d bytes" % (hop.address, header)))
    plan = buffers.plan(hop.proxy.config, route, header, hop.proxy.system.get("page_size") or 4096)
    if plan.refusal:
        return finding(
            hop,
            route,
            seen,
            why=plan.refusal,
            advice=("curl -sD- -o /dev/null URL | wc -c   # see which header is so big",),
        )
    return finding(hop, route, seen, remedy=remedies.fastcgi_buffers(plan))


def finding(hop: Hop, route: Facts, evidence: list[Evidence], **more: t.Any) -> Finding:
    place = route["location"]["place"]
    made = on_hop(hop, CAUSE.name, evidence, on=hop.proxy.name, **more)
    return Finding(
        cause=made.cause,
        seen_from=made.seen_from,
        on=made.on,
        subject="%s:%d" % (place["file"], place["line"]),
        evidence=made.evidence,
        remedy=made.remedy,
        why=made.why,
        advice=made.advice,
        routes=frozenset({route["id"]}),
    )


CAUSE = Cause(name=SIGNATURE, title="The response header does not fit nginx's buffer", find=find)
