# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx that connects from the visitor's own address (`proxy_bind $remote_addr transparent`), whose answers have to find their way back to it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line, reload_nginx


class Spoof(t.NamedTuple):
    """Why nginx's own connection fails where one from the host's address does not, and what to do about it."""

    says: str
    why: str
    advice: tuple[str, ...]


def as_visitor(hop: Hop) -> Spoof | None:
    """That nginx is to connect from the visitor's address, where the host gets a connection from its own; None elsewhere."""
    name = "%s_bind" % hop.family
    given = next((one["settings"][name] for one in hop.routes if name in one["settings"]), None)
    if given is None or "transparent" not in given["args"] or not or_empty(hop.reach).get("connected"):
        return None
    words = "%s %s (%s)" % (name, " ".join(given["args"]), file_and_line(given["place"]))
    proxy = hop.proxy.name
    return Spoof(
        "%s's nginx connects to %s from the visitors' own addresses, and gets no answer" % (proxy, hop.address.bare),
        "by %s nginx connects from the visitor's address, and the answers to that do not come back to %s; from its own address it gets a connection"
        % (words, proxy),
        (
            "# the backend's way to the visitors has to lead over %s (its default gateway there), and on %s to nginx:"
            % (proxy, proxy),
            "ip rule show; ip route show table all type local default; iptables -t mangle -S PREROUTING   # on %s: is what comes from port %d marked?"
            % (proxy, hop.destination.port),
            "# or without %s: let the application read the visitor's address from X-Forwarded-For" % name,
            reload_nginx(hop),
        ),
    )
