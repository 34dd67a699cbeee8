# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx-proxy's template writes where it has no container to ask: an upstream{} whose only server is `127.0.0.1 down`.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._beside_container import join
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import (
    CLIENTS,
    called,
    containers_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import Explanation

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import UpstreamServer

NOBODY = ("tcp:127.0.0.1:80",)
SHOWN = 3


def is_nobody(servers: list[UpstreamServer]) -> bool:
    """Whether the servers of an upstream{} are the template's `server 127.0.0.1 down`, without a port, and nothing else."""
    return bool(servers) and all(one["down"] and one["address"] in NOBODY for one in servers)


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
    client = CLIENTS.get(own["engine"], "docker")
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
