# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder above the socket lets nginx's worker not pass.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at, socket_in_run
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop

SIGNATURE = "unix_socket_permission"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        blocked = next((attempt["blocked_at"] for attempt in hop.tried if attempt.get("blocked_at")), None)
        if blocked and hop.has(SIGNATURE):
            yield shut(hop, blocked)


def shut(hop: Hop, blocked: t.Mapping[str, str]) -> Finding:
    folder = blocked["path"]
    worker = next((one["user"] for one in hop.proxy.nginx.get("workers") or [] if not one.get("stopping")), "nginx")
    text = "%s is %s:%s %s; nginx's workers run as %s and may not search it" % (
        folder,
        blocked["owner"],
        blocked["group"],
        blocked["mode"],
        worker,
    )
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), Evidence("socket", text)),
        why="the way to %s ends at %s: move the socket to /run, or let nginx pass through that folder"
        % (hop.address, folder),
        advice=(
            "%s   # and the new path at %s; better than to open %s"
            % (socket_in_run(hop, "the daemon's unit"), named_at(hop), folder),
            "setfacl -m u:%s:x %s   # %s may then pass through, and read whatever there is readable for all"
            % (worker, folder, worker),
            "never chmod 777 a folder on the way: everybody could replace the socket",
        ),
    )


CAUSE = Cause(name="socket_parent_dir", title="A folder above the socket keeps nginx out", find=find)
