# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would make the start of a unit fail, as facts have it.

Private to this collection: it may change in any release.
"""

import shlex
from typing import TYPE_CHECKING, List, NamedTuple, Optional, Sequence, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import Properties, where_set

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Missing(TypedDict):
        """What is not there, for advice on where to find it."""

        kind: str  # folder | link | program | mount: a file system of /etc/fstab | environment: a virtual environment's Python
        path: str
        version: Optional[str]  # of Python, that the environment was made with

    class StartProblem(TypedDict):
        """One of a unit's `start_problems`: what would make its start fail, and the line to change."""

        setting: str  # the unit's key, or "listen" for an address that its configuration says
        problem: str
        exit_status: Optional[int]  # with which systemd gives up, where it is systemd that does
        command: Optional[str]  # that mends it, where one command does
        missing: Optional[Missing]
        file: str
        line: int


class Lack(NamedTuple):
    """What a start would fail for, in words, and what is missing where that is it."""

    words: str
    missing: "Optional[Missing]" = None


def problem(
    place: Place, setting: str, lack: Union[str, Lack], exit_status: Optional[int] = None, command: Sequence[str] = ()
) -> "StartProblem":
    words, lacked = lack if isinstance(lack, Lack) else (lack, None)
    return {
        "setting": setting,
        "problem": words,
        "exit_status": exit_status,
        "command": " ".join(shlex.quote(word) for word in command) or None,
        "missing": lacked,
        "file": place.file,
        "line": place.line,
    }


def missing(kind: str, path: str, version: Optional[str] = None) -> "Missing":
    return {"kind": kind, "path": path, "version": version}


def dead_link(link: str, target: str) -> Lack:
    return Lack("the link %s leads to %s, which is not there" % (link, target), missing("link", link))


class Start:
    """The start of one unit, which is looked at."""

    def __init__(self, host: Host, properties: Properties, accounts: Accounts) -> None:
        self.host = host
        self.properties = properties
        self.names = accounts
        self.folder = properties.get("WorkingDirectory", "").lstrip("!-")
        self.user = properties.get("User", "") or "root"

    def found(
        self,
        setting: str,
        value: str,
        lack: Union[str, Lack],
        exit_status: Optional[int] = None,
        command: Sequence[str] = (),
    ) -> "StartProblem":
        """A problem at the line where a setting has this value."""
        return problem(where_set(self.host, self.properties, setting, value), setting, lack, exit_status, command)

    def making(self, folder: str) -> List[str]:
        """The command that makes a folder of the unit's account."""
        group = self.properties.get("Group", "") or self.user
        return ["install", "-d", "-o", self.user, "-g", group, "-m", "0755", folder]
