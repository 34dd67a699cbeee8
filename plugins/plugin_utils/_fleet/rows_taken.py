# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which row of a table by the host's name a request takes: one location may serve the sites of many upstreams.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.follower import Branch
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx_config.routes import Route

#: Variables that have the name of the site that is asked for.
NAMES = frozenset({"$host", "$http_host", "$ssl_server_name"})
DEFAULT = "default"


def is_by_name(branch: Branch) -> bool:
    """Whether the table goes by the name of the site."""
    return branch["table"] == "map" and branch.get("source") in NAMES


def takes_row(route: Route, peer: str, url: str) -> bool:
    """Whether a request for a URL may take a row that leads to this peer; also where the route has no table by names."""
    branches = route.get("branches") or {}
    if not branches or not all(map(is_by_name, branches.values())):
        return True
    asked = urllib.parse.urlsplit(url)
    names = {(asked.hostname or "").lower(), asked.netloc.lower()}
    named = {one for one, branch in branches.items() if not names.isdisjoint(map(str.lower, branch["keys"]))}
    left = {one for one, branch in branches.items() if any(is_open(key) for key in branch["keys"])}
    return peer in (named or left)


def is_open(key: str) -> bool:
    """Whether names that are no key may take a row: it is the default, or a pattern."""
    return key == DEFAULT or key.startswith(("~", "*", ".")) or key.endswith(".*")
