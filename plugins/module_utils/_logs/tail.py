# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a log gains while something is tried.

Private to this collection: it may change in any release.
"""

import os
from typing import Dict, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.candidates import nginx_lines
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.collector_prefix import LONGEST_LINE
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.engine_log import as_printed
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.files import read_since
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.nginx_line import ErrorLine, parse_stripped
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.rotation import FileId, held_file, last_rotated

TAIL_LIMIT = 256 * 1024


class _End(NamedTuple):
    """Where a log ended."""

    file: FileId
    size: int


class Tail:
    """What a log gains from now on, or from the last mark() on.

    pid: the process that writes it. Where that goes on writing to a renamed or deleted file, that one counts as well.
    """

    def __init__(self, host: Host, path: str, pid: Optional[int] = None) -> None:
        held = held_file(host, path, pid)
        self._host, self._path, self._held = host, path, held.path if held else None
        self._marks: Dict[str, Optional[_End]] = {}
        self.mark()

    def mark(self) -> bool:
        """Remember where the log ends now; False where there is none."""
        self._marks = {path: self._end(path) for path in (self._path, self._held) if path}
        return any(self._marks.values())

    def added(self) -> bytes:
        """What was written since the mark: whole lines, at most the last TAIL_LIMIT bytes.

        A log that was emptied since is read from its beginning; one that was rotated too, after the rest of the old file.
        """
        data = self._of_path(self._marks[self._path])
        if self._held:
            data = self._of_held(self._held, self._marks[self._held]) + data
        if len(data) <= TAIL_LIMIT:
            return data
        cut = data[-TAIL_LIMIT:]
        return cut[cut.find(b"\n") + 1 :]

    def _of_path(self, mark: Optional[_End]) -> bytes:
        now = self._end(self._path)
        if mark is None:
            return self._read(self._path, 0)
        if now and now.file == mark.file:
            return self._read(self._path, mark.size if mark.size <= now.size else 0)
        return self._rest_of_rotated(mark) + self._read(self._path, 0)

    def _rest_of_rotated(self, mark: _End) -> bytes:
        rotated = last_rotated(self._host, self._path)
        end = self._end(rotated) if rotated else None
        return self._read(rotated, mark.size) if rotated and end and end.file == mark.file else b""

    def _of_held(self, link: str, mark: Optional[_End]) -> bytes:
        """What was written to the file that the writer held. By now its descriptor may be that of another file, which is no log."""
        now = self._end(link)
        return self._read(link, mark.size) if mark and now and now.file == mark.file else b""

    def _read(self, path: str, start: int) -> bytes:
        end = self._end(path)
        return read_since(self._host, path, max(start, end.size - TAIL_LIMIT - 1), TAIL_LIMIT + 1) if end else b""

    def _end(self, path: str) -> Optional[_End]:
        try:
            status = os.stat(self._host.path(path))
        except OSError:
            return None
        return _End(FileId(status.st_dev, status.st_ino), status.st_size)


class ErrorLogTail(Tail):
    """What nginx's error log gains; pid is its master's."""

    def lines(self) -> List[ErrorLine]:
        """The lines written since the mark that may explain a 502, taken apart."""
        texts = (
            line[:LONGEST_LINE].decode("utf-8", "replace")
            for line in nginx_lines(as_printed(self._path, self.added()), b"")
        )
        return [line for line in map(parse_stripped, texts) if line]
