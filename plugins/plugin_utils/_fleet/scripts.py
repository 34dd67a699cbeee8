# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of PHP that failing URLs lead to.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t
import urllib.parse

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop


def failing_scripts(hop: Hop) -> list[str]:
    """The scripts that failed, as far as their URLs name them and the root of their location is known."""
    if hop.family != "fastcgi":
        return []
    found = (_script(hop, answer.get("route"), answer["url"]) for answer in hop.failing)
    return list(dict.fromkeys(script for script in found if script))


def _script(hop: Hop, route: object, url: str) -> str | None:
    root = next((one.get("root") for one in hop.routes if one["id"] == route), None)
    path = urllib.parse.unquote(urllib.parse.urlsplit(url).path)
    return root.rstrip("/") + path if root and path.endswith(".php") and ".." not in path else None
