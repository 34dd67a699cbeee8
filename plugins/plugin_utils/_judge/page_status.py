# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a page answers as it did before it failed.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t


def refuses(status: int) -> bool:
    """Whether a status says that this is not the page: an error, less a login's."""
    return status >= 400 and status != 401


def had_in_words(had: t.Collection[int]) -> str:
    """The statuses that the access log has, as words."""
    return (
        "the access log has %s" % ", ".join(map(str, sorted(had))) if had else "no earlier answer is in the access log"
    )
