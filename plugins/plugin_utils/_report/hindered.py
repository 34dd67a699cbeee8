# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a host from being changed, by the words of the module that refused, with what to do about it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._undo.refusals import (
    AT_WORK,
    FULL,
    IMMUTABLE,
    MOUNTED,
    READ_ONLY,
    UNCHANGEABLE,
)


def _of_a_file(why: str) -> t.Pattern[str]:
    return re.compile(r"(?P<path>/\S+) " + re.escape(UNCHANGEABLE + why))


_HINDRANCES = (
    (
        _of_a_file(IMMUTABLE),
        (
            "lsattr -d {path}   # on {on}: somebody, or a tool that hardens hosts, keeps it from changes: who, and why?",
            "chattr -ia {path}   # on {on}, if it may be changed; then run this again, and set it anew (chattr +i)",
        ),
    ),
    (
        _of_a_file(MOUNTED),
        (
            "findmnt -no SOURCE,FSTYPE,OPTIONS {path}   # on {on}: from where it is mounted: the file is edited there, or by who mounts it (a container's or a"
            " panel's settings, /etc/fstab)",
        ),
    ),
    (
        _of_a_file(READ_ONLY),
        (
            "findmnt -T {path} -o TARGET,SOURCE,OPTIONS   # on {on}: is it an image, meant to be read-only? Then the change belongs to what it is made of",
            "journalctl -k -g 'remount|error' -n 20 --no-pager   # on {on}: or did the kernel make it so after errors of its disk?",
        ),
    ),
    (
        _of_a_file(FULL),
        ("df -h {path}; df -i {path}   # on {on}: make room, then run this again",),
    ),
    (
        re.compile(r"run \S+ .*" + AT_WORK),
        ("# two runs at once: once the other one has ended, run this again; it may have mended this by then",),
    ),
)


def what_hinders(why: str, on: str) -> tuple[str, ...]:
    """The lines of advice for a refused change of a host; none where the words say nothing of what keeps it from being changed."""
    for said, lines in _HINDRANCES:
        found = said.search(why)
        if found:
            path = shlex.quote(found.groupdict().get("path") or "")
            return tuple(line.format(path=path, on=on) for line in lines)
    return ()
