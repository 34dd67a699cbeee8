# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems of /etc/fstab that are not mounted: what lies on them seems not to be there.

Private to this collection: it may change in any release.
"""

import shlex
from typing import TYPE_CHECKING, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import missing

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import StartProblem

FSTAB, MOUNTS, LIMIT = "/etc/fstab", "/proc/self/mounts", 1024 * 1024


class Unmounted(NamedTuple):
    """A mount point, and the line of /etc/fstab that names it."""

    point: str
    line: int


def unmounted_above(host: Host, path: str) -> Optional[Unmounted]:
    """The mount point that a path lies below, where nothing is mounted there; None where there is none."""
    mounted = {words[1] for words in map(str.split, (host.read(MOUNTS, LIMIT) or "").splitlines()) if len(words) > 2}
    for number, line in enumerate((host.read(FSTAB, LIMIT) or "").splitlines(), 1):
        words = line.split()
        point = words[1].rstrip("/") if len(words) > 2 and words[0][0] != "#" else ""
        if mounted and point and (path + "/").startswith(point + "/") and point not in mounted:
            return Unmounted(point, number)
    return None


def unmounted_at(host: Host, path: str) -> Optional[str]:
    """That mount point alone; None where there is none."""
    found = unmounted_above(host, path)
    return found.point if found else None


def with_mounts(host: Host, problems: "List[StartProblem]") -> "List[StartProblem]":
    """The problems; of a folder or program that lies on what is not mounted, that it is to be mounted: made there, it would be hidden later."""
    for one in problems:
        lacks = one["missing"]
        at = unmounted_above(host, lacks["path"]) if lacks and lacks["kind"] in ("folder", "program") else None
        if at:
            one["problem"] += ": %s (%s:%d) is not mounted" % (at.point, FSTAB, at.line)
            one["command"] = "mount " + shlex.quote(at.point)
            one["missing"] = missing("mount", at.point)
    return problems
