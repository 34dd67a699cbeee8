# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that only the log names are made with care.

Any visitor can bring a path into the log. What it stands for (cron.php, an export, a link that unsubscribes) is not done once more because of that.
And applications do things for 127.0.0.1 alone, so that nothing is asked from there that a visitor has named.

Private to this collection: it may change in any release.
"""

import ipaddress
from typing import TYPE_CHECKING, Collection, List, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_number, read_address, tcp_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.own_urls import OwnUrls
from ansible_collections.webops.bad_gateway.plugins.module_utils._look.work_paths import does_work
from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.entry_points import (
    Door,
    Doors,
    Failed,
    door_of,
)

if TYPE_CHECKING:  # the shapes of facts are for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.model import BlockFacts

_EVERYWHERE = ("*", "0.0.0.0", "[::]")  # noqa: S104  read, not bound


def from_outside(doors: Doors, server: "BlockFacts", door: Door, addresses: Optional[Collection[str]]) -> Door:
    """The same listener of a server at one of the host's addresses, where the server listens on all of them. One of the loopback alone stays
    as it is: all who ask it come from there. addresses: the host's; None where they are not known."""
    if not any(listen.get("address") in _EVERYWHERE and door_of(listen) == door for listen in server["listens"]):
        return door
    is_v6 = "[" in door.connect
    own = [ipaddress.ip_address(one) for one in addresses or () if is_number(one) and (":" in one) == is_v6]
    # Where another server has an address to itself, this one is not asked there.
    taken = {host.strip("[]") for host, port in doors.by_socket if port == door.port}
    usable = [one for one in own if not one.is_loopback and not one.is_link_local and str(one) not in taken]
    best = max(usable, key=lambda one: one.is_global, default=None)
    return door._replace(connect=tcp_address(str(best), door.port)) if best else door


def with_care(
    own: OwnUrls,
    failed: Sequence[Failed],
    urls: Sequence[str] = (),
    is_again: bool = False,
    addresses: Optional[Collection[str]] = None,
) -> List[Failed]:
    """The same requests as they may be made. Where nothing of a request got to the upstream, any other over its route shows the same, and so
    the route's own URL stands in for it; else it is asked with HEAD. What the configuration or urls, the user's, name is asked as it was.

    is_again: whether the host was looked at before, and changed since: then something else may be wrong with what got no connection, and it is asked
    with HEAD, too, unless it is there for work to be done, or could only be asked from the loopback. addresses: the host's.
    """
    users = {"/" + url.partition("://")[2].partition("?")[0].partition("/")[2] for url in urls}
    return [
        one
        if one.logged.path in users or own.knows(one.server, one.logged.path)
        else _careful(own, one, is_again and not (does_work(one.logged.path) or _from_loopback(own, one, addresses)))
        for one in failed
    ]


def _from_loopback(own: OwnUrls, failed: Failed, addresses: Optional[Collection[str]]) -> bool:
    """Whether the request could only be made from the loopback."""
    return read_address(from_outside(own.doors, failed.server, failed.door, addresses).connect).is_loopback


def _careful(own: OwnUrls, failed: Failed, by_itself: bool) -> Failed:
    route = own.routing.route_for(failed.server, failed.logged.path)
    blamed, routes = failed.logged.upstream, own.routing.routes.values()
    # A variable may lead another path to another upstream, and so may what answers it (X-Accel-Redirect, error_page).
    is_elsewhere = route is not None and blamed not in route["peers"] and any(blamed in one["peers"] for one in routes)
    is_same = route is not None and failed.logged.connecting and not (route["pass"]["variable"] or is_elsewhere)
    path = own.path_of(route) if route is not None and is_same and not by_itself else None
    logged = failed.logged._replace(path=path) if path else failed.logged._replace(method="HEAD")
    return failed._replace(logged=logged)
