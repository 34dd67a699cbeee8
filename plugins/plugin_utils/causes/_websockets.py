# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSockets: what nginx has to say for them, and how a backend is asked for one.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._ended_connections import CLOSED, RESET
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import file_and_line
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._recurring import is_barred_from

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.records import LogRecord

#: The least that a client sends to open a WebSocket (the key is the RFC's own example).
HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
#: Paths at which libraries ask again and again for an answer that may take long, where they get no WebSocket: SignalR and Blazor, Socket.IO, SockJS, CometD.
_LONG_POLLED = re.compile(r"/_blazor$|/signalr/|/(?:socket|engine)\.io/|/sockjs/|/cometd(?:/|$)|/faye$")
#: How nginx says it only with the requests that ask for it.
ONLY_ON_REQUEST = (
    "# in http{}: map $http_upgrade $connection_upgrade { default upgrade; '' ''; }",
    '# and in that location, in place of "upgrade": proxy_set_header Connection $connection_upgrade;',
    "nginx -t && systemctl reload nginx",
)


def says_upgrade(hop: Hop) -> Explanation:
    """That nginx says `Connection: upgrade` with each request, where a direct one without it is answered."""
    reply = or_empty(or_empty(hop.reach).get("reply"))
    if hop.connection_header != "upgrade" or not reply.get("status") or not hop.has(CLOSED, RESET):
        return NOTHING
    where = ", ".join(sorted({file_and_line(route["pass"]["place"]) for route in hop.routes}))
    return Explanation(
        (
            Evidence("config", "%s: nginx says Connection: upgrade with each request, WebSocket or not" % where),
            Evidence("probe", "asked directly without it, %s answers %s" % (hop.address, reply["status"]), 0.9),
        ),
        "nginx says Connection: upgrade with each request, and it ends those that open no WebSocket",
        ONLY_ON_REQUEST,
        on=hop.proxy.name,
    )


def as_a_websocket(hop: Hop, records: t.Sequence[LogRecord]) -> tuple[str, ...]:
    """How the backend is asked for a WebSocket without nginx, where that is what fails: 101 is the answer to have. Nothing elsewhere."""
    paths = [or_empty(one.get("request")).get("path") or "/" for one in records if is_barred_from(hop, one)]
    if not paths or hop.is_unix:
        return ()
    url = shlex.quote("%s://%s%s" % (hop.scheme, hop.address.bare, paths[0]))
    line = "curl -skiNm5 %s %s   # on %s: a WebSocket is answered 101; with the query string that the page asks with"
    return (line % (" ".join("-H %s" % shlex.quote(one) for one in HANDSHAKE), url, hop.proxy.name),)


def long_polled(hop: Hop, paths: t.Sequence[str]) -> Explanation:
    """That all of these paths, which take too long, are long polls in place of a WebSocket that nginx does not pass on; NOTHING elsewhere."""
    params = {name.lower(): (value or "").lower() for route in hop.routes for name, value in route["params"].items()}
    connection = params.get("connection", "")
    passed = "upgrade" in params and ("upgrade" in connection or "$" in connection)
    if passed or hop.family != "proxy" or not paths or not all(_LONG_POLLED.search(path) for path in paths):
        return NOTHING
    where = ", ".join(sorted({file_and_line(route["location"]["place"]) for route in hop.routes}))
    said = "Connection: %s" % connection if connection else "no Connection: upgrade"
    return Explanation(
        (Evidence("config", "%s: nginx passes no WebSocket on (%s)" % (where, said), 0.5),),
        "%s is answered when there is news, in place of a WebSocket, which nginx does not pass on (%s)"
        % (paths[0], said),
        (
            "# in http{}: map $http_upgrade $connection_upgrade { default upgrade; '' ''; }",
            "# in the location at %s: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;"
            % where,
            "nginx -t && systemctl reload nginx   # on %s" % hop.proxy.name,
            "# and for visitors who get no WebSocket, in that location: proxy_read_timeout 120s; longer than a poll is left open (SignalR: 90 s)",
        ),
        on=hop.proxy.name,
    )
