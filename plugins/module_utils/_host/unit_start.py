# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be read beforehand of a start that is bound to fail: programs, accounts, folders, files and addresses that a unit needs and that are not there.

Private to this collection: it may change in any release.
"""

import os
import re
import shlex
import stat
from typing import TYPE_CHECKING, List, NamedTuple, Optional, Sequence, Tuple, Union

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_any, is_number, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import SYSTEM_PATH, Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.in_background import in_background
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import (
    Properties,
    argv_of,
    files_of,
    is_set,
    programs,
    seconds,
    where_set,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.virtual_environment import left_behind

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

    class Missing(TypedDict):
        """What is not there, for advice on where to find it."""

        kind: str  # folder | link | program | environment: a virtual environment's Python
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


#: systemd.exec(5): with which it ends a start before the program runs.
CHDIR, EXEC, GROUP, USER, NAMESPACE = 200, 203, 216, 217, 226
#: These get the file to run as an argument.
_INTERPRETERS = re.compile(r"(python[\d.]*|node|nodejs|ruby[\d.]*|perl|php[\d.]*|bash|sh|dotnet|deno|bun)$")
_HEAD = 256
UNIT_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/transient",
    "/run/systemd/generator",
    "/run/systemd/generator.early",
    "/run/systemd/generator.late",
    "/usr/local/lib/systemd/system",
    "/lib/systemd/system",
    "/usr/lib/systemd/system",
)
_CONDITION = re.compile(r"\s*(Condition\w+)\s*=\s*([|!]*)\s*(\S.*?)\s*$")


class Lack(NamedTuple):
    """What a start would fail for, in words, and what is missing where that is it."""

    words: str
    missing: "Optional[Missing]" = None


class Surroundings(NamedTuple):
    """What a start depends on beside its unit: the addresses of all interfaces (None where they are not known), accounts, and units that have failed.

    listens: whether it listens already.
    """

    addresses: Optional[Sequence[str]]
    accounts: Accounts
    listens: bool = False
    failed: Sequence[str] = ()


def start_problems(
    host: Host, properties: Properties, declares: "Sequence[DeclaredAddress]", around: Surroundings
) -> "List[StartProblem]":
    """All that is known to make a start of this service fail; of one that runs, what keeps it from listening."""
    look = _Look(host, properties, around.accounts)
    if properties.get("ActiveState") == "active":
        return [] if around.listens else look.addresses(declares, around.addresses)
    if properties.get("LoadState") in ("bad-setting", "error"):
        why = re.sub(r'^\S+ "(.*)"$', r"\1", properties.get("LoadError", "")) or "it does not say why"
        return [
            _problem(where_set(host, properties, "ExecStart"), "unit file", "systemd refuses the unit file: %s" % why)
        ]
    before = look.required(around.failed) + look.conditions()
    if before:
        return before
    if is_set(properties, "RootDirectory") or is_set(properties, "RootImage"):
        return []
    found = look.accounts_of() + look.folders() + look.files() + look.programs()
    return found + look.addresses(declares, around.addresses)


def _problem(
    place: Place, setting: str, lack: Union[str, Lack], exit_status: Optional[int] = None, command: Sequence[str] = ()
) -> "StartProblem":
    words, missing = lack if isinstance(lack, Lack) else (lack, None)
    return {
        "setting": setting,
        "problem": words,
        "exit_status": exit_status,
        "command": " ".join(shlex.quote(word) for word in command) or None,
        "missing": missing,
        "file": place.file,
        "line": place.line,
    }


def _missing(kind: str, path: str, version: Optional[str] = None) -> "Missing":
    return {"kind": kind, "path": path, "version": version}


def _dead_link(link: str, target: str) -> Lack:
    return Lack("the link %s leads to %s, which is not there" % (link, target), _missing("link", link))


def _cure_of(path: str, why: str) -> List[str]:
    """The command that makes a program run, where one does."""
    if why.endswith("is not executable"):
        return ["chmod", "+x", path]
    return ["sed", "-i", "s/\\r$//", path] if "\\r" in why else []


class _Look:
    """One unit's start, looked at."""

    def __init__(self, host: Host, properties: Properties, accounts: Accounts) -> None:
        self.host = host
        self.properties = properties
        self.names = accounts
        self.folder = properties.get("WorkingDirectory", "").lstrip("!-")
        self.user = properties.get("User", "") or "root"

    def _found(
        self,
        setting: str,
        value: str,
        lack: Union[str, Lack],
        exit_status: Optional[int] = None,
        command: Sequence[str] = (),
    ) -> "StartProblem":
        return _problem(where_set(self.host, self.properties, setting, value), setting, lack, exit_status, command)

    def _make(self, folder: str) -> List[str]:
        """The command that makes a folder of the unit's account."""
        group = self.properties.get("Group", "") or self.user
        return ["install", "-d", "-o", self.user, "-g", group, "-m", "0755", folder]

    def accounts_of(self) -> "List[StartProblem]":
        if is_set(self.properties, "DynamicUser"):
            return []
        user, group = self.properties.get("User", ""), self.properties.get("Group", "")
        found: "List[StartProblem]" = []
        if user and not user.isdecimal() and not self.names.has_user(user):
            found.append(
                self._found(
                    "User", user, "there is no user %s" % user, USER, ["useradd", "--system", "--no-create-home", user]
                )
            )
        if group and not group.isdecimal() and not self.names.has_group(group):
            found.append(
                self._found("Group", group, "there is no group %s" % group, GROUP, ["groupadd", "--system", group])
            )
        return found

    def required(self, failed: Sequence[str]) -> "List[StartProblem]":
        """Services that it requires and that have failed or are not there: systemd starts them first."""
        found: "List[StartProblem]" = []
        for key in ("Requires", "Requisite", "BindsTo"):
            for name in self.properties.get(key, "").split():
                if name in failed:
                    text = "%s, which it requires, has failed" % name
                    found.append(self._found(key, name, text, None, ["systemctl", "status", name]))
                elif name.endswith(".service") and "@" not in name and not self._is_unit(name):
                    text = "there is no %s, which it requires" % name
                    found.append(self._found(key, name, text, None, ["systemctl", "list-unit-files", "*.service"]))
        return found

    def _is_unit(self, name: str) -> bool:
        return any(self.host.exists(os.path.join(folder, name)) for folder in UNIT_FOLDERS) or self.host.exists(
            "/etc/init.d/" + name[: -len(".service")]
        )

    def conditions(self) -> "List[StartProblem]":
        """Conditions for which systemd has skipped its newest start: those that are still unmet, or that cannot be told."""
        if self.properties.get("ConditionResult") != "no" or not seconds(
            self.properties.get("ConditionTimestampMonotonic")
        ):
            return []
        found: "List[StartProblem]" = []
        for path in files_of(self.properties):
            for number, line in enumerate((self.host.read(path) or "").splitlines(), 1):
                said = _CONDITION.match(line)
                unmet = said and not said.group(2).startswith("|") and self._is_unmet(*said.groups())
                if said and unmet:
                    text = "systemd skips its start: %s=%s%s is not met" % said.groups()
                    found.append(_problem(Place(path, number), said.group(1), text))
        return found

    def _is_unmet(self, name: str, sign: str, value: str) -> bool:
        """Whether a condition is unmet, as far as that can be seen: only those of paths can."""
        there = {
            "ConditionPathExists": self.host.exists,
            "ConditionPathIsDirectory": self.host.is_dir,
            "ConditionDirectoryNotEmpty": self.host.listdir,
        }.get(name)
        return there is None or bool(there(value)) == (sign == "!")

    def folders(self) -> "List[StartProblem]":
        """The working directory, and paths that its sandbox names."""
        found: "List[StartProblem]" = []
        setting = self.properties.get("WorkingDirectory", "")
        if setting.startswith(("/", "!/")) and not self._is_made(self.folder) and not self.host.is_dir(self.folder):
            found.append(self._found("WorkingDirectory", self.folder, *self._no_folder(self.folder)))
        for key in ("ReadWritePaths", "ReadOnlyPaths", "BindPaths", "BindReadOnlyPaths"):
            for word in self.properties.get(key, "").split():
                path = word.lstrip("+").partition(":")[0]
                if path.startswith("/") and not self.host.exists(path) and not self._is_made(path):
                    found.append(self._found(key, path, "there is no %s" % path, NAMESPACE, self._make(path)))
        return found

    def _no_folder(self, path: str) -> Tuple[Lack, int, List[str]]:
        """The problem, exit status and cure of a folder that is missing. Where a link leads nowhere, a folder in its place would be none."""
        at = path
        while at != "/":
            target = self.host.readlink(at)
            if target is not None and not self.host.exists(at):
                beside = os.path.dirname(os.path.join(os.path.dirname(at), target))
                return _dead_link(at, target), CHDIR, ["ls", "-lt", beside]
            at = os.path.dirname(at)
        return Lack("there is no folder %s" % path, _missing("folder", path)), CHDIR, self._make(path)

    def _is_made(self, path: str) -> bool:
        """Whether systemd makes this folder before the start (RuntimeDirectory= and its kin)."""
        for key, root in (
            ("RuntimeDirectory", "/run"),
            ("StateDirectory", "/var/lib"),
            ("LogsDirectory", "/var/log"),
            ("CacheDirectory", "/var/cache"),
        ):
            made = [os.path.join(root, name.partition(":")[0]) for name in self.properties.get(key, "").split()]
            if any(path.rstrip("/") == one or one.startswith(path.rstrip("/") + "/") for one in made):
                return True
        return path.startswith(("/tmp/", "/var/tmp/")) and is_set(self.properties, "PrivateTmp")  # noqa: S108 - read, not written

    def files(self) -> "List[StartProblem]":
        """Environment files without a `-` before them."""
        found: "List[StartProblem]" = []
        for line in self.properties.get("EnvironmentFiles", "").splitlines():
            path, _blank, rest = line.partition(" (")
            if "ignore_errors=no" in rest and "*" not in path and not self.host.exists(path):
                found.append(self._found("EnvironmentFile", path, "there is no file %s" % path))
        return found

    def programs(self) -> "List[StartProblem]":
        found: "List[StartProblem]" = []
        for key in ("ExecStartPre", "ExecStart"):
            for command in self.properties.get(key, "").splitlines():
                path = (programs({key: command}, key) or [""])[0]
                why = None if "ignore_errors=yes" in command else self._why_not_run(path)
                if why:
                    found.append(self._found(key, path, why, EXEC, _cure_of(path, why.words)))
        leaves = None if found else in_background(self.properties)
        behind = [self._found("ExecStart", (argv_of(self.properties) or [""])[0], Lack(leaves))] if leaves else []
        return found or self._script() or self._environment() or behind

    def _why_not_run(self, path: str) -> Optional[Lack]:
        """Why a program cannot be run; None where it can, as far as is seen."""
        if not path.startswith("/"):
            there = not path or self.host.which(path)
            return None if there else Lack("there is no program %s in %s" % (path, SYSTEM_PATH))
        if not self.host.exists(path):
            target = self.host.readlink(path)
            gone = Lack("the program %s is not there" % path, _missing("program", path))
            return _dead_link(path, target) if target else gone
        why = self._closed(path) or self._not_executed(path)
        return Lack(why) if why else None

    def _not_executed(self, path: str) -> Optional[str]:
        """Why the kernel would not execute a program that is there."""
        mode = os.stat(self.host.path(path)).st_mode
        if stat.S_ISDIR(mode):
            return "%s is a folder" % path
        if not mode & 0o111:
            return "the program %s is not executable" % path
        head = (self.host.read(path, _HEAD) or "").splitlines()[:1]
        shebang = re.match(r"#!\s*(\S+)(.?)", head[0], re.DOTALL) if head else None
        if shebang and shebang.group(1).startswith("/") and not self.host.exists(shebang.group(1)):
            return "%s is to be run by %s, which is not there" % (path, shebang.group(1))
        if self._windows_line(path):
            return "the first line of %s ends as on Windows (\\r): there is no such interpreter" % path
        return None

    def _windows_line(self, path: str) -> bool:
        try:
            head = self.host.read_bytes(path, _HEAD)
        except OSError:
            return False
        return head.startswith(b"#!") and head.split(b"\n", 1)[0].endswith(b"\r")

    def _closed(self, path: str) -> Optional[str]:
        """The first folder on the way to a file of root's that the unit's account may not search: one that only its owner may."""
        if self.user in ("root", "0") or is_set(self.properties, "DynamicUser"):
            return None
        folder = "/"
        for part in os.path.dirname(self.host.realpath(path)).split("/")[1:]:
            folder = os.path.join(folder, part)
            try:
                found = os.stat(self.host.path(folder))
            except OSError:
                return None
            if not found.st_mode & 0o077 and self.names.user(found.st_uid) != self.user:
                return "%s may not enter %s (mode %04o), where %s is" % (
                    self.user,
                    folder,
                    stat.S_IMODE(found.st_mode),
                    path,
                )
        return None

    def _script(self) -> "List[StartProblem]":
        """The script or jar that an interpreter is given, where that is missing: the interpreter ends at once then."""
        argv = argv_of(self.properties)
        if not argv:
            return []
        base = os.path.basename(argv[0])
        name = ""
        if base == "java":
            name = next((argv[at + 1] for at, word in enumerate(argv[:-1]) if word == "-jar"), "")
        elif _INTERPRETERS.match(base) and len(argv) > 1 and not argv[1].startswith("-"):
            name = argv[1] if "/" in argv[1] or re.search(r"\.\w{2,4}$", argv[1]) else ""
        path = os.path.normpath(os.path.join(self.folder or "/", name)) if name else ""
        if (
            not path
            or "$" in path
            or "%" in path
            or self.host.exists(path)
            or (base.startswith("node") and self.host.exists(path + ".js"))
        ):
            return []
        star = ": systemd puts no names in place of *" if "*" in name else ""
        return [self._found("ExecStart", name, "there is no %s for %s to run%s" % (path, base, star))]

    def _environment(self) -> "List[StartProblem]":
        """The virtual environment of its program, where its Python is not the one that it was made with."""
        path = (argv_of(self.properties) or [""])[0]
        old = left_behind(self.host, path) if path.startswith("/") else None
        if old is None:
            return []
        words = "the virtual environment %s was made with Python %s, and its bin/python3 is Python %s by now" % old
        return [self._found("ExecStart", path, Lack(words, _missing("environment", old.folder, old.made_with)))]

    def addresses(self, declares: "Sequence[DeclaredAddress]", own: Optional[Sequence[str]]) -> "List[StartProblem]":
        """Sockets whose folder is missing, and addresses that the host does not have."""
        found: "List[StartProblem]" = []
        before = self.properties.get("ExecStartPre", "")
        nonlocal_bind = (self.host.read("/proc/sys/net/ipv4/ip_nonlocal_bind") or "0").strip() == "1"
        for one in declares:
            address, place = read_address(one["address"]), Place(one["file"], one["line"])
            folder = os.path.dirname(address.path)
            if address.is_unix and not (self.host.is_dir(folder) or self._is_made(folder) or folder in before):
                lack = Lack("there is no folder %s for its socket" % folder, _missing("folder", folder))
                found.append(_problem(place, "listen", lack, None, self._make(folder)))
            elif (
                not address.is_unix
                and own
                and is_number(address.host)
                and not is_any(address.host)
                and not address.host.startswith("127.")
                and address.normal().host not in own
                and not nonlocal_bind
            ):
                found.append(
                    _problem(
                        place, "listen", "the host has no address %s" % address.host, None, ["ip", "-brief", "address"]
                    )
                )
        return found
