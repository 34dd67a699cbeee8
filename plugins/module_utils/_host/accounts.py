# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the users and groups of a host.

Private to this collection: it may change in any release.
"""

import grp
import pwd
import re
from typing import Callable, Dict, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

#: Sources of /etc/nsswitch.conf that have their groups in the files, or make them up.
_LOCAL = {"files", "compat", "db", "systemd"}


class Accounts:
    """Names of users and groups. The files come first: a directory service that hangs must not hold up a look."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._listed: Dict[str, List[int]] = {}
        passwd, group = host.read("/etc/passwd"), host.read("/etc/group")
        self._users, self._groups = _names(passwd), _names(group)
        self._members = [line.split(":") for line in (group or "").splitlines() if line.count(":") == 3]

    def user(self, uid: int) -> str:
        """The name of a user, or the number where it has none."""
        if uid not in self._users:
            try:
                self._users[uid] = pwd.getpwuid(uid).pw_name
            except KeyError:
                self._users[uid] = str(uid)
        return self._users[uid]

    def group(self, gid: int) -> str:
        """The name of a group, or the number where it has none in the files."""
        return self._groups.get(gid, str(gid))

    def groups_with(self, user: str) -> Dict[int, str]:
        """The groups that a user is a member of, by their numbers: as the file says, and a directory service where the host asks one for groups."""
        found = [parts for parts in self._members if user in parts[3].split(",")]
        named = {int(parts[2]): parts[0] for parts in found if parts[2].isdecimal()}
        return {**{number: self.group(number) for number in self._from_directory(user)}, **named}

    def _from_directory(self, user: str) -> List[int]:
        """What the host itself says of a user's groups, where it asks others than its files; those have some seconds."""
        asked = re.findall(r"^(?:initgroups|group):(.*)", self._host.read("/etc/nsswitch.conf") or "", re.MULTILINE)
        if set(re.sub(r"\[[^]]*\]", "", " ".join(asked)).split()) <= _LOCAL:
            return []
        if user not in self._listed:
            words = self._host.run(["id", "-G", user], 3.0).out.split()
            self._listed[user] = [int(number) for number in words if number.isdecimal()]
        return self._listed[user]

    def has_user(self, name: str) -> bool:
        """Whether there is such a user, in the files or in a directory service. Where the file cannot be read, every user counts as there."""
        return not self._users or name in self._users.values() or _exists(pwd.getpwnam, name)

    def has_group(self, name: str) -> bool:
        """As has_user, for groups."""
        return not self._groups or name in self._groups.values() or _exists(grp.getgrnam, name)


def _exists(look_up: Callable[[str], object], name: str) -> bool:
    try:
        look_up(name)
    except KeyError:
        return False
    return True


def _names(text: Optional[str]) -> Dict[int, str]:
    names: Dict[int, str] = {}
    for line in (text or "").splitlines():
        parts = line.split(":")
        if len(parts) > 2 and parts[2].isdecimal():
            names.setdefault(int(parts[2]), parts[0])
    return names
