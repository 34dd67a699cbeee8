# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets a request take longer that always does: nginx's own directive, what else has to allow as much, and directives that have no part in it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.durations import nginx_seconds
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import (
    at_location,
    file_and_line,
    reload_nginx,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import product_of

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.blocks import OwnFacts

#: nginx's own, in seconds.
DEFAULT = 60.0
READ_TIMEOUT = "_read_timeout"
#: Which limit of a product's own a long request meets besides, by its name.
ALLOWS = {
    "gunicorn": "its --timeout (30 s without) has to be longer, too: it ends the worker",
    "uWSGI": "its `harakiri`, where that is set, has to be longer, too",
    "Unicorn": "its `timeout` (60 s without) has to be longer, too: it ends the worker",
    "Apache": "its own Timeout and ProxyTimeout have to be as long",
    "PHP-FPM": "request_terminate_timeout of its pool, where that is set, has to be longer, too; PHP's max_execution_time counts what it computes alone",
    "HAProxy": "its `timeout server` has to be as long",
    "Varnish": "its first_byte_timeout (60 s without) has to be as long",
    "nginx": "its own read timeout has to be as long",
}
IF_ALWAYS = "only for requests that always take so long, while the backend has free workers: "
#: Paths at which a request is held until there is news, and for how long at most: BOSH of XMPP servers, Matrix, and what says so in its name.
_HELD = re.compile(r"/(?:http-?bind|bosh|(?:long-?)?poll(?:ing)?|_matrix/client/\w+/sync)(?:/|$)")
#: What mostly speaks a protocol, where who listens is not known.
SPEAKS = {"fastcgi": "PHP-FPM", "uwsgi": "uWSGI"}


def held(paths: t.Sequence[str]) -> str:
    """That requests for all of these paths are held on purpose, in words; empty where that is not known."""
    if not paths or not all(_HELD.search(path) for path in paths):
        return ""
    return (
        "such a request is held until there is news (a long poll), for as long as its client asks for, mostly 30 or 60 s"
        " (wait= of BOSH): nginx has to wait longer than that"
    )


def longer_wait(hop: Hop, when: str = IF_ALWAYS) -> tuple[str, ...]:
    """What to write where requests always take so long, and what it depends on."""
    name, route = hop.family + READ_TIMEOUT, hop.routes[0]
    given = route["settings"].get(name)
    seconds = 2 * max((nginx_seconds(" ".join(given["args"])) if given else None) or 0.0, DEFAULT)
    product = product_of(listener_behind(hop))
    allows = ALLOWS.get(product.name if product else SPEAKS.get(hop.family, ""))
    return (
        "# %s%s %.0fs; %s%s" % (when, name, seconds, at_location(route, name), "; %s" % allows if allows else ""),
        reload_nginx(hop),
        *_without_a_part(hop, name, seconds),
        "# what is in front of nginx gives up by itself: load balancers after 60 seconds, CDNs after 100",
    )


def _without_a_part(hop: Hop, name: str, seconds: float) -> tuple[str, ...]:
    """That a longer time which somebody has set is for backends of another kind; empty where none is."""
    for block in _levels(hop):
        for other, setting in block["sets"].items():
            long = nginx_seconds(" ".join(setting["args"])) or 0.0
            if other.endswith(READ_TIMEOUT) and other != name and 2 * long > seconds:
                family = other[: -len(READ_TIMEOUT)]
                return (
                    "# %s at %s has no part in it: it is for %s_pass, and this is %s_pass"
                    % (other, file_and_line(setting["place"]), family, hop.family),
                )
    return ()


def _levels(hop: Hop) -> t.Iterator[OwnFacts]:
    """The blocks of the first route's location, from the inside out."""
    blocks: dict[int | None, t.Any] = {block["id"]: block for block in hop.proxy.config.get("blocks") or []}
    inner = next((one for one in blocks.values() if one.get("route") == hop.routes[0]["id"]), None)
    while inner is not None:
        yield inner
        inner = blocks.get(inner["parent"])
