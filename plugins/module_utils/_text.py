# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of others made safe to show.

Private to this collection: it may change in any release.
"""

from typing import Optional


def escaped(data: bytes, limit: int = 16) -> str:
    """The first bytes in printable ASCII: all else, and the backslash, as \\xNN."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte != 92 else "\\x%02x" % byte for byte in bytearray(data[:limit])
    )


def printable(text: str, limit: Optional[int] = None) -> str:
    """Text that may go into a report: without control characters or what turns the writing round, and of at most limit characters."""
    cut = text[:limit]
    if cut.isprintable():
        return cut
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in cut)[
        :limit
    ]
