# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was saved after a daemon had read its files: a reload for something else would put it in force, too.

Private to this collection: it may change in any release.
"""

import json
import os
from typing import Dict, List, Sequence, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

#: Seconds by which the start of a process and the time of a file may differ: a file that was saved just before a reload was read by it.
SLACK = 2.0
MOST = 20


def saved_since(host: Host, files: Sequence[str], patterns: Sequence[str], since: float) -> List[str]:
    """Files that were added or changed since then, and folders of which one is gone, MOST at most. patterns: those that include files.

    What this collection itself has written or put back is left out.
    A file that was moved here keeps its time, but not that of its entry nor that of its folder; only looked after (chmod) is not changed.
    """
    since += SLACK
    folders: Dict[str, float] = {}
    for path in [*files, *(one for one in patterns if "*" in one)]:
        folder = os.path.dirname(path)
        if folder not in folders:
            folders[folder] = _time(host, folder)
    found = []
    for path in files:
        try:
            entry, file = os.lstat(host.path(path)), os.stat(host.path(path))
        except OSError:
            continue
        moved = max(entry.st_ctime, file.st_ctime) > since and folders[os.path.dirname(path)] > since
        if file.st_mtime > since or moved:
            found.append(path)
    changed = {os.path.dirname(path) for path in found}
    ours = _ours(host) if found else set()
    found = [path for path in found if _identity(host, path) not in ours]
    included = {os.path.dirname(one) for one in patterns if "*" in one}
    found += [folder + "/" for folder in sorted(included - changed) if folders[folder] > since]
    return found[:MOST]


def _ours(host: Host) -> "Set[Tuple[str, int]]":
    """Files as changes of this collection left them or put them back, by the real path and the time."""
    found: "Set[Tuple[str, int]]" = set()
    for path in host.glob("/var/lib/bad_gateway/*/*/change.json"):
        try:
            record = json.loads(host.read(path, 16 * 1024 * 1024) or "{}")
            states = list(record.get("left", {}).items())
            states += [(entry["path"], entry["state"]) for entry in record.get("files", [])]
            found.update((name, state["mtime_ns"]) for name, state in states if isinstance(state, dict))
        except (ValueError, KeyError, TypeError, AttributeError):
            host.unseen("which files a run has left", "%s is damaged" % path)
    return found


def _identity(host: Host, path: str) -> Tuple[str, int]:
    return host.realpath(path), os.stat(host.path(path)).st_mtime_ns


def _time(host: Host, folder: str) -> float:
    try:
        return os.stat(host.path(folder)).st_mtime
    except OSError:
        return 0.0
