# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ids that a process works with.

Private to this collection: it may change in any release.
"""

from typing import Dict, List, NamedTuple, Optional, Tuple


class Ids(NamedTuple):
    """Effective ids: what the kernel compares with a file's owner, group and mode. groups: the supplementary ones, with or without gid among them.

    uids: all that the process may work with: real, effective, saved, of the file system; empty where only the effective one is known.
    """

    uid: int
    gid: int
    groups: List[int]
    uids: Tuple[int, ...] = ()


def parse_ids(status: str) -> Optional[Ids]:
    """The ids in the text of /proc/PID/status; None where it has none."""
    fields: Dict[str, List[int]] = {}
    for line in status.splitlines():
        key, _colon, rest = line.partition(":")
        if key in ("Uid", "Gid", "Groups"):
            fields[key] = [int(word) for word in rest.split() if word.isdecimal()]
    uids, gids = fields.get("Uid", []), fields.get("Gid", [])
    return Ids(uids[1], gids[1], fields.get("Groups", []), tuple(uids)) if len(uids) > 1 and len(gids) > 1 else None
