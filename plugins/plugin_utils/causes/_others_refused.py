# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which requests a backend fails, and whether nginx refuses all others for them, as it sets the servers of an upstream{} aside.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import Evidence, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop_symptoms import NO_LIVE
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, reload_nginx
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import row_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._templated_upstreams import beside_nobody

SHOWN = 3


class Refused(t.NamedTuple):
    """That other requests are refused for those that fail: what is seen of it, in words, and what ends it. All are empty where none is."""

    evidence: tuple[Evidence, ...] = ()
    words: str = ""
    advice: tuple[str, ...] = ()


def failing_paths(hop: Hop, signature: str) -> list[str]:
    """The paths that fail over a hop with a signature, or for which nothing comes in time; now, or by the log while nothing does."""
    now = [one for one in hop.failing if one.get("signature") == signature or one.get("timed_out")]
    logged = [or_empty(record.get("request")).get("path") or "" for record in hop.past(signature)]
    return sorted({urllib.parse.urlsplit(one["url"]).path for one in now} or set(logged) - {""})


def others_refused(hop: Hop, signature: str) -> Refused:
    """Whether nginx answers other requests `no live upstreams`, now or by its log, because those with this signature fail.

    Others are those for other paths, and those for the same path where visitors are answered well in between.
    """
    paths = failing_paths(hop, signature)
    always = [path for path in paths if not _is_well_at_times(hop, path)]
    name = next((route["pass"]["upstream"] for route in hop.routes if route["pass"]["upstream"]), None)
    seen = [*_answers(hop, always), *_lines(hop, name, always)] if paths and name else []
    seconds = max(hop.set_aside_for, default=0.0) if seen else 0.0
    if not seconds:
        return Refused()
    servers = or_empty((hop.proxy.config.get("upstreams") or {}).get(name or "")).get("servers") or []
    places = dict.fromkeys(file_and_line(one["place"]) for one in servers if not one["down"])
    beside = beside_nobody(hop.proxy, servers)
    whom = "%s takes no other page" % always[0] if always else "such a failure takes no other request"
    none_set_aside = "# so that %s along: max_fails=0 on the servers at %s" % (whom, ", ".join(list(places)[:SHOWN]))
    return Refused(
        tuple(seen[:SHOWN]),
        "for each such failure nginx sets a server of upstream %s aside for %.0f s: with none left, all other requests get 502 (no live upstreams)%s"
        % (name, seconds, beside.words),
        beside.advice or (none_set_aside, reload_nginx(hop)),
    )


def _is_well_at_times(hop: Hop, path: str) -> bool:
    """Whether the access log has requests for a path that were answered well, beside those that failed."""
    row = row_of(hop, "GET", path)
    return bool(row) and any(int(status) < 500 for status in or_empty(row)["statuses"])


def _answers(hop: Hop, paths: list[str]) -> list[Evidence]:
    """The answers for other paths than these that nginx asked nobody for."""
    return [
        Evidence("answer", "%s answers 502: no live upstreams" % answer["url"])
        for answer in hop.failing
        if answer.get("signature") == NO_LIVE and urllib.parse.urlsplit(answer["url"]).path not in paths
    ]


def _lines(hop: Hop, name: str, paths: list[str]) -> list[Evidence]:
    """The lines of nginx's log about requests for other paths than these that it asked nobody of this upstream{} for."""
    return [
        log_evidence(record)
        for record in hop.proxy.records
        if record["signature"] == NO_LIVE
        and (or_empty(record.get("upstream")).get("address") or "").split(":")[1:2] == [name]
        and (or_empty(record.get("request")).get("path") or next(iter(paths), "")) not in paths
    ]
