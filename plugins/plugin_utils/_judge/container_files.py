# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the files of a container are on its host.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container


def outside(container: Container, path: str) -> str | None:
    """The path on the host of a file in a container; None where it is in none of its volumes."""
    volumes = container.get("volumes") or {}
    inside = max((one for one in volumes if (path + "/").startswith(one.rstrip("/") + "/")), key=len, default=None)
    return posixpath.normpath(posixpath.join(volumes[inside], posixpath.relpath(path, inside))) if inside else None
