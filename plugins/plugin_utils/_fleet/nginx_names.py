# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx by its own name and by those of the servers that descend from it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

NAMES = ("nginx", "openresty", "angie", "tengine")


def is_nginx(process: str | None) -> bool:
    """Whether a process of this name is an nginx."""
    return (process or "").startswith(NAMES)
