# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend itself answers 502: nginx only passes it on, and writes no line to its error log.

Looked at: a direct request, whether the backend is a proxy of this run.

Done: nothing is changed here; where the backend is a proxy of the run, its own cause is cured.

A quick fix: changes to this nginx have no influence on the next one.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import answer_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.nginx_names import is_nginx
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import GATEWAY_STATUSES
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import (
    described,
    listener_behind,
    log_command,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import how_to_start, product_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._relays import beyond, leads_nowhere

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import Setting


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        status = or_empty(or_empty(hop.reach).get("reply")).get("status")
        passed_on = [answer for answer in hop.failing if is_passed_on(answer)]
        if passed_on and status in GATEWAY_STATUSES and not leads_nowhere(fleet, hop):
            yield made_by_backend(fleet, hop, status, [answer_evidence(answer) for answer in passed_on])
        elif passed_on and status and status < 500:
            kept = next(
                (one for one in hop.routes if one.get("keeps_failures") and one["id"] == passed_on[0].get("route")),
                None,
            )
            yield from (
                [kept_by_nginx(hop, kept["keeps_failures"], status, passed_on)]
                if kept and kept["keeps_failures"]
                else []
            )


def is_passed_on(answer: Answer) -> bool:
    """Whether the failure is the backend's own answer; error_page may show another page in its place."""
    status = answer.get("upstream_status", answer.get("status"))
    return status in GATEWAY_STATUSES and not answer.get("signature")


def made_by_backend(fleet: Fleet, hop: Hop, status: int | None, answers: list[Evidence]) -> Finding:
    further = beyond(fleet, hop)
    probe = Evidence("probe", "asked directly, %s answers %s itself" % (hop.address, status), 0.8)
    return on_hop(
        hop,
        CAUSE.name,
        (*answers, probe, *further.evidence),
        why="%s makes the %s: the cause is behind it, in what it asks in turn%s"
        % (described(hop), status, "; " + further.words if further.words else ""),
        advice=(
            *further.advice,
            log_command(hop),
            *how_to_start(hop.real_address.path, hop.on),
            *what_it_says(hop),
            "# see to what it could not reach first",
            *next_proxy(hop),
        ),
    )


def kept_by_nginx(hop: Hop, kept: Setting, status: int, answers: t.Sequence[Answer]) -> Finding:
    """The backend is well by now, and nginx goes on giving the 502 that it had from it."""
    place, time = file_and_line(kept["place"]), kept["args"][-1]
    line = "%s_cache_valid %s" % (hop.family, " ".join(kept["args"]))
    probe = Evidence("probe", "asked directly, %s answers %d" % (hop.address, status), 0.8)
    return on_hop(
        hop,
        CAUSE.name,
        (*map(answer_evidence, answers), probe, Evidence("config", "%s: %s" % (place, line), 0.8)),
        on=hop.proxy.name,
        says="nginx on %s keeps a 502 that the backend at %s gave it before" % (hop.proxy.name, hop.address),
        why="the backend answers %d by now, and nginx gives what is in its cache for %s (%s at %s)" % (status, time, line, place),
        advice=(
            "# it goes by itself when that time is over; sooner: remove what lies in the folder of its zone (nginx -T | grep cache_path)",
            "# for good: name the statuses that may be kept at %s (200 301 302 404), as an error should not be" % place,
            "nginx -t && systemctl reload nginx   # on %s, after that" % hop.proxy.name,
        ),
    )  # fmt: skip


def what_it_says(hop: Hop) -> tuple[str, ...]:
    """What to look for in the log of a product that is known."""
    product = product_of(listener_behind(hop))
    return ("# look there for %s" % product.ends,) if product and product.ends else ()


def next_proxy(hop: Hop) -> tuple[str, ...]:
    """A remark where another nginx may listen there; none where another program is known to."""
    process = listener_behind(hop).get("process") or ""
    if process and not is_nginx(process):
        return ()
    return ("# if that is an nginx, run diagnose_502 with %s among the hosts" % hop.on,)


CAUSE = Cause(
    name="upstream_returned_502",
    title="The backend itself answers 502",
    says="the backend at {subject} answers 502 itself",
    find=find,
)
