# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is on which something hangs, is full or is huge."""

from typing import NamedTuple


class Case(NamedTuple):
    """A fault, what hangs besides, where, and the words of which the report must have one. looks: those whose waits may all be needed."""

    title: str
    fault: str
    role: str
    setup: str
    words: tuple[str, ...]
    broken: bool = True
    looks: int = 1
