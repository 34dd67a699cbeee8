# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that the users of a host keep running themselves: by a systemd of their own, or by pm2. No unit of the system knows them.

Their files are the users': addresses, names and nothing else is taken from them.

Private to this collection: it may change in any release.
"""

import json
import os
import re
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_command import of_command, server_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_environment import (
    Environment,
    of_environment,
    words_of,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_addresses import of_service

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

    class UserProgram(TypedDict):
        """One of the facts `user_programs`."""

        manager: str  # systemd | pm2
        name: str
        user: str
        managed: bool  # whether its manager runs
        at_boot: bool  # whether its manager is started without the user
        unit: Optional[str]  # the unit of the system that starts its manager; None where there is none
        file: str
        declares: List[DeclaredAddress]


MOST, HOMES, READ_LIMIT = 100, 500, 256 * 1024
_NAME = re.compile(r"[\w.@:-]{1,80}$")
_KEPT = ("ExecStart", "Environment", "EnvironmentFile", "WorkingDirectory")


class Account(NamedTuple):
    """A user with a home."""

    name: str
    uid: int
    home: str


def user_programs(host: Host, processes: Processes) -> "List[UserProgram]":
    """The programs of all users that /etc/passwd names, MOST at most."""
    found: "List[UserProgram]" = []
    managers = {
        (process.uid, "pm2" if process.title.startswith("PM2 ") else "systemd")
        for process in processes.oldest_first()
        if process.title.startswith("PM2 ") or "systemd --user" in process.title
    }
    for account in _accounts(host):
        for one in [*_units(host, account), *_of_pm2(host, account)]:
            one["managed"] = (account.uid, one["manager"]) in managers
            found.append(one)
    return found[:MOST]


def _accounts(host: Host) -> Iterator[Account]:
    for line in (host.read("/etc/passwd") or "").splitlines()[:HOMES]:
        words = line.split(":")
        if len(words) > 5 and words[2].isdecimal() and words[5].startswith("/") and _NAME.match(words[0]):
            yield Account(words[0], int(words[2]), words[5].rstrip("/"))


def _program(
    manager: str, name: str, account: Account, at_boot: bool, file: str, declares: "List[DeclaredAddress]"
) -> "UserProgram":
    return {
        "manager": manager, "name": name, "user": account.name, "managed": False, "at_boot": at_boot, "unit": None, "file": file, "declares": declares,
    }  # fmt: skip


def _units(host: Host, account: Account) -> "Iterator[UserProgram]":
    """The services of the user's own systemd."""
    lingers = host.exists("/var/lib/systemd/linger/" + account.name)
    folder = account.home + "/.config/systemd/user"
    for name in [name for name in host.listdir(folder) if name.endswith(".service") and _NAME.match(name)][:MOST]:
        path = os.path.join(folder, name)
        text = (host.read(path, READ_LIMIT) or "").replace("\\\n", " ").replace("%h", account.home)
        properties = {"Id": name, "FragmentPath": path}
        for line in text.splitlines():
            key, equals, value = line.partition("=")
            if equals and key.strip() in _KEPT:
                properties[key.strip()] = " ".join([properties.get(key.strip(), ""), value.strip()]).strip()
        words = properties.get("ExecStart", "").lstrip("@-:+!")
        properties["ExecStart"] = "{ path=%s ; argv[]=%s ; ignore_errors=no ; }" % (words.partition(" ")[0], words)
        properties["EnvironmentFiles"] = properties.pop("EnvironmentFile", "").lstrip("-")
        yield _program("systemd", name, account, lingers, path, of_service(host, properties))


def _of_pm2(host: Host, account: Account) -> "Iterator[UserProgram]":
    """What `pm2 save` has written down."""
    path = account.home + "/.pm2/dump.pm2"
    try:
        saved = json.loads(host.read(path, READ_LIMIT) or "[]")
    except (ValueError, RecursionError):
        return
    unit = "pm2-%s.service" % account.name
    at_boot = host.exists("/etc/systemd/system/multi-user.target.wants/" + unit)
    for one in (saved if isinstance(saved, list) else [])[:MOST]:
        if isinstance(one, dict) and _NAME.match(str(one.get("name"))):
            found = _program("pm2", str(one["name"]), account, at_boot, path, _declared(one, Place(path, 0)))
            found["unit"] = unit if host.exists("/etc/systemd/system/" + unit) else None
            yield found


def _declared(saved: Dict[str, Any], place: Place) -> "List[DeclaredAddress]":
    """Addresses that a program's arguments or environment say."""
    own, given = saved.get("env"), saved.get("args") or []
    values = {**saved, **(own if isinstance(own, dict) else {})}
    environment = Environment(
        {name: str(value) for name, value in values.items() if isinstance(value, (str, int))},
        dict.fromkeys(values, place),
    )
    words = [str(saved.get("pm_exec_path") or "node")]
    words += [str(word) for word in given] if isinstance(given, list) else words_of(str(given))
    return of_command(words, place) or of_environment(environment, server_of(words))
