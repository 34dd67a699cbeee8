# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python's collector of cycles, which looks through all objects again and again: the facts of a large fleet are millions of them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import contextlib
import gc
import typing as t


@contextlib.contextmanager
def no_collection() -> t.Iterator[None]:
    """Nothing is collected within. A judgement makes few cycles, and is made once by a process."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
