# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The URL fails where users ask it and answers on the host itself: something in front of this nginx makes the 502."""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts, Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.symptoms import GATEWAY_STATUSES


def seen_outside_only(proxy: Host) -> list[tuple[Facts, Facts]]:
    """Answers that failed for the controller while the host's own nginx answered the same URL."""
    inside = {answer["url"]: answer for answer in proxy.answers if answer.get("from", "host") == "host"}
    pairs = [(answer, inside.get(answer["url"])) for answer in proxy.answers if answer.get("from") == "controller"]
    return [
        (outer, inner)
        for outer, inner in pairs
        if inner and outer["status"] in GATEWAY_STATUSES and (inner["status"] or 500) < 500
    ]


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for proxy in fleet.proxies():
        sick = {route for hop in fleet.hops if hop.proxy is proxy and hop.sick for route in hop.route_ids}
        for outer, inner in seen_outside_only(proxy):
            if outer.get("route") in sick:
                continue
            evidence = (
                Evidence(
                    "answer",
                    "asked from the controller, %s answers %s (Server: %s)"
                    % (outer["url"], outer["status"], outer.get("server_header")),
                ),
                Evidence("probe", "asked on %s itself, it answers %s" % (proxy.name, inner["status"])),
            )
            yield Finding(
                cause=CAUSE.name,
                seen_from=proxy.name,
                on=proxy.name,
                subject=outer["url"],
                evidence=evidence,
                why="this nginx answers; a load balancer, CDN or proxy in front of it makes the %s" % outer["status"],
                advice=(
                    "curl -sv -o /dev/null URL   # which server signs the answer?",
                    "the idle timeout of nginx (keepalive_timeout) has to be longer than that of the load balancer in front",
                ),
            )


CAUSE = Cause(name="edge_proxy_502", title="Something in front of nginx makes the 502", find=find)
