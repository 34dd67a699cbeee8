# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a backend ends connections before it has answered, as far as anything but its own log shows it; and where that is.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.connect_error import ECONNRESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _container_ways as ways
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._awaited import awaited_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import (
    described,
    listener_behind,
    log_command,
    unit_behind,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._early_answers import answers_early
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._empty_answers import empty_answer
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import (
    CLOSED,
    RESET,
    probe_ended,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_workers import ended_worker
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import (
    NOTHING,
    Explanation,
    strongest,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._limits_of_time import limit_of_time
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._of_pm2 import watched
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._others_refused import others_refused
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import Product, product_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import (
    rate,
    rate_evidence,
    recurring,
    row_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import beyond
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._started_again import started_again
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._uwsgi import requests_too_large
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._websockets import as_a_websocket, says_upgrade

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

#: What is said of products that end workers by themselves.
LIMIT_OF_TIME = "longer than"
#: What any server may say there; one whose product is known says it in words of its own.
IN_APPLICATION = "a crash, a worker that was killed (for memory, or as it took too long), or a request that it refuses"


def ends_connections(fleet: Fleet, hop: Hop, signature: str, does: str) -> Finding:
    """The finding that the backend ends connections, with what may be behind that. does: what it does, in words."""
    again = recurring(hop, signature)
    often = rate(hop, again)
    refusing = others_refused(hop, signature)
    early = answers_early(hop, again)
    explanations = [*_explanations(fleet, hop, signature), early]
    why = strongest(explanations)
    product = product_of(listener_behind(hop))
    says = "%s %s before it has answered%s: %s" % (
        described(hop),
        why.does or does,
        " (%s)" % often if often else "",
        why.words or "its own log says why",
    )
    return on_hop(
        hop,
        signature,
        (
            *hop.seen(signature),
            *rate_evidence(hop, again),
            *probe_ended(hop),
            *(seen for one in explanations for seen in one.evidence),
            *refusing.evidence,
        ),
        on=why.on,
        behind=why.behind,
        why="; ".join(filter(None, (says, refusing.words))),
        recurs=often,
        advice=(
            *refusing.advice,
            *why.advice,
            log_command(hop),
            *(() if why.advice else _where_to_look(hop, product)),
            *_access_lists(hop, product),
            *as_a_websocket(hop, again),
            *(() if early.words else _as_an_upload(hop, again)),
        ),
    )


def _explanations(fleet: Fleet, hop: Hop, signature: str) -> list[Explanation]:
    """What may be behind it, what weighs most first: a setting of nginx, whom workers wait for, what the server says, how it behaves."""
    return [
        says_upgrade(hop),
        _waits(fleet, hop),
        requests_too_large(hop),
        started_again(hop, CLOSED, RESET),
        watched(hop, unit_behind(hop)),
        ended_worker(hop, CLOSED, RESET),
        empty_answer(hop),
        limit_of_time(hop) if signature == CLOSED else NOTHING,
        _other_port_inside(hop),
        beyond(fleet, hop),
    ]


def _waits(fleet: Fleet, hop: Hop) -> Explanation:
    """That the workers behind a hop wait for somebody."""
    awaited = awaited_behind(fleet, hop)
    if awaited is None:
        return NOTHING
    return Explanation((awaited.evidence,), awaited.text, awaited.advice, on=awaited.on, behind=awaited.behind)


def _inside(hop: Hop) -> tuple[Container, int] | None:
    """The container behind a published port, and the port that leads to in there; None where none is behind it."""
    container = containers.behind(hop.backend, listener_behind(hop))
    port = (container["ports"] or {}).get(str(hop.real_address.port)) if container else None
    return (container, port) if container and port else None


def _other_port_inside(hop: Hop) -> Explanation:
    """That nothing listens on the port which the published one leads to."""
    found = _inside(hop)
    if found is None or hop.backend is None:
        return NOTHING
    return strongest(
        (
            ways.sharing_its_network(hop, hop.backend, *found),
            ways.not_yet(found[0], hop.backend.now),
            ways.listens_on_another(hop, *found),
        )
    )


def _where_to_look(hop: Hop, product: Product | None) -> tuple[str, ...]:
    """What to look for in the backend's log, or how to ask it in the container that it runs in."""
    found = _inside(hop)
    if found:
        container, port = found
        return (
            ways.ask_inside(container, hop.on, port),
            *ways.way_inside(container, hop.on, port),
            *ways.lets_in(hop, container),
        )
    look = "# look there for %s" % (product.ends if product and product.ends else IN_APPLICATION)
    return (look, *_whom_it_waits_for(hop, product))


def _whom_it_waits_for(hop: Hop, product: Product | None) -> tuple[str, ...]:
    """How it is seen whom workers wait for, of a server that ends those that take too long: nothing shows it once they are ended."""
    process = listener_behind(hop).get("process")
    if product is None or LIMIT_OF_TIME not in product.ends or not process:
        return ()
    return (
        "ss -tnp state syn-sent state established | grep -F %s   # on %s, while such a request is under way, if it takes too long: whom does it wait for?"
        " SYN-SENT gets no answer at all (a firewall on the way, a host that is gone)"
        % (shlex.quote('"%s"' % process), hop.on),
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
