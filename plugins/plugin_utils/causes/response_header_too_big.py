# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response's header block does not fit into the one buffer that nginx keeps for it.

Signatures: response_header_too_big.

Looked at: the size of the header as it is sent, the buffers in force at this location and where they are set.

Done: the buffers are sized from the measured header, at the level that is in force.

A quick fix: huge buffers are taken for each connection: a thousand visitors take a thousand of them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import buffers, remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._proxies_in_front import in_front_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import (
    rate,
    rate_evidence,
    recurring,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

SIGNATURE = "response_header_too_big"
#: From this share of the bytes on, PHP's messages are worth a word.
MESSAGES = 0.25


class Messages(t.NamedTuple):
    """How much of the buffer PHP's messages take, and how there are fewer of them."""

    text: str
    advice: tuple[str, ...]


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        for route in failing_routes(hop):
            # Each route has buffers of its own: the finding is about its location, not about the hop.
            place = file_and_line(route["location"]["place"])
            yield replace(too_big(hop, route), subject=place, routes=frozenset({route["id"]}))
            yield from next_in_front(fleet, hop, route)


def next_in_front(fleet: Fleet, hop: Hop, route: Route) -> t.Iterator[Finding]:
    """The same of each nginx in front of this one whose buffer would not hold that header either: cured here alone, it fails there."""
    header = measured(hop) if is_too_big(hop, route) else None
    least = header or buffers.in_force(hop.proxy.config, route, page_size(hop)) + 1
    for front, before, often in in_front_of(fleet, hop, SIGNATURE):
        plan = buffers.plan(front.proxy.config, before, header, page_size(front))
        known = before["id"] in {one["id"] for one in failing_routes(front)}
        if known or plan.refusal or buffers.in_force(front.proxy.config, before, page_size(front)) >= least:
            continue
        passes = (
            "nginx on %s, which it passes them on to, has not taken their header: once that does, it comes here"
            % hop.proxy.name
        )
        evidence = (
            Evidence(
                "answer",
                "by the access log of %s, %s, all asked by %s" % (hop.proxy.name, often, front.proxy.name),
                0.8,
            ),
            Evidence("config", passes, 0.8),
            setting_evidence(front, before),
        )
        place = file_and_line(before["location"]["place"])
        remedy = remedies.fastcgi_buffers(plan)
        found = on_hop(front, CAUSE.name, evidence, on=front.proxy.name, remedy=remedy, recurs=often)
        yield replace(found, subject=place, routes=frozenset({before["id"]}))


def failing_routes(hop: Hop) -> list[Route]:
    """Routes over this hop on which nginx refuses the header now, by its own words or by what was measured."""
    said = {answer.get("route") for answer in hop.failing if answer.get("signature") == SIGNATURE}
    unsaid = {
        answer.get("route") for answer in hop.failing if answer.get("status") == 502 and not answer.get("signature")
    }
    doubtful = (unsaid if len(unsaid) == 1 else set()) | barred_routes(hop)
    sure = said | routes_of(hop, recurring(hop, SIGNATURE))
    return [route for route in hop.routes if route["id"] in sure or route["id"] in doubtful and is_too_big(hop, route)]


def barred_routes(hop: Hop) -> set[int | None]:
    """Routes that the log blames, and on which asking again did not get to the backend (a login, a limit)."""
    return routes_of(hop, [record for record in hop.past(SIGNATURE) if hop.is_barred(record)])


def routes_of(hop: Hop, records: t.Iterable[LogRecord]) -> set[int | None]:
    """The routes that requests of the log go over: the only one of the hop, or those of the same path as it was asked now."""
    only = {route["id"] for route in hop.routes} if len(hop.routes) == 1 else set()
    return {route for record in records for route in only or {one.get("route") for one in hop.asked_again(record)}}


def is_too_big(hop: Hop, route: Route) -> bool:
    """Whether what the backend sends when asked directly is more than the buffer in force holds."""
    header = measured(hop)
    return header is not None and header > buffers.in_force(hop.proxy.config, route, page_size(hop))


def measured(hop: Hop) -> int | None:
    """Bytes that the buffer has to hold: the header block as the backend sent it when asked directly, and what FastCGI sends before it."""
    reply = or_empty(or_empty(hop.reach).get("reply"))
    return reply.get("wire_bytes") or reply.get("header_bytes")


def page_size(hop: Hop) -> int:
    """Bytes of a memory page on the proxy: nginx's own default for the buffer."""
    return hop.proxy.system.get("page_size") or 4096


def too_big(hop: Hop, route: Route) -> Finding:
    again = recurring(hop, SIGNATURE)
    # What would come through is not what nginx is about.
    header = measured(hop) if is_too_big(hop, route) else None
    evidence = [*hop.seen(SIGNATURE), *rate_evidence(hop, again), setting_evidence(hop, route)]
    if header:
        evidence.append(Evidence("probe", "asked directly, %s sends a header of %d bytes" % (hop.address, header)))
    fewer = fewer_messages(hop, header)
    if fewer:
        evidence.append(Evidence("probe", fewer.text))
    plan = buffers.plan(hop.proxy.config, route, header, page_size(hop))
    if not plan.refusal:
        remedy = remedies.fastcgi_buffers(plan)
        notes = (
            remedy.note,
            elsewhere(hop, route),
            fewer.text if fewer else "",
            "%s: the next one shows whether it fits" % rate(hop, again) if again else "",
        )
        remedy = replace(remedy, note="; ".join(filter(None, notes)))
        advice = fewer.advice if fewer else ()
        return on_hop(
            hop, CAUSE.name, evidence, on=hop.proxy.name, remedy=remedy, advice=advice, recurs=rate(hop, again)
        )
    advice = (
        *(fewer.advice if fewer else ()),
        "curl -sS -D - -o /dev/null URL   # which header is so large?",
        "curl -sS -D - -o /dev/null URL | wc -c   # how large are they all?",
    )
    return on_hop(
        hop, CAUSE.name, evidence, on=hop.proxy.name, why=plan.refusal, advice=advice, recurs=rate(hop, again)
    )


def fewer_messages(hop: Hop, header: int | None) -> Messages | None:
    """What PHP's messages have to do with it; None where they are but a small part of what the buffer has to hold."""
    said = or_empty(or_empty(hop.reach).get("reply")).get("stderr_bytes") or 0
    if not header or said < header * MESSAGES:
        return None
    pool = hop.backend.pool_at(hop.real_address) if hop.backend else None
    name, user = (
        (pool.name, or_empty(pool.pool["settings"].get("user")).get("value") or "www-data")
        if pool
        else ("POOL", "www-data")
    )
    log = "/var/log/php-%s.log" % name
    logs = (hop.proxy.nginx.get("error_logs") or ["/var/log/nginx/error.log"])[0]
    return Messages(
        "%d of these %d bytes are messages of PHP (notices, warnings), which come before the header" % (said, header),
        (
            "grep -F 'FastCGI sent in stderr' %s | tail -n 3   # on %s: which messages; mend what they complain of"
            % (shlex.quote(logs), hop.proxy.name),
            "install -o %s -m 0640 /dev/null %s   # on %s: or have PHP write them to a file"
            % (shlex.quote(user), shlex.quote(log), hop.on),
            "# in pool %s: php_admin_flag[log_errors] = on and php_admin_value[error_log] = %s; then reload PHP-FPM"
            % (name, log),
        ),
    )


def elsewhere(hop: Hop, route: Route) -> str:
    """That other locations have the same line in force (a snippet that many include, the http block) and get what it will say; empty where none has."""
    name = "%s_buffer_size" % hop.family
    given = route["settings"].get(name)
    lines = [one["settings"].get(name) for one in hop.proxy.config.get("routes") or [] if one["id"] != route["id"]]
    others = [one for one in lines if given and one and one["place"] == given["place"]]
    if not given or not others:
        return ""
    return "%s is in force at %d other location%s, which get%s it as well" % (
        file_and_line(given["place"]), len(others), *(("", "s") if len(others) == 1 else ("s", "")),
    )  # fmt: skip


def setting_evidence(hop: Hop, route: Route) -> Evidence:
    """The buffer in force, and where it is set."""
    name = "%s_buffer_size" % hop.family
    given = route["settings"].get(name)
    value = "%s is not set: one page, %d bytes" % (name, page_size(hop))
    if given:
        value = "%s (%s)" % (" ".join([name, *given["args"]]), file_and_line(given["place"]))
    return Evidence("config", "in force at %s: %s" % (file_and_line(route["location"]["place"]), value))


CAUSE = Cause(
    name=SIGNATURE,
    title="The response header does not fit into nginx's buffer",
    says="the response's headers are larger than nginx's buffer on {on}",
    find=find,
)
