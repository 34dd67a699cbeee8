# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker of nginx crashes: its visitors get no answer at all, and whatever stands in front, a load balancer or another nginx, answers 502.

Signatures: nginx_worker_crashed, upstream_closed_prematurely, upstream_connection_reset.

Looked at: nginx's log and the kernel's, requests that get no answer, which modules nginx has.

Done: nothing is changed: the module is named where the kernel names it, and how the others are found.

A quick fix: nginx starts another worker by itself, which crashes at the next request of this kind.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import datetime
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, ENDED, RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer

NAME = "nginx_worker_crashed"
#: One crash alone, with all pages there, may be of what is long over.
OFTEN = 3
_MODULE = re.compile(r" in ([\w.+-]{1,80}\.so)\[")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        lines, unanswered = crashes(proxy), without_answer(proxy)
        if lines and (unanswered or sum(one["count"] for one in lines) >= OFTEN):
            yield of_its_own(proxy, lines, unanswered)
        for hop in fleet.hops_of(proxy):
            behind = crashes_behind(hop) if hop.sick else []
            if behind and hop.backend:
                yield on_hop(
                    hop,
                    NAME,
                    (
                        *hop.seen(CLOSED, RESET),
                        *(log_evidence(record) for record in behind[:2]),
                        Evidence("process", "on %s nginx listens at %s" % (hop.on, hop.address), 0.3),
                    ),
                    why=why(hop.backend, behind),
                    advice=advice(hop.backend, behind),
                )


def crashes(host: Host) -> list[LogRecord]:
    """What the logs of a host say of nginx's workers that crashed since its master began, nginx's own words first."""
    since = int(or_empty(host.nginx.get("master")).get("started") or 0)  # lines have whole seconds
    found = [one for one in host.records if one["signature"] == NAME and one["last"] >= since]
    return sorted(found, key=lambda one: one["kind"] != "nginx")


def without_answer(proxy: Host) -> list[Answer]:
    """Questions to the host's own nginx whose connection was ended with no answer."""
    return [
        one
        for one in proxy.answers
        if one.get("from", "host") == "host" and one.get("status") is None and not one.get("timed_out")
    ]


def crashes_behind(hop: Hop) -> list[LogRecord]:
    """The crashes of the nginx behind a hop whose connections are ended without an answer."""
    ended = hop.has(CLOSED, RESET) or hop.past(CLOSED, RESET)
    is_nginx = hop.backend is not None and (listener_behind(hop).get("process") or "") == "nginx"
    return crashes(hop.backend) if hop.backend and ended and is_nginx and hop.backend is not hop.proxy else []


def of_its_own(proxy: Host, lines: list[LogRecord], unanswered: t.Sequence[Answer]) -> Finding:
    asked = [
        Evidence("answer", "%s gets no answer: %s" % (one["url"], one.get("error") or "the connection is closed"))
        for one in unanswered[:2]
    ]
    return Finding(
        cause=NAME,
        seen_from=proxy.name,
        on=proxy.name,
        subject="nginx's workers",
        evidence=(*asked, *(log_evidence(record) for record in lines[:2])),
        why=why(proxy, lines),
        advice=advice(proxy, lines),
        routes=frozenset(one["route"] for one in unanswered if one.get("route") is not None),
    )


def module_in(lines: t.Iterable[LogRecord]) -> str:
    """The file of the module in which it crashed, where the kernel names one."""
    found = (_MODULE.search(one["message"]) for one in lines if one["kind"] == "kernel")
    return next((one.group(1) for one in found if one), "")


def why(host: Host, lines: list[LogRecord]) -> str:
    counted = [one for one in lines if one["kind"] == lines[0]["kind"]]
    last = datetime.datetime.fromtimestamp(max(one["last"] for one in counted), tz=datetime.timezone.utc)
    module = module_in(lines)
    return (
        "workers of %s's nginx crash%s (%d times, the last at %s UTC): who asks gets no answer, and what stands in front answers 502"
        % (
            host.name,
            " in %s" % module if module else "",
            sum(one["count"] for one in counted),
            last.strftime("%H:%M:%S"),
        )
    )


def advice(host: Host, lines: list[LogRecord]) -> tuple[str, ...]:
    name, module = host.name, module_in(lines)
    return (
        *(
            ("dpkg -S %s || rpm -qf %s   # on %s: whose it is" % (shlex.quote(module), shlex.quote(module), name),)
            if module
            else ()
        ),
        "coredumpctl info nginx; journalctl -k -g 'nginx.*segfault' -n 5 --no-pager   # on %s: the stack, the module's file"
        % name,
        "nginx -V 2>&1 | tr ' ' '\\n' | grep -- --add; nginx -T 2>/dev/null | grep -n '^ *load_module'   # on %s: which modules are not nginx's own?"
        % name,
        "# install those that were built for this very version, or take them out one at a time, with their directives; then restart nginx",
    )


CAUSE = Cause(
    name=NAME,
    title="A worker of nginx crashes",
    says="workers of nginx on {on} crash, so that requests get no answer",
    find=find,
    set_off_by=("nginx",),
    outdoes=(*ENDED, "edge_proxy_502"),
)
