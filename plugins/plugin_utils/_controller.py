# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller itself. Who holds a host: a run of Ansible, named so that a later run on the same controller knows whether its process still lives.

Private to this collection: it may change in any release.
"""

import getpass
import hashlib
import os
import platform
import re
from typing import Optional

OWNER = re.compile(r", process (\d+) \(([0-9a-f]{12})-(\d+)\)\Z")


def text_in(path: str) -> str:
    """The text of a file, as the person names it who calls Ansible. Raises OSError, or ValueError where it is no text."""
    with open(os.path.expanduser(path), encoding="utf-8") as stream:
        return stream.read()


def _read(path: str) -> str:
    """The text of a file; empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except OSError:
        return ""


def _place() -> str:
    """A name for this boot of this machine and the container in it, within which a process id means one process."""
    try:
        processes = os.readlink("/proc/self/ns/pid")
    except OSError:
        processes = ""
    place = "\n".join([platform.node(), _read("/proc/sys/kernel/random/boot_id"), processes])
    return hashlib.sha256(place.encode("utf-8")).hexdigest()[:12]


def _started(pid: int) -> Optional[str]:
    """When a process started, in ticks since the boot; None where there is no such process, or it is a zombie."""
    fields = _read("/proc/%d/stat" % pid).rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] not in ("Z", "X") else None


def _user() -> str:
    """The name of the user who runs this, or its number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a uid without a name
        return str(os.getuid())


def owner(pid: int) -> str:
    """A process of this controller in words, as is_dead() reads them."""
    who = "%s@%s" % (_user(), platform.node())
    started = _started(pid)
    return who if started is None else "%s, process %d (%s-%s)" % (who, pid, _place(), started)


def is_dead(who: str) -> bool:
    """Whether an owner was a process of this controller that has ended. Nothing is known of others, so they count as alive."""
    found = OWNER.search(who)
    return found is not None and found.group(2) == _place() and _started(int(found.group(1))) != found.group(3)
