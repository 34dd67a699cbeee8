# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be read beforehand of a start that is bound to fail: programs, accounts, folders, files and addresses that a unit needs and that are not there.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import is_any, is_number, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.mount_points import with_mounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import (
    Lack,
    Start,
    dead_link,
    missing,
    problem,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_program import program_problems
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import (
    Properties,
    files_of,
    is_set,
    seconds,
    where_set,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import StartProblem


#: systemd.exec(5): with which it ends a start before the program runs.
CHDIR, GROUP, USER, NAMESPACE = 200, 216, 217, 226
SCRIPTS_FOLDER = "/run/systemd/generator.late/"
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
            problem(where_set(host, properties, "ExecStart"), "unit file", "systemd refuses the unit file: %s" % why)
        ]
    before = look.required(around.failed) + look.conditions()
    if before:
        return before
    if is_set(properties, "RootDirectory") or is_set(properties, "RootImage"):
        return []
    found = look.accounts_of() + with_mounts(host, look.folders() + look.files() + program_problems(look))
    return found + look.addresses(declares, around.addresses)


class _Look(Start):
    """One unit's start, looked at."""

    def accounts_of(self) -> "List[StartProblem]":
        if is_set(self.properties, "DynamicUser"):
            return []
        user, group = self.properties.get("User", ""), self.properties.get("Group", "")
        found: "List[StartProblem]" = []
        if user and not user.isdecimal() and not self.names.has_user(user):
            found.append(
                self.found(
                    "User", user, "there is no user %s" % user, USER, ["useradd", "--system", "--no-create-home", user]
                )
            )
        if group and not group.isdecimal() and not self.names.has_group(group):
            found.append(
                self.found("Group", group, "there is no group %s" % group, GROUP, ["groupadd", "--system", group])
            )
        return found

    def required(self, failed: Sequence[str]) -> "List[StartProblem]":
        """Services that it requires and that have failed or are not there: systemd starts them first."""
        found: "List[StartProblem]" = []
        for key in ("Requires", "Requisite", "BindsTo"):
            for name in self.properties.get(key, "").split():
                if name in failed:
                    text = "%s, which it requires, has failed" % name
                    found.append(self.found(key, name, text, None, ["systemctl", "status", name]))
                elif name.endswith(".service") and "@" not in name and not self._is_unit(name):
                    text, command = "there is no %s, which it requires" % name, ["list-unit-files", "*.service"]
                    other = self._called(name)
                    if other:
                        text += ": %s has that name (Alias=) once it is enabled" % other
                        command = ["enable", "--now", other]
                    found.append(self.found(key, name, text, None, ["systemctl"] + command))
        return found

    def _called(self, name: str) -> Optional[str]:
        """The unit that takes a name when it is enabled."""
        alias = re.compile(r"^Alias=(.*\s)?%s\b" % re.escape(name), re.MULTILINE)
        files = (
            (folder, one) for folder in UNIT_FOLDERS for one in self.host.listdir(folder) if one.endswith(".service")
        )
        return next(
            (one for folder, one in files if alias.search(self.host.read(os.path.join(folder, one)) or "")), None
        )

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
                    found.append(problem(Place(path, number), said.group(1), text))
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
            found.append(self.found("WorkingDirectory", self.folder, *self._no_folder(self.folder)))
        for key in ("ReadWritePaths", "ReadOnlyPaths", "BindPaths", "BindReadOnlyPaths"):
            for word in self.properties.get(key, "").split():
                path = word.lstrip("+").partition(":")[0]
                if path.startswith("/") and not self.host.exists(path) and not self._is_made(path):
                    found.append(self.found(key, path, "there is no %s" % path, NAMESPACE, self.making(path)))
        return found

    def _no_folder(self, path: str) -> Tuple[Lack, int, List[str]]:
        """The problem, exit status and cure of a folder that is missing. Where a link leads nowhere, a folder in its place would be none."""
        at = path
        while at != "/":
            target = self.host.readlink(at)
            if target is not None and not self.host.exists(at):
                beside = os.path.dirname(os.path.join(os.path.dirname(at), target))
                return dead_link(at, target), CHDIR, ["ls", "-lt", beside]
            at = os.path.dirname(at)
        return Lack("there is no folder %s" % path, missing("folder", path)), CHDIR, self.making(path)

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
                found.append(self.found("EnvironmentFile", path, "there is no file %s" % path))
        return found

    def addresses(self, declares: "Sequence[DeclaredAddress]", own: Optional[Sequence[str]]) -> "List[StartProblem]":
        """Sockets whose folder is missing, and addresses that the host does not have."""
        found: "List[StartProblem]" = []
        before = self.properties.get("ExecStartPre", "")
        # Init scripts make their folders below /run themselves.
        by_script = self.properties.get("FragmentPath", "").startswith(SCRIPTS_FOLDER)
        nonlocal_bind = (self.host.read("/proc/sys/net/ipv4/ip_nonlocal_bind") or "0").strip() == "1"
        for one in declares:
            address, place = read_address(one["address"]), Place(one["file"], one["line"])
            folder = os.path.dirname(address.path)
            if address.is_unix and not (
                by_script or self.host.is_dir(folder) or self._is_made(folder) or folder in before
            ):
                lack = Lack("there is no folder %s for its socket" % folder, missing("folder", folder))
                found.append(problem(place, "listen", lack, None, self.making(folder)))
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
                    problem(
                        place, "listen", "the host has no address %s" % address.host, None, ["ip", "-brief", "address"]
                    )
                )
        return found
