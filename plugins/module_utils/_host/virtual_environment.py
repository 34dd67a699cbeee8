# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments of Python whose Python was changed under them: what is installed in one is found by the Python that it was made with.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

READ_LIMIT = 4096
_MADE_WITH = re.compile(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", re.MULTILINE)
_SEES_THE_SYSTEM = re.compile(r"^include-system-site-packages\s*=\s*true", re.MULTILINE | re.IGNORECASE)
_PYTHON = re.compile(r"/python(\d+\.\d+)$")


class LeftBehind(NamedTuple):
    """A virtual environment, the version of Python that it was made with, and the one that runs it now."""

    folder: str
    made_with: str
    runs: str


def left_behind(host: Host, program: str) -> Optional[LeftBehind]:
    """The virtual environment of a program, where another Python than the one that it was made with runs it now; None where it is not so."""
    folder = os.path.dirname(os.path.dirname(program))
    text = host.read(os.path.join(folder, "pyvenv.cfg"), READ_LIMIT) or ""
    made = _MADE_WITH.search(text)
    if made is None or _SEES_THE_SYSTEM.search(text):
        return None
    runs = _PYTHON.search(host.realpath(os.path.join(folder, "bin/python3")))
    if runs is None or "python" + runs.group(1) in host.listdir(os.path.join(folder, "lib")):
        return None
    return LeftBehind(folder, made.group(1), runs.group(1))
