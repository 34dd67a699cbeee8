# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx runs in a container and asks 127.0.0.1 or localhost: that is the container itself, where nothing listens.

Signatures: backend_port_closed, ipv6_localhost_refused, ipv6_unavailable.

Looked at: nginx's files in the container, what listens in its network, in those of the other containers and on the host.

Done: nothing is changed: the container, or the address of the host, that is to be written instead is named.

A quick fix: `network_mode: host` makes 127.0.0.1 the host's, and takes away the network by which containers find each other.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._beside_container import (
    inside_with_nginx,
    on_host,
    others_at,
    way_to,
    way_to_host,
    write_instead,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_starts import start_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import called, stopped_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

SYMPTOMS = ("backend_port_closed", "ipv6_localhost_refused", "ipv6_unavailable")


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if hop.proxy.within is None or hop.is_unix or hop.backend is not hop.proxy or not hop.has(*SYMPTOMS):
            continue
        asked = hop.tried_addresses or [hop.address]
        if not inside_with_nginx(hop) and all(one.is_loopback and not hop.proxy.listener(one) for one in asked):
            yield itself(hop)


def itself(hop: Hop) -> Finding:
    own, port = hop.proxy.facts["container"], hop.address.port
    others, listens = others_at(hop.proxy, port), on_host(hop.proxy, port)
    where, advice = "", write_instead(hop, "NAME:%d" % port)
    gone = stopped_at(hop.proxy.within, hop.address) if hop.proxy.within else None
    if others:
        names = " or ".join("%s:%d" % (one.container["name"], one.port) for one in others[:3])
        where, advice = "; what it means is in another container: %s" % names, way_to(hop, others[0])
    elif listens:
        where, advice = (
            "; on the host itself, %s listens on %s:%d"
            % (listens.get("process") or "a program", listens["address"], port),
            way_to_host(hop, listens),
        )
    elif gone and hop.proxy.within:
        where = "; port %d is that of %s, which does not run" % (port, called(gone))
        own_port = (gone["ports"] or {}).get(str(port)) or port
        advice = (*start_of(gone, hop.proxy.within), *write_instead(hop, "%s:%d" % (gone["name"], own_port)))
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(*SYMPTOMS),
            Evidence("socket", "nothing listens on port %d in %s" % (port, called(own))),
            Evidence("config", "%s asks %s" % (named_at(hop), hop.address.bare)),
        ),
        why="in %s, %s is the container itself%s" % (called(own), hop.address.host, where),
        advice=advice,
    )


CAUSE = Cause(
    name="loopback_of_container",
    title="nginx in a container asks 127.0.0.1, which is the container itself",
    says="nginx in {proxy} asks {subject}, where the container itself is, and nothing listens there",
    find=find,
    set_off_by=("route",),
    outdoes=(
        "backend_port_closed",
        "backend_not_listening",
        "backend_start_fails",
        "ipv6_localhost_refused",
        "php_fpm_missing",
        "php_fpm_stopped",
        "socket_path_mismatch",
    ),
)
