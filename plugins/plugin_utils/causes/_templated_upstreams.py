# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx-proxy's template writes where it has no container, or no port of one, to ask: an upstream{} all of whose servers are down.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._beside_container import join
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import (
    called,
    client_of,
    containers_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import UpstreamServer

NOBODY = ("tcp:127.0.0.1:80",)
SHOWN = 3


def is_nobody(proxy: Host, servers: list[UpstreamServer]) -> bool:
    """Whether the servers of an upstream{} are those that the template writes down: `127.0.0.1 down`, without a port, or any of its own file."""
    return bool(servers) and all(
        one["down"] and (one["address"] in NOBODY or is_of_template(proxy, one["place"]["file"])) for one in servers
    )


def is_of_template(proxy: Host, file: str) -> bool:
    return (proxy.config.get("generated") or {}).get(file) == "nginx-proxy"


def beside_nobody(proxy: Host, servers: list[UpstreamServer]) -> Explanation:
    """That an older template has written `127.0.0.1 down` beside the one server of an upstream{}, for which nginx sets that one aside as one of two."""
    up, down = [one for one in servers if not one["down"]], [one for one in servers if one["down"]]
    if len(up) != 1 or not down or not all(is_of_template(proxy, one["place"]["file"]) for one in servers):
        return NOTHING
    return Explanation(
        words="; a server that is an upstream's only one is never set aside, and nginx-proxy has written `server %s down` beside it (%s)"
        % (read_address(down[0]["address"]).host, file_and_line(down[0]["place"])),
        advice=(
            "# so that such a failure takes no other request along: an nginx-proxy of the middle of 2021 or later, which writes a server down only where it"
            " finds no other one; or let the container be in networks of nginx-proxy's alone",
        ),
    )


def without_a_port(proxy: Host, upstream: str, servers: list[UpstreamServer]) -> Explanation | None:
    """Why the template writes a container down that it can reach: it has several ports, none of which is said to be meant."""
    hosts = [read_address(one["address"]).host for one in servers]
    found = next((one for one in containers_of(proxy) if set(one["addresses"]) & set(hosts)), None)
    if found is None:
        return None
    on, client = proxy.within.name if proxy.within else proxy.name, client_of(found) or "docker"
    ports = sorted({one for one in (*(found["ports"] or {}).values(), *(found.get("unpublished") or [])) if one})
    has = "ports %s" % ", ".join(map(str, ports)) if ports else "no port that it exposes"
    why = (
        "nginx-proxy's template writes %s down for upstream %s, as it has %s: VIRTUAL_PORT says which one is meant, 80 where it says nothing"
        % (called(found), upstream, has)
    )
    name = shlex.quote(found["name"])
    return Explanation(
        (Evidence("config", "%s has %s" % (called(found), has)),),
        why,
        (
            "%s exec %s sh -c 'ss -ltn || netstat -ltn'   # on %s: on which port does it listen?" % (client, name, on),
            "# VIRTUAL_PORT=%s in its environment, its own port and not the one that is published; then make it anew (docker compose up -d %s)"
            % ("PORT" if len(ports) != 1 else ports[0], name),
        ),
    )


def port_of(proxy: Host, file: str, container: Container, port: int) -> tuple[str, ...]:
    """How another port of a container is asked where nginx-proxy's template writes the file; empty where it does not."""
    if not is_of_template(proxy, file):
        return ()
    name, on = shlex.quote(container["name"]), proxy.within.name if proxy.within else proxy.name
    return (
        "# VIRTUAL_PORT=%d in the environment of %s on %s, which nginx-proxy writes its files from; then make it anew (docker compose up -d %s)"
        % (port, called(container), on, name),
    )


def nobody(proxy: Host, upstream: str, where: str) -> Explanation:
    """Why the template has found no container for an upstream{}, and the commands that let nginx's container get to those that it cannot ask."""
    own, on = proxy.facts.get("container"), proxy.within.name if proxy.within else proxy.name
    why = (
        "nginx-proxy's template writes `server 127.0.0.1 down` (%s) where it finds no container that it can ask for upstream %s"
        % (where, upstream)
    )
    if not own:
        return Explanation((), why + ": in no network of nginx, or without a port", asked(on, "docker"))
    apart = [one for one in containers_of(proxy) if one["running"] and one["name"] != own["name"] and join(proxy, one)]
    client = client_of(own) or "docker"
    if not apart:
        return Explanation(
            (), why + ": it has not started, or which of its ports is meant is not said", asked(on, client)
        )
    seen = tuple(Evidence("config", apart_from(own, one)) for one in apart[:SHOWN])
    again = "%s restart %s   # on %s: its configuration is written anew" % (client, shlex.quote(own["name"]), on)
    joins = [line for one in apart[:SHOWN] for line in join(proxy, one)]
    which = () if len(apart) == 1 else ("# of these, for the container that upstream %s is meant for:" % upstream,)
    return Explanation(
        seen,
        "%s; %s" % (why, apart_from(own, apart[0])),
        (*which, *joins, again, "# to last: networks: of both in compose.yaml"),
    )


def apart_from(own: Container, other: Container) -> str:
    return "%s is in no network of %s" % (called(other), called(own))


def asked(on: str, client: str) -> tuple[str, ...]:
    return (
        "%s ps -a --format '{{.Names}}  {{.Status}}  {{.Networks}}  {{.Ports}}'   # on %s: does it run, in a network of nginx's?"
        % (client, on),
        "# where it exposes several ports or none, VIRTUAL_PORT=PORT in its environment says which one is meant; then start it again",
    )
