# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The URL fails where users ask for it and answers on the host itself: something in front of this nginx makes the 502.

Looked at: the same URL asked on the host and from outside.

Done: nothing is changed: this nginx answers, so that what stands before it (a load balancer, a CDN) has to be looked at.

A quick fix: changing nginx's timeouts and buffers here changes nothing for what happens before it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import GATEWAY_STATUSES

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._look.answers import Answer


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        sick = {route for hop in fleet.hops_of(proxy) if hop.sick for route in hop.route_ids}
        for pair in fails_outside_only(proxy):
            if pair.outside.get("route") not in sick:
                yield made_in_front(proxy, pair)


#: What a front that names itself in its Server header has to say of its own answers.
FRONTS: dict[str, tuple[str, ...]] = {
    "cloudflare": (
        "# Cloudflare answers 502 itself where it gets no whole answer from the origin, and 504 where none comes in time:"
        " the origin that its DNS record or load balancer names has to be this host",
    ),
    "awselb": (
        "# its access log: target_status_code is - where the target sent no answer; its idle timeout is 60 s where"
        " nothing else is set; `aws elbv2 describe-target-health` says which targets it takes for well",
    ),
    "microsoft-azure-application-gateway": (
        "# its backend health says which hosts it takes for well; its request timeout is 20 s where nothing else is set",
    ),
}


class Pair(t.NamedTuple):
    """Answers to one URL, as the controller and as the host itself got them."""

    outside: Answer
    inside: Answer


def fails_outside_only(proxy: Host) -> list[Pair]:
    """URLs that failed for the controller while the host's own nginx answered them."""
    inside = {answer["url"]: answer for answer in proxy.answers if answer.get("from", "host") == "host"}
    pairs = [
        Pair(answer, inside[answer["url"]])
        for answer in proxy.answers
        if answer.get("from") == "controller" and answer["url"] in inside
    ]
    return [
        pair for pair in pairs if pair.outside["status"] in GATEWAY_STATUSES and (pair.inside["status"] or 500) < 500
    ]


def made_in_front(proxy: Host, pair: Pair) -> Finding:
    url, status = pair.outside["url"], pair.outside["status"]
    outside = "asked from the controller, %s answers %s (Server: %s)" % (url, status, pair.outside.get("server_header"))
    inside = "asked on %s itself, it answers %s" % (proxy.name, pair.inside["status"])
    return Finding(
        cause=CAUSE.name,
        seen_from=proxy.name,
        on=proxy.name,
        subject=url,
        evidence=(Evidence("answer", outside), Evidence("probe", inside)),
        why="this nginx answers; a load balancer, CDN or proxy in front of it makes the %s" % status,
        advice=advice(proxy, pair),
    )


def advice(proxy: Host, pair: Pair) -> tuple[str, ...]:
    """Who answers, whether its requests get here, and which of its own settings make such an answer."""
    url, name = pair.outside["url"], urllib.parse.urlsplit(pair.outside["url"]).hostname or ""
    server = (pair.outside.get("server_header") or "").lower()
    return (
        "getent hosts %s   # the address of what stands in front, unless it is %s's own"
        % (shlex.quote(name), proxy.name),
        "curl -sv -o /dev/null %s   # its Server and Via headers, and how long it takes" % shlex.quote(url),
        "# on %s, meanwhile: does this request get into nginx's access log? If not, what stands in front asks another address"
        " or port, or is kept out (its list of targets, their health, a firewall)" % proxy.name,
        *(line for begin, lines in FRONTS.items() if server.startswith(begin) for line in lines),
        "nginx -T 2>/dev/null | grep -n keepalive_timeout   # has to be longer than the idle timeout of what stands in front"
        " (nothing there: 75 s)",
    )


CAUSE = Cause(
    name="edge_proxy_502",
    title="Something in front of nginx makes the 502",
    says="{proxy} answers well by itself: something in front of it makes the 502",
    find=find,
)
