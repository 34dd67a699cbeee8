# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What takes its time while something else is done.

Private to this collection: it may change in any release.
"""

import threading
from typing import Callable, Generic, List, Optional, TypeVar

Found = TypeVar("Found")


class Beside(Generic[Found]):
    """Calls a function at once, beside what comes next. It has to end by itself: nothing stops it."""

    def __init__(self, function: Callable[[], Found]) -> None:
        self._function = function
        self._found: List[Found] = []
        self._error: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._call, daemon=True)
        self._thread.start()

    def _call(self) -> None:
        try:
            self._found.append(self._function())
        except BaseException as error:  # noqa: BLE001  it is raised where the result is asked for
            self._error = error

    def result(self) -> Found:
        """What the function returned, once it has; raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]
