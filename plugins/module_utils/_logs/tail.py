# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx's error log gains after a mark.

Private to this collection: it may change in any release.
"""

import os
from typing import List, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.candidates import nginx_lines
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import LONGEST_LINE
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.files import held_path, read_since
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import ErrorLine, parse_stripped

TAIL_LIMIT = 256 * 1024


class Tail:
    """What nginx's error log gains: mark(), ask nginx something, lines().

    master_pid: nginx's; where it still writes to a renamed or deleted file, that one is followed.
    """

    def __init__(self, host: Host, path: str, master_pid: Optional[int] = None) -> None:
        held = held_path(host, path, master_pid)
        self._host, self._path = host, held[0] if held else path
        self._mark: Optional[Tuple[int, int, int]] = None

    def mark(self) -> bool:
        """Remember where the log ends now; False where it cannot be read."""
        self._mark = self._end()
        return self._mark is not None

    def lines(self) -> List[ErrorLine]:
        """The lines written since the mark that may tell of a 502, taken apart. A log rotated since is read from its beginning."""
        end = self._end()
        if end is None:
            return []
        start = self._mark[2] if self._mark and self._mark[:2] == end[:2] and self._mark[2] <= end[2] else 0
        data = read_since(self._host, self._path, max(start, end[2] - TAIL_LIMIT), TAIL_LIMIT)
        parsed = (parse_stripped(line[:LONGEST_LINE].decode("utf-8", "replace")) for line in nginx_lines(data, b""))
        return [line for line in parsed if line]

    def _end(self) -> Optional[Tuple[int, int, int]]:
        try:
            status = os.stat(self._host.path(self._path))
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_size
