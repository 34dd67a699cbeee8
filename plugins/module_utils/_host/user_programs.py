# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that the users of a host keep running themselves: by a systemd of their own, or by pm2. No unit of the system knows them.

Their files are the users': addresses, names, and the last words of a program that does not run are taken from them, and nothing else.

Private to this collection: it may change in any release.
"""

import json
import os
import re
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.own_log import words_in
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Process, Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_environment import words_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import VARIABLES
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_addresses import of_service
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import plain

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from typing_extensions import NotRequired

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

    class UserProgram(TypedDict):
        """One of the facts `user_programs`."""

        manager: str  # systemd | pm2
        name: str
        user: str
        managed: bool  # whether its manager runs
        at_boot: bool  # whether its manager is started without the user
        runs: Optional[bool]  # whether a process of it is seen; None: not known
        watch: NotRequired[bool]  # whether pm2 starts it anew when its files change
        last_words: List[str]  # of one of pm2's that does not run
        unit: Optional[str]  # the unit of the system that starts its manager; None where there is none
        file: str
        declares: List[DeclaredAddress]


MOST, HOMES, READ_LIMIT = 100, 500, 256 * 1024
_PUBLISHED = re.compile(r"^PublishPort=(\S+)", re.MULTILINE)
_NAME = re.compile(r"[\w.@:-]{1,80}$")
#: What pm2 runs by itself, without node before it.
_OWN_PROGRAMS = ("npm", "yarn", "pnpm", "bun")
_KEPT = ("ExecStart", "Environment", "EnvironmentFile", "WorkingDirectory")


class Account(NamedTuple):
    """A user with a home."""

    name: str
    uid: int
    home: str


def user_programs(host: Host, processes: Processes) -> "List[UserProgram]":
    """The programs of all users that /etc/passwd names, MOST at most."""
    found: "List[UserProgram]" = []
    seen = processes.oldest_first()
    managers = {
        (process.uid, "pm2" if process.title.startswith("PM2 ") else "systemd")
        for process in seen
        if process.title.startswith("PM2 ") or "systemd --user" in process.title
    }
    for account in accounts_of(host):
        for one in [*_units(host, account), *_of_pm2(host, account, seen)]:
            one["managed"] = (account.uid, one["manager"]) in managers
            found.append(one)
    return found[:MOST]


def accounts_of(host: Host) -> Iterator[Account]:
    """The users that /etc/passwd names, with their homes."""
    for line in (host.read("/etc/passwd") or "").splitlines()[:HOMES]:
        words = line.split(":")
        if len(words) > 5 and words[2].isdecimal() and words[5].startswith("/") and _NAME.match(words[0]):
            yield Account(words[0], int(words[2]), words[5].rstrip("/"))


def _program(
    manager: str, name: str, account: Account, at_boot: bool, file: str, declares: "List[DeclaredAddress]"
) -> "UserProgram":
    return {
        "manager": manager, "name": name, "user": account.name, "managed": False, "at_boot": at_boot, "runs": None, "last_words": [], "unit": None,
        "file": file, "declares": declares,
    }  # fmt: skip


def _units(host: Host, account: Account) -> "Iterator[UserProgram]":
    """The services of the user's own systemd."""
    lingers = host.exists("/var/lib/systemd/linger/" + account.name)
    folders = (account.home + "/.config/systemd/user", account.home + "/.config/containers/systemd")
    paths = [folder + "/" + name for folder in folders for name in host.listdir(folder) if _NAME.match(name)]
    for path in [path for path in paths if path.endswith((".service", ".container"))][:MOST]:
        name = os.path.splitext(os.path.basename(path))[0] + ".service"
        text = (host.read(path, READ_LIMIT) or "").replace("\\\n", " ").replace("%h", account.home)
        properties = {"Id": name, "FragmentPath": path}
        if path.endswith(".container"):
            text = "ExecStart=/usr/bin/podman run" + "".join(" -p " + one for one in _PUBLISHED.findall(text))
        for line in text.splitlines():
            key, equals, value = line.partition("=")
            if equals and key.strip() in _KEPT:
                properties[key.strip()] = " ".join([properties.get(key.strip(), ""), value.strip()]).strip()
        words = properties.get("ExecStart", "").lstrip("@-:+!")
        properties["ExecStart"] = "{ path=%s ; argv[]=%s ; ignore_errors=no ; }" % (words.partition(" ")[0], words)
        properties["EnvironmentFiles"] = properties.pop("EnvironmentFile", "").lstrip("-")
        yield _program("systemd", name, account, lingers, path, of_service(host, properties))


def _of_pm2(host: Host, account: Account, processes: Sequence[Process]) -> "Iterator[UserProgram]":
    """What `pm2 save` has written down."""
    path = account.home + "/.pm2/dump.pm2"
    try:
        saved = json.loads(host.read(path, READ_LIMIT) or "[]")
    except (ValueError, RecursionError):
        return
    unit, accounts = "pm2-%s.service" % account.name, Accounts(host)
    at_boot = host.exists("/etc/systemd/system/multi-user.target.wants/" + unit)
    for one in (saved if isinstance(saved, list) else [])[:MOST]:
        if isinstance(one, dict) and _NAME.match(str(one.get("name"))):
            found = _program("pm2", str(one["name"]), account, at_boot, path, _declared(host, one, path))
            found["unit"] = unit if host.exists("/etc/systemd/system/" + unit) else None
            found["watch"] = bool(one.get("watch"))
            found["runs"] = _runs(one, account, processes)
            if found["runs"] is False:
                logs = [str(one[key]) for key in ("pm_err_log_path", "pm_out_log_path") if one.get(key)]
                found["last_words"] = words_in(host, logs, account.name, accounts)
            yield found


def _declared(host: Host, saved: Dict[str, Any], path: str) -> "List[DeclaredAddress]":
    """Addresses that a program's arguments, environment, scripts or files say, as those of a unit would."""
    own, given = saved.get("env"), saved.get("args") or []
    values = {**saved, **(own if isinstance(own, dict) else {})}
    names = {name for row in VARIABLES for name in row}
    variables = {name: str(value) for name, value in values.items() if name in names and isinstance(value, (str, int))}
    program = str(saved.get("pm_exec_path") or "server.js")
    words = [] if os.path.basename(program) in _OWN_PROGRAMS or saved.get("exec_interpreter") == "none" else ["node"]
    words += [program, *(map(str, given) if isinstance(given, list) else words_of(str(given)))]
    return of_service(host, plain("pm2-program", path, words, str(saved.get("pm_cwd") or ""), variables))


def _runs(saved: Dict[str, Any], account: Account, processes: Sequence[Process]) -> Optional[bool]:
    """Whether a process of the user works in a program's folder, or was started from its script; None where neither is saved."""
    script, folder = saved.get("pm_exec_path"), saved.get("pm_cwd")
    if not script and not folder:
        return None
    theirs = [one for one in processes if one.uid == account.uid and not one.title.startswith("PM2 ")]
    return any(script in one.argv or (folder and one.cwd == folder) for one in theirs)
