# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend takes the request and does not answer in time.

Signatures: upstream_read_timeout.

Looked at: nginx's log, how long a direct request takes, the read timeout in force.

Done: nothing is changed: what it waits for is in the backend.

A quick fix: a longer timeout keeps more workers busy for longer, until none is left.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.visited import READING
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._awaited import Dependency, awaited_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import (
    container_behind,
    described,
    engines_host,
    listener_behind,
    log_command,
    paused_behind,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_ways import without_a_way
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import (
    DAEMON,
    at_address,
    behind,
    health,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import late_answers, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._limits_of_time import ends_late_requests
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._longer_waits import held, longer_wait
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._others_refused import (
    failing_paths,
    others_refused,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import product_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import (
    is_kept_from_asking,
    rate,
    rate_evidence,
    recurring,
    row_of,
    with_one_query,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._stopped_workers import (
    paused,
    process_stopped,
    stopped_pool,
    workers_stopped,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._tls import (
    failed_handshake,
    handshake_evidence,
    is_silent,
    s_client,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._websockets import long_polled

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

SIGNATURE = "upstream_read_timeout"
NOT_TAKEN = ("connect_timeout", "connect_timeout_kernel")
#: More paths than these are no sign of a single slow one.
SHOWN = 3
WAITS_FOR = "look next at what it waits for (a database, another service)"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        stopped = paused_behind(hop)
        if stopped and hop.has(SIGNATURE, *NOT_TAKEN):
            seen = (*hop.seen(SIGNATURE, *NOT_TAKEN), *late_answers(hop), *probe_silent(hop))
            yield paused(hop, stopped, CAUSE.name, seen)
            continue
        ruleless = without_its_rule(hop)
        if ruleless and hop.has(SIGNATURE):
            yield without_a_way(hop, engines_host(hop), ruleless, CAUSE.name, hop.seen(SIGNATURE))
            continue
        late = any(answer.get("timed_out") for answer in hop.failing) and or_empty(hop.reach).get("connected")
        if is_silent(hop) and (late or hop.has(SIGNATURE)) and not failed_handshake(hop).get("plain"):
            yield silent_in_handshake(hop)
            continue
        is_slow = hop.has(SIGNATURE) or late and (probe_silent(hop) or hop.past(SIGNATURE)) or mostly_late(hop)
        if is_slow and not ends_late_requests(hop):
            pool = stopped_pool(hop)
            seen = (*hop.seen(SIGNATURE), *late_answers(hop), *probe_silent(hop))
            if pool:
                yield workers_stopped(hop, pool, CAUSE.name, seen)
            else:
                yield process_stopped(hop, CAUSE.name, seen) or slow(fleet, hop)


def mostly_late(hop: Hop) -> list[LogRecord]:
    """What the log has of requests that are not asked again as they were, and most of which took too long, until now; several where no access log counts.

    Those that change something, and those with a query string, which is not kept: without it another page may be had.
    """
    return [record for record in recurring(hop, SIGNATURE) if _is_mostly_late(hop, record)]


def _is_mostly_late(hop: Hop, record: LogRecord) -> bool:
    request = or_empty(record.get("request"))
    if not request or (request["method"] in READING and not request.get("query")):
        return False
    row = row_of(hop, request["method"], request["path"])
    counts = with_one_query(record, row) or row
    if counts is None:
        return record["count"] > 1
    return counts["failed"] > 1 and counts["failed"] * 2 >= counts["span"]


def silent_in_handshake(hop: Hop) -> Finding:
    """The backend takes connections, and the first large packet, its certificate, never comes."""
    name = "%s_connect_timeout" % hop.family
    given = hop.routes[0]["settings"].get(name)
    limit = "%s, which also limits the TLS handshake, is %s" % (
        name,
        " ".join(given["args"]) if given else "60s, nginx's default",
    )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), *late_answers(hop), *handshake_evidence(hop), Evidence("config", limit, 0.2)),
        says="%s takes connections and says nothing in the TLS handshake" % hop.address.bare,
        why="%s takes connections and says nothing in the TLS handshake, nor without TLS: packets as large as its certificate are lost on the way, or what"
        " listens there is busy or hangs" % described(hop),
        advice=(
            *if_packets_are_lost(hop),
            "%s | grep -E 'CONNECTED|Cipher is'   # on %s, and on %s itself: does it shake hands there?"
            % (s_client(hop, errors="2>&1"), hop.proxy.name, hop.on),
            log_command(hop),
        ),
    )


def probe_silent(hop: Hop) -> tuple[Evidence, ...]:
    """That the backend also gave no answer when it was asked directly; empty where it gave one."""
    reply = or_empty(or_empty(hop.reach).get("reply"))
    if reply.get("ended") != "late":
        return ()
    text = "asked directly, %s takes the connection and gives %s" % (hop.address, reply.get("error"))
    return (Evidence("probe", text),)


def slow(fleet: Fleet, hop: Hop) -> Finding:
    name, route = "%s_read_timeout" % hop.family, hop.routes[0]
    given = route["settings"].get(name)
    limit = "%s is %s" % (name, " ".join(given["args"]) if given else "60s, nginx's default")
    queue = listener_behind(hop).get("queue") or 0
    waiting = Evidence("socket", "%d connections wait at %s to be accepted" % (queue, hop.address), 0.3)
    polled = long_polled(hop, failing_paths(hop, SIGNATURE))
    again = mostly_late(hop)
    late = (*hop.seen(SIGNATURE), *late_answers(hop), *rate_evidence(hop, again), Evidence("config", limit, 0.2))
    often = rate(hop, again)
    if polled.words:
        seen = (*late, *polled.evidence)
        return on_hop(hop, CAUSE.name, seen, on=polled.on, why=polled.words, advice=polled.advice, recurs=often)
    named, refused = awaited_behind(fleet, hop), others_refused(hop, SIGNATURE)
    container = container_behind(hop)
    what = "%s is slow%s%s" % (described(hop), for_paths(hop), health(container) if container else "")
    on_purpose = "" if named else held(failing_paths(hop, SIGNATURE))
    because = named.text if named else on_purpose or WAITS_FOR
    return on_hop(
        hop,
        CAUSE.name,
        (
            *late,
            *probe_silent(hop),
            *((waiting,) if queue else ()),
            *((named.evidence,) if named else ()),
            *refused.evidence,
            *(Evidence("probe", "%s refuses connections" % one.bare) for one in hop.besides.addresses),
        ),
        on=named.on if named else None,
        behind=named.behind if named else None,
        why="; ".join(filter(None, ("%s: %s" % (what, because), refused.words))),
        advice=(*refused.advice, *what_to_do(hop, named, on_purpose), *other_address(hop)),
        recurs=often,
    )


def what_to_do(hop: Hop, named: Dependency | None, on_purpose: str) -> tuple[str, ...]:
    """What to type next, by what is known of why it is slow: whom it waits for, that it answers late on purpose, or nothing."""
    if on_purpose:
        return (*longer_wait(hop, when=""), log_command(hop))
    if named is None:
        return (log_command(hop), *if_it_is_slow(hop))
    return (*named.advice, log_command(hop), *(longer_wait(hop) if named.is_slow else ()))


def without_its_rule(hop: Hop) -> Container | None:
    """The container for which its engine's own program holds the port, where that has connections waiting: it takes none, and no rule leads past it."""
    listener = listener_behind(hop)
    if listener.get("process") not in (DAEMON, "conmon") or not listener.get("queue"):
        return None
    found = behind(engines_host(hop), listener)
    return found if found and (found["ports"] or {}).get(str(hop.real_address.port)) else None


def other_address(hop: Hop) -> tuple[str, ...]:
    """What is left once requests are answered in time, where another address of the name refuses connections."""
    takes = next((one for at, one in zip(hop.tried, hop.tried_addresses) if at["connected"]), None)
    others = [one for at, one in zip(hop.tried, hop.tried_addresses) if not at["connected"]]
    if takes and others and hop.failing and not hop.besides.addresses and is_kept_from_asking(hop):
        return (
            "# each such failure sets %s aside for %.0f s, and %s refuses connections: all other pages get 502 then; write %s in place of %s at %s, as one"
            " address alone is never set aside"
            % (
                takes.bare,
                max(hop.set_aside_for, default=0.0),
                ", ".join(one.bare for one in others),
                takes.bare,
                hop.address.bare,
                named_at(hop),
            ),
        )
    if not hop.besides.addresses or takes is None:
        return ()
    refuses = ", ".join(one.bare for one in hop.besides.addresses)
    return (
        "# besides, %s refuses connections, so that a visitor who has waited gets 502 where nginx asks it last: write %s in place of %s at %s, or let it listen"
        " there, too; that alone leaves him a 504" % (refuses, takes.bare, hop.address.bare, named_at(hop)),
    )


def for_paths(hop: Hop) -> str:
    """Which paths are slow where others are not, in words; empty where it is none in particular."""
    paths = failing_paths(hop, SIGNATURE)
    asked = {urllib.parse.urlsplit(answer["url"]).path for answer in hop.answers}
    return " for %s" % ", ".join(paths) if 0 < len(paths) <= SHOWN and asked - set(paths) else ""


def if_it_is_slow(hop: Hop) -> tuple[str, ...]:
    """What to look at next where nothing says what the backend waits for."""
    return (*if_full(hop), *if_packets_are_lost(hop), *longer_wait(hop))


def if_packets_are_lost(hop: Hop) -> tuple[str, ...]:
    """A test of the way to another host: where small answers come and large ones do not, a tunnel on the way takes no whole packets."""
    if hop.is_unix or hop.backend is hop.proxy or hop.destination.is_loopback or at_address(hop):
        return ()
    return (
        "ping -c 2 -W 2 -M do -s %d %s   # on %s: lost, and a ping without -s is not? Large answers are lost on the way (VPN, VXLAN, PPPoE): lower the MTU"
        % (1452 if ":" in hop.destination.host else 1472, hop.destination.host, hop.proxy.name),
    )


def if_full(hop: Hop) -> tuple[str, ...]:
    """What a product says where all its workers are busy: then a longer wait only lengthens its queue."""
    product = product_of(listener_behind(hop))
    if not product or not product.more:
        return ()
    full = (
        "AH00484 in its error log: all workers are busy; "
        if product.name == "Apache"
        else "if all its workers are busy: "
    )
    return ("# %s%s; nginx waiting longer would make that worse" % (full, product.more),)


CAUSE = Cause(
    name="slow_upstream",
    title="The backend does not answer in time",
    says="the backend at {subject} does not answer in time",
    find=find,
    set_off_by=("backend",),
    yields_to=(
        "upstream_protocol_mismatch",
        "fpm_max_children",
        "fpm_backlog_full",
        "fpm_request_terminate_timeout",
        "firewall_drop",
    ),
)
