# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What visitors were answered where a URL was asked: the rows of the access logs that are its own.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.access_log import Visits

#: Methods that have the same status.
READING = frozenset({"GET", "HEAD"})


def visits(proxy: Host, route: object, path: str, methods: t.Collection[str]) -> list[Visits]:
    """The rows of a path in the access logs of the route that serves it."""
    logs = next((one["access_logs"] for one in proxy.config.get("routes") or [] if one["id"] == route), [])
    rows = or_empty(proxy.facts.get("log")).get("visits") or []
    own = (row for row in rows if row["source"] in logs and row["path"] == path and row["method"] in methods)
    return [row for row in own if is_whole(row)]


def is_whole(row: Visits) -> bool:
    """Whether all of a row was read."""
    numbers = [row.get(key, 0) for key in ("failed", "span", "since")]
    return bool(row["statuses"]) and None not in (*row["statuses"].values(), *numbers)


def is_shared(proxy: Host, routes: t.Collection[int], source: str) -> bool:
    """Whether servers without any of these routes write to an access log as well: its lines don't say whose a path is."""
    writers = [one for one in proxy.config.get("routes") or [] if source in one["access_logs"]]
    own = [one["server_place"] for one in writers if one["id"] in routes]
    return any(one["server_place"] not in own for one in writers)


def statuses_before(proxy: Host, route: object, url: str) -> list[int]:
    """The statuses below 500 that visitors have had of a URL, in order; empty where that is not known."""
    rows = visits(proxy, route, urllib.parse.urlsplit(url).path, READING)
    return sorted({int(status) for row in rows for status in row["statuses"] if int(status) < 500})
