# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time limits.

Private to this collection: it may change in any release.
"""

import time
from typing import Optional


class Deadline:
    """A moment on the monotonic clock, seconds from now; where it is within another one, not after that."""

    def __init__(self, seconds: float, within: "Optional[Deadline]" = None) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        if within is not None:
            self._end = min(self._end, within._end)

    def left(self) -> float:
        """Seconds from now, 0 where it is over."""
        return max(0.0, self._end - time.monotonic())


def bounded(name: str, value: float, least: float, most: float) -> float:
    """The value, a number of seconds. Raises ValueError where it is out of its range."""
    if not least <= value <= most:
        raise ValueError("%s is %g: give between %g and %g seconds" % (name, value, least, most))
    return float(value)
