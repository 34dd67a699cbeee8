# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures that the log has and that asking again does not show to be over: too seldom for that, or of a method that is not asked.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import datetime
import math
import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop_symptoms import CONNECTING, NO_LIVE
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.refused_besides import REFUSED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.rows_taken import is_by_name
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import (
    IN_BODY,
    OF_HEADER,
    answer_fails,
    is_barred,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.visited import READING, is_shared, visits

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.access_log import SameQuery, Visits
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

#: A failure that comes at random is over when so many good answers would be had by chance with this probability only.
CHANCE = 0.05
#: Nobody listens.
DOWN = "backend_port_closed"
#: So many times show how far apart they come.
SEVERAL = 3
#: One single failure is over after so many good answers.
ENOUGH = 10
#: Signatures of requests that did not fail with 502, or that are only a consequence.
OTHERWISE = frozenset(
    {
        "upstream_closed_midbody",
        "upstream_read_timeout",
        "disk_full",
        "nginx_temp_dir_permission",
        "auth_request_unexpected_status",
    }
)


def recurring(hop: Hop, *signatures: str) -> list[LogRecord]:
    """The records of this hop that may fail again; with these signatures only, where any is given.

    While something fails in full view, only where that is no connection, and these are of requests that are answered to nobody once they have one.
    """
    if hop.failing and not is_kept_from_asking(hop):
        return []
    records = hop.past(*signatures) if signatures else [one for one in hop.records if one["last"] >= hop.started]
    if hop.failing:
        records = [record for record in records if is_answered_to_nobody(hop, record)]
    return [record for record in records if record.get("action") not in IN_BODY and not is_over(hop, record)]


def is_kept_from_asking(hop: Hop) -> bool:
    """Whether nginx has just asked nobody over a hop, or an address that refuses, while the backend takes connections."""
    asked_nobody = all(answer.get("signature") in (*REFUSED, NO_LIVE) for answer in hop.failing)
    return asked_nobody and bool(or_empty(hop.reach).get("connected"))


def is_answered_to_nobody(hop: Hop, record: LogRecord) -> bool:
    """Whether all of several requests failed after they had a connection, and are none that is made again here."""
    request = or_empty(record.get("request"))
    row = row_of(hop, request["method"], request["path"]) if request else None
    if row is None or record.get("action") == CONNECTING or row["method"] in READING:
        return False
    return row["failed"] == sum(row["statuses"].values()) >= SEVERAL


def is_barred_from(hop: Hop, record: LogRecord) -> bool:
    """Whether the very request was asked and did not get as far as the backend: that is told as unknown."""
    return or_empty(record.get("request")).get("method") in READING and hop.is_barred(record)


def takes_websockets(hop: Hop) -> bool:
    """Whether a location passes WebSockets on: a plain request, which is all that is asked here, is refused there and shows nothing."""
    return any(name.lower() == "upgrade" for route in hop.routes for name in route["params"])


def is_over(hop: Hop, record: LogRecord) -> bool:
    """Whether enough good answers have come since: our own, and those of visitors."""
    request = or_empty(record.get("request"))
    row = row_of(hop, request["method"], request["path"]) if request else None
    if request and is_of_visitor(hop, record, row):
        return is_over_for_visitors(hop, row) and not is_still_so_with_query(record, row)
    if not request or (is_barred_from(hop, record) and not takes_websockets(hop)):
        return True
    if is_still_so_with_query(record, row):
        return False
    same, alike = Asked(0, 0) if is_another_page(record, row) else asked_now(hop, record)
    since = row["since"] if row and not is_of_many(hop, row) else 0
    good = same + alike + since
    if record.get("action") == CONNECTING and or_empty(hop.reach).get("connected"):
        good += 1
    if row and row["failed"] == row["span"] > 1:
        return good - alike > 0
    if row is None:
        return good > 0
    if row["failed"] > 1:
        return (1 - how_often(row)) ** good < CHANCE and not is_between_failures(hop, record, row)
    seldom = 1 / sum(row["statuses"].values())
    return good >= ENOUGH or (1 - seldom) ** good < CHANCE or (record.get("action") == CONNECTING and good > 0)


def is_between_failures(hop: Hop, record: LogRecord, row: Visits) -> bool:
    """Whether a backend that fails at times may only be well just now: so little time has passed since the last of several times.

    What is on the way shows by connecting, other than a daemon that is down at times; what nginx has read again since, or was started again, may be mended.
    """
    times = row.get("runs", 0)
    is_on_the_way = record.get("action") == CONNECTING and record["signature"] != DOWN
    if times < SEVERAL or is_on_the_way or record["last"] < hop.proxy.config_read:
        return False
    apart, since = (record["last"] - record["first"]) / (times - 1), hop.proxy.now - record["last"]
    return apart > 0 and since >= 0 and math.exp(-since / apart) >= CHANCE


def how_often(counts: Visits | SameQuery) -> float:
    """The share of requests that failed, from the first failure of several to the last."""
    return (counts["failed"] - 1) / (counts["span"] - 1)


def with_one_query(record: LogRecord, row: Visits | None) -> SameQuery | None:
    """What the access log has of the very URL that failed most often; None where a failure is not about its query string, or none failed twice.

    One page of many may have a path of its own by its query string alone. Where each URL is asked once, their path is what there is to count.
    """
    counts = row.get("same_query") if row and is_with_query(record) and record.get("action") != CONNECTING else None
    return counts if counts and None not in counts.values() and counts["failed"] > 1 else None


def is_still_so_with_query(record: LogRecord, row: Visits | None) -> bool:
    """Whether so few requests with the very query string that failed were answered well since that it may still fail."""
    counts = with_one_query(record, row)
    return counts is not None and (1 - how_often(counts)) ** counts["since"] >= CHANCE


def is_with_query(record: LogRecord) -> bool:
    return bool(or_empty(record.get("request")).get("query"))


def is_another_page(record: LogRecord, row: Visits | None) -> bool:
    """Whether what is asked again may be another page than the one that failed more than once: its query string is not kept. A connection is the same."""
    is_of_page = record.get("action") != CONNECTING and record["signature"] not in OF_HEADER
    return is_with_query(record) and is_of_page and row is not None and row["failed"] > 1


def is_of_visitor(hop: Hop, record: LogRecord, row: Visits | None) -> bool:
    """Whether a header that nginx refuses may be the visitor's own, so that a stranger's request shows nothing: by its query string, which is not sent
    again, or as a stranger is sent elsewhere. Once nginx has read its configuration again it may be mended, and asking counts."""
    if record["signature"] not in OF_HEADER or record["last"] < hop.proxy.config_read:
        return False
    again = [one.get("status") or 0 for one in hop.asked_again(record) if not answer_fails(one)]
    is_sent_away = bool(again) and all(300 <= one < 400 for one in again)
    return is_with_query(record) or (is_sent_away and "200" in (row["statuses"] if row else {}))


def is_over_for_visitors(hop: Hop, row: Visits | None) -> bool:
    """Whether so many visitors were answered well since that one of them would have failed."""
    if row is None or is_of_many(hop, row):
        return False
    often = row["failed"] / sum(row["statuses"].values())
    return bool((1 - often) ** row["since"] < CHANCE)


def row_of(hop: Hop, method: str, path: str) -> Visits | None:
    """What the access log has of a request that failed in the window; None where it has none, or has failures of other sites as well."""
    methods = READING if method in READING else {method}
    rows = (row for route in hop.route_ids for row in visits(hop.proxy, route, path, methods) if row["failed"])
    return next((row for row in rows if not others_failed(hop, row)), None)


def others_failed(hop: Hop, row: Visits) -> bool:
    """Whether an access log that several sites share has more failures of a path than nginx's error log blames this hop for.

    Of a single one all requests of the path are no measure, where other sites' take other rows of a table.
    """
    if not is_of_many(hop, row):
        return False
    asked = [(or_empty(one.get("request")), one["count"]) for one in hop.records]
    own = [
        count
        for request, count in asked
        if (request.get("method"), request.get("path")) == (row["method"], row["path"])
    ]
    return row["failed"] > sum(own) or (is_row_of_names(hop) and sum(own) == 1)


def is_of_many(hop: Hop, row: Visits) -> bool:
    """Whether requests of other sites, which don't take this hop, are in a row of the access log as well."""
    return is_row_of_names(hop) or is_shared(hop.proxy, hop.route_ids, row["source"])


def is_row_of_names(hop: Hop) -> bool:
    """Whether a table by the name of the site leads to this hop and to others."""
    return any(is_by_name(branch) for branch in hop.branches)


class Asked(t.NamedTuple):
    """How often a request was asked now and answered well: the same one, and one with HEAD in its place, which may be well where each GET fails."""

    same: int
    alike: int


def asked_now(hop: Hop, record: LogRecord) -> Asked:
    """What asking shows of a request that failed. One that got no connection is the same as any other over this hop."""
    request = or_empty(record.get("request"))
    is_any = record.get("action") == CONNECTING
    found = Asked(0, 0)
    for answer in hop.answers:
        method, path = answer["method"], urllib.parse.urlsplit(answer["url"]).path
        of_it = path == request["path"] and (method == request["method"] or {method, request["method"]} <= READING)
        if answer_fails(answer) or is_barred(answer) or not (is_any or of_it):
            continue
        if is_any or method in (request["method"], "GET") or record["signature"] in OF_HEADER:
            found = found._replace(same=found.same + answer.get("asked", 1))
        else:
            found = found._replace(alike=found.alike + answer.get("asked", 1))
    return found


def rate(hop: Hop, records: t.Sequence[LogRecord]) -> str:
    """How often the newest of these records failed, in words; empty where there is none."""
    if not records:
        return ""
    record = max(records, key=lambda one: one["last"])
    request = or_empty(record.get("request"))
    row = row_of(hop, request["method"], request["path"])
    of_any = "%d of %d" % (row["failed"], sum(row["statuses"].values())) if row else ""
    counted, asked = "%s requests" % of_any if row else "%d request(s)" % record["count"], ""
    same = with_one_query(record, row)
    if same:
        counted = "%d of %d requests" % (same["failed"], same["asked"])
        asked = " with the same query string (%s with any)" % of_any
    sites = " on all sites in %s" % row["source"] if row and is_of_many(hop, row) else ""
    last = datetime.datetime.fromtimestamp(record["last"], tz=datetime.timezone.utc).strftime("%H:%M:%S")
    return "%s %s %s%s%s failed, the last at %s UTC" % (counted, request["method"], request["path"], asked, sites, last)


def rate_evidence(hop: Hop, records: t.Sequence[LogRecord]) -> tuple[Evidence, ...]:
    """What the access log says of how often they fail; empty where it says nothing."""
    requests = [or_empty(record.get("request")) for record in records]
    known = any(row_of(hop, request["method"], request["path"]) for request in requests)
    return (Evidence("answer", "by the access log, %s" % rate(hop, records), 0.7),) if known else ()
