# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change did to its files: the lines that it took away and added, without those around them and without secrets.

Private to this collection: it may change in any release.
"""

import difflib
import os
import re
from typing import TYPE_CHECKING, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._refused import Refused
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import CONFIDENTIAL
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.saved_file import look
from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import Store

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.store import SavedEntry

#: Lines of one file, and bytes of a file that is compared.
LINES, BYTES = 60, 512 * 1024
_SECRET = re.compile(CONFIDENTIAL)


def file_diffs(host: Host, store: Store, run: str, change: str) -> List[Dict[str, str]]:
    """The path and the unified diff of each text file that a change has altered since it was saved; empty where that cannot be seen."""
    record = store.change(run, change)
    found = []
    for number, entry in enumerate(record["files"] if record else ()):
        try:
            text = _diff(host, os.path.join(store.folder(run, change), "content-%d" % number), entry)
        except (OSError, Refused):  # the change is made and proven: that it cannot be shown is no reason to undo it
            continue
        if text:
            found.append({"path": entry["path"], "diff": text})
    return found


def _diff(host: Host, content: str, entry: "SavedEntry") -> Optional[str]:
    was = b""
    if entry["state"]["kind"] == "file":
        with open(content, "rb") as stream:
            was = stream.read(BYTES + 1)
    now = look(host.root, entry["path"]).data or b""
    if max(len(was), len(now)) > BYTES or b"\0" in was + now:
        return None
    return unified(entry["path"], *(data.decode("utf-8", "replace") for data in (was, now)))


def unified(path: str, was: str, now: str) -> str:
    """The lines that differ between two texts of a file; empty where none does."""
    lines = list(difflib.unified_diff(was.splitlines(), now.splitlines(), path, path, n=0, lineterm=""))
    more = ["(%d more lines)" % (len(lines) - LINES)] if len(lines) > LINES else []
    return "\n".join([_without_secrets(line) for line in lines[:LINES]] + more)


def _without_secrets(line: str) -> str:
    """A line, or as much of it as names a secret."""
    found = _SECRET.search(line)
    return line if found is None or line.startswith(("---", "+++", "@@")) else line[: found.end()] + " (not shown)"
