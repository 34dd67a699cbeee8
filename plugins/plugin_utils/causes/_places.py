# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether two addresses are of the same listener, as far as units are concerned.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address


def is_same_place(one: Address, other: Address) -> bool:
    """Whether both are the same socket, or the same port of whichever address."""
    if one.is_unix or other.is_unix:
        return one.normal() == other.normal()
    return one.port == other.port
