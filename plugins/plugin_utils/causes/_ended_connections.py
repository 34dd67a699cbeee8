# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend that ends connections before it has answered: what the direct probe saw, who the backend is, and where its log is.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.connect_error import ECONNRESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.visited import READING
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _uwsgi
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._awaited import awaited_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import (
    described,
    listener_behind,
    log_command,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._early_answers import answers_early
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._empty_answers import empty_answer
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_workers import ended_worker
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    file_and_line,
    late_answers,
    on_hop,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._others_refused import others_refused
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import Product, product_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import (
    is_barred_from,
    rate,
    rate_evidence,
    recurring,
    row_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import beyond
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._started_again import started_again

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

#: The least that a client sends to open a WebSocket (the key is the RFC's own example).
HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
#: How nginx says it only with the requests that ask for it.
ONLY_ON_REQUEST = (
    "# in http{}: map $http_upgrade $connection_upgrade { default upgrade; '' ''; }",
    '# and in that location, in place of "upgrade": proxy_set_header Connection $connection_upgrade;',
    "nginx -t && systemctl reload nginx",
)
CLOSED, RESET = "upstream_closed_prematurely", "upstream_connection_reset"
#: So long has a request been worked on that a limit of time is what ends it rather than a fault: the limits that people set are whole numbers of seconds.
LONG = 4.5
#: Seconds that a host may take beyond a limit to end a request.
BEYOND = 0.25
LATE = "upstream_read_timeout"
A_LIMIT = (
    "# it ends what takes it too long: a limit of its own (WriteTimeout of Go's http.Server, `timeout` of gunicorn and unicorn, harakiri, a timeout in its"
    " settings): raise that, or let the page answer sooner; nginx's timeouts have no part in it"
)
#: Causes that only say that connections end. A cause that says why outdoes them.
ENDED = ("keepalive_race", CLOSED, RESET)

#: What any server may say there; one whose product is known says it in words of its own.
IN_APPLICATION = "a crash, a worker that was killed (for memory, or as it took too long), or a request that it refuses"


def probe_ended(hop: Hop) -> tuple[Evidence, ...]:
    """That the backend also ended a connection that was made to it directly; empty where it did not."""
    reply = or_empty(or_empty(hop.reach).get("reply"))
    if reply.get("ended") not in ("closed", "reset"):
        return ()
    return (Evidence("probe", "asked directly, %s ends the connection: %s" % (hop.address, reply.get("error"))),)


def ends_late_requests(hop: Hop) -> bool:
    """Whether the backend ends what takes longer than is worth waiting for here: each time before, by nginx's log, or another late request just now."""
    late = any(one.get("timed_out") for one in hop.failing)
    is_nginx_late = bool(hop.past(LATE)) or any(one.get("signature") == LATE for one in hop.failing)
    return late and not is_nginx_late and (was_ended(hop) or is_ended_late(hop))


def was_ended(hop: Hop) -> bool:
    """Whether nginx's log has a request that was ended and that reads, as those do that are asked here: one that sends something has fates of its own."""
    return any(or_empty(record.get("request")).get("method") in READING for record in hop.past(CLOSED))


def is_ended_late(hop: Hop) -> bool:
    """Whether no request was ended just now but after so long that a limit of time did it."""
    ended = ended_after(hop)
    return bool(ended) and min(ended) >= LONG


def limit_of_time(hop: Hop) -> str:
    """After how long the backend ends requests, in words, where that looks like a limit of its own; empty where it does not."""
    late = ends_late_requests(hop)
    if is_ended_late(hop):
        return "%.0f s%s" % (min(ended_after(hop)), " or more" if late else "")
    return "more than %.0f s" % max(one["seconds"] for one in hop.failing if one.get("timed_out")) if late else ""


def ended_after(hop: Hop) -> list[float]:
    """After how many seconds each request was ended that nginx made just now."""
    return [one["seconds"] / (one.get("asked") or 1) for one in hop.failing if one.get("signature") == CLOSED]


def whole_seconds(hop: Hop) -> tuple[Evidence, ...]:
    """That requests were ended after a whole number of seconds, as the limits are that people set; empty where they were not."""
    whole = [seconds for seconds in ended_after(hop) if seconds >= LONG and seconds % 1 <= BEYOND]
    return tuple(Evidence("limit", "it ended after %.1f s, a whole number of seconds" % one, 0.5) for one in whole[:1])


def says_upgrade(hop: Hop) -> tuple[Evidence, ...]:
    """That nginx says `Connection: upgrade` with each request, where a direct one without it is answered; empty where it is not so."""
    reply = or_empty(or_empty(hop.reach).get("reply"))
    if hop.connection_header != "upgrade" or not reply.get("status") or not hop.has(CLOSED, RESET):
        return ()
    where = ", ".join(sorted({file_and_line(route["pass"]["place"]) for route in hop.routes}))
    return (
        Evidence("config", "%s: nginx says Connection: upgrade with each request, WebSocket or not" % where),
        Evidence("probe", "asked directly without it, %s answers %s" % (hop.address, reply["status"]), 0.9),
    )


def not_explained(fleet: Fleet, hop: Hop, signature: str, does: str) -> Finding:
    """The finding that the backend ends connections and nothing that was seen says why: only its own log can. does: what it does, in words."""
    refused = _uwsgi.requests_too_large(hop)
    container = containers.behind(hop.backend, listener_behind(hop))
    inside = (container["ports"] or {}).get(str(hop.real_address.port)) if container else None
    product = product_of(listener_behind(hop))
    advice: tuple[str, ...] = ("# look there for %s" % (product.ends if product and product.ends else IN_APPLICATION),)
    if container and inside:
        advice = (
            containers.ask_inside(container, hop.on, inside),
            *containers.way_inside(container, hop.on, inside),
        )
    port = hop.real_address.port
    other = containers.listens_on_another(container, port, inside) if container and inside else containers.OtherPort()
    again = recurring(hop, signature)
    often, early = rate(hop, again), answers_early(hop, again)
    named, crashes, refusing = (
        awaited_behind(fleet, hop),
        started_again(hop, CLOSED, RESET),
        others_refused(hop, signature),
    )
    upgrades, limit = says_upgrade(hop), limit_of_time(hop) if signature == CLOSED else ""
    worker, empty, further = ended_worker(hop, CLOSED, RESET), empty_answer(hop), beyond(fleet, hop)
    reason = named.text if named else crashes.words or worker.words or "its own log says why"
    if empty.words and not named and not crashes.words and not worker.words:
        does, reason, advice = "ends the request", empty.words, empty.advice
    elif limit and not named and not crashes.words:
        does = "%s after %s" % (does, limit)
        if not worker.words:
            reason, advice = "that is a limit of time of its own", (A_LIMIT,)
    elif other.words:
        reason, advice = other.words, other.advice
    elif further and not named:
        reason, advice = further.words, further.advice
    elif early.words and not named and not crashes.words and not worker.words:
        reason, advice = early.words, early.advice
    if upgrades:
        reason, advice = (
            "nginx says Connection: upgrade with each request, and it ends those that open no WebSocket",
            ONLY_ON_REQUEST,
        )
    return on_hop(
        hop,
        signature,
        (
            *hop.seen(signature),
            *((*late_answers(hop), *whole_seconds(hop)) if limit else ()),
            *rate_evidence(hop, again),
            *probe_ended(hop),
            *empty.evidence,
            *upgrades,
            *refused.evidence,
            *((named.evidence,) if named else ()),
            *crashes.evidence,
            *worker.evidence,
            *(further.evidence if further else ()),
            *refusing.evidence,
        ),
        on=hop.proxy.name if upgrades else named.on if named else None,
        behind=named.behind if named and not upgrades else None,
        why="; ".join(
            filter(
                None,
                (
                    "%s %s before it has answered%s: %s"
                    % (described(hop), does, " (%s)" % often if often else "", reason),
                    refusing.words,
                ),
            )
        ),
        recurs=often,
        advice=(
            *refused.advice,
            *refusing.advice,
            *(named.advice if named else ()),
            log_command(hop),
            *(crashes.advice or worker.advice or advice),
            *_access_lists(hop, product),
            *_as_a_websocket(hop, again),
            *(() if early.words else _as_an_upload(hop, again)),
        ),
    )


def _access_lists(hop: Hop, product: Product | None) -> tuple[str, ...]:
    """Where a server may leave the proxy out, which ends each connection of its at once; nothing where a direct one is not ended."""
    tried = or_empty(hop.reach).get("tried") or []
    at_once = probe_ended(hop) or any(one.get("errno") in ECONNRESET for one in tried)
    if product is None or not product.refuses or not at_once:
        return ()
    return ("%s   # on %s: an access list that leaves %s out?" % (product.refuses, hop.on, hop.proxy.name),)


def _as_an_upload(hop: Hop, records: t.Sequence[LogRecord]) -> tuple[str, ...]:
    """What to ask of a backend that ends some requests with a body and answers others. Nothing where none of these has one."""
    requests = [or_empty(one.get("request")) for one in records]
    rows = [
        row_of(hop, one["method"], one["path"]) for one in requests if one.get("method") in ("POST", "PUT", "PATCH")
    ]
    if not rows or any(row and set(row["statuses"]) == {"502"} for row in rows):
        return ()
    return (
        "# do only large ones fail? It may have a limit of its own and hang up on what is larger: the same client_max_body_size at %s lets nginx say so (413)"
        % file_and_line(hop.routes[0]["location"]["place"]),
    )


def _as_a_websocket(hop: Hop, records: t.Sequence[LogRecord]) -> tuple[str, ...]:
    """How the backend is asked for a WebSocket without nginx, where that is what fails: 101 is the answer to have. Nothing elsewhere."""
    paths = [or_empty(one.get("request")).get("path") or "/" for one in records if is_barred_from(hop, one)]
    if not paths or hop.is_unix:
        return ()
    url = shlex.quote("%s://%s%s" % (hop.scheme, hop.address.bare, paths[0]))
    line = "curl -skiNm5 %s %s   # on %s: a WebSocket is answered 101; with the query string that the page asks with"
    return (line % (" ".join("-H %s" % shlex.quote(one) for one in HANDSHAKE), url, hop.proxy.name),)
