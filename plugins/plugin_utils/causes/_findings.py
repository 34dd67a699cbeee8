# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about one hop and about a proxy as a whole, and the words that they have in common.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import answer_evidence, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Behind, Evidence, Finding, Remedy
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import rate_evidence

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Place
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route
    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FilePlace


def on_hop(
    hop: Hop,
    cause: str,
    evidence: t.Iterable[Evidence],
    *,
    on: str | None = None,
    remedy: Remedy | None = None,
    why: str = "",
    advice: tuple[str, ...] = (),
    recurs: str = "",
    says: str = "",
    behind: Behind | None = None,
) -> Finding:
    """A finding about a hop. on: the host to change; without it, the host behind the hop. says: instead of the sentence of the cause."""
    return Finding(
        cause=cause,
        seen_from=hop.proxy.name,
        on=hop.on if on is None else on,
        subject=str(hop.address),
        evidence=tuple(dict.fromkeys((*evidence, *of_some_requests(hop)))),
        remedy=remedy,
        why=why,
        advice=advice,
        routes=hop.route_ids,
        recurs=recurs,
        says=says,
        behind=behind,
    )


def of_some_requests(hop: Hop) -> tuple[Evidence, ...]:
    """Which requests of its routes a hop has that others do not take, and how many of them fail where none fails in full view; empty for any other hop."""
    rows = [
        "%s of %s at %s leads to %s" % (one["key"], one["table"], file_and_line(one["place"]), hop.address)
        for one in hop.branches
    ]
    if not rows:
        return ()
    often = () if hop.failing else rate_evidence(hop, hop.records)
    if often:
        return (replace(often[0], text="; ".join([often[0].text, *rows])),)
    return (Evidence("config", "; ".join(rows), 0.0),)


def on_proxy(
    fleet: Fleet,
    proxy: Host,
    cause: str,
    subject: str,
    evidence: Evidence,
    lines: t.Sequence[LogRecord],
    *,
    remedy: Remedy | None = None,
    why: str = "",
    advice: tuple[str, ...] = (),
) -> Finding:
    """A finding about a proxy as a whole, whose signature has the cause's name. lines: log records that show it."""
    answers = [answer_evidence(answer) for answer in proxy.failing if answer.get("signature") == cause]
    return Finding(
        cause=cause,
        seen_from=proxy.name,
        on=proxy.name,
        subject=subject,
        evidence=(*answers, *(log_evidence(record) for record in lines[:3]), evidence),
        remedy=remedy,
        why=why,
        advice=advice,
        routes=_routes_hurt(fleet, proxy, cause, lines),
    )


def _routes_hurt(fleet: Fleet, proxy: Host, signature: str, lines: t.Iterable[LogRecord]) -> frozenset[int]:
    """Routes that fail with this signature, now or in these lines; all of the proxy's where none is known."""
    blamed = {or_empty(record.get("upstream")).get("address") for record in lines}
    hurt = {route for hop in fleet.hops_of(proxy) if str(hop.address) in blamed for route in hop.route_ids}
    hurt |= {
        answer["route"]
        for answer in proxy.failing
        if answer.get("signature") == signature and answer.get("route") is not None
    }
    return frozenset(hurt or {route["id"] for route in proxy.config.get("routes") or []})


def reload_nginx(hop: Hop) -> str:
    """The command that puts what was written into the proxy's files in force."""
    return "nginx -t && systemctl reload nginx   # on %s, after that" % hop.proxy.name


def file_and_line(place: Place | FilePlace) -> str:
    """A place of a file as FILE:LINE."""
    return "%s:%d" % (place["file"], place["line"])


def at_location(route: Route, directive: str) -> str:
    """Where a directive is written for the requests of one location: in place of the one that it has, else in it."""
    at, given = route["location"]["place"], route["settings"].get(directive)
    block = given["block"] if given and given["level"] == "location" else None
    if given and block and (block.get("file"), block.get("line")) == (at["file"], at["line"]):
        return "in place of what stands at %s" % file_and_line(given["place"])
    return "in the location at %s" % file_and_line(at)


def late_answers(hop: Hop) -> tuple[Evidence, ...]:
    """The answers over a hop that did not come in time."""
    return tuple(
        Evidence("answer", "%s has no answer after %.0f seconds" % (one["url"], one["seconds"]))
        for one in hop.failing
        if one.get("timed_out")
    )
