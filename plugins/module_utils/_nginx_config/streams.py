# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""stream{}: the servers of nginx that pass connections on as they are.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.directives import Directive
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.pass_target import canonical
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.upstreams import upstream_facts

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.relays import Relay


def stream_relays(stream: Optional[Directive]) -> "List[Relay]":
    """Where each server{} of stream{} listens, and the peers that it passes connections on to."""
    upstreams = upstream_facts(stream)
    found: "List[Relay]" = []
    for server in (stream.block or []) if stream else []:
        own = server.block or []
        passes = next((one for one in own if one.name == "proxy_pass"), None)
        if server.name != "server" or passes is None:
            continue
        named = upstreams.get(passes.first)
        peers = [one["address"] for one in named["servers"] if not one["down"]] if named else [canonical(passes.first)]
        listens = [one.first for one in own if one.name == "listen" and "udp" not in one.args]
        found.append(
            {
                "name": "nginx",
                "listens": [one for one in map(_listen, listens) if one],
                "to": [one for one in peers if one],
                "via": None,
                "file": passes.place["file"],
                "line": passes.place["line"],
            }
        )
    return found


def _listen(written: str) -> Optional[str]:
    return canonical("0.0.0.0:" + written if written.isdecimal() else written.replace("*", "0.0.0.0"))  # noqa: S104 - read, not bound
