# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to stand last on the screen: below the tasks, their failures and the recap of the whole run.

Ansible's main process loads an action plugin and forks a process for each task. Only the main process knows when all is over, and only the other
one knows what is to be said: a file without a name, open in both, carries it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import typing as t

#: Between two texts; it is no character of a text that was made safe to show.
_END = "\0"


class LastWords:
    """Texts that processes forked from this one leave to it, shown when it ends; made where a plugin is loaded. show: what puts a text on the screen."""

    def __init__(self, show: t.Callable[[str], None]) -> None:
        self._show, self._process = show, os.getpid()
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - it is open until the process ends
        atexit.register(self.show_all)

    def leave(self, text: str) -> None:
        """Leave a text for the end; show it at once where this process was not forked, as then nobody comes after it."""
        if os.getpid() == self._process:
            self._show(text)
            return
        self._file.seek(0, os.SEEK_END)
        self._file.write(text + _END)
        self._file.flush()

    def show_all(self) -> None:
        """Show what was left, once, in the process that made this."""
        if os.getpid() != self._process:
            return
        self._file.seek(0)
        texts = self._file.read().split(_END)[:-1]
        self._file.seek(0)
        self._file.truncate()
        for text in texts:
            self._show(text)
