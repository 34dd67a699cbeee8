# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which property of a unit keeps its processes from a path, and how the path is opened to them.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import errno
import posixpath
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_sandbox import SandboxSetting

#: What ProtectHome= hides, unless it only forbids to write there.
HOMES = ("/home", "/root", "/run/user")
#: What ProtectSystem= makes read-only; "strict": everything.
SYSTEM = {"yes": ("/usr", "/boot", "/efi"), "full": ("/usr", "/boot", "/efi", "/etc"), "strict": ("/",)}
#: Properties that hide the whole file system of the host, /run with it.
ROOTS = ("RootDirectory", "RootImage")
#: Properties that list what they hide.
LISTS = ("InaccessiblePaths", "TemporaryFileSystem")
#: The errors at a path that is hidden, and at one that is read-only.
HIDDEN, READ_ONLY = (errno.ENOENT, errno.EACCES), (errno.EROFS,)


class Bar(t.NamedTuple):
    """A property that bars a path, and the lines of a drop-in that open the path; none where the property itself has to change."""

    setting: SandboxSetting
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "%s=%s (%s:%d)" % (
            self.setting["setting"],
            self.setting["value"],
            self.setting["file"],
            self.setting["line"],
        )


def barred_by(unit: Unit | None, path: str, number: int) -> Bar | None:
    """The property that explains why a process of this unit got this error at this path; None where none does."""
    for one in or_empty(unit).get("sandbox") or []:
        lines = _opened(one, path, number)
        if lines is not None:
            return Bar(one, lines)
    return None


def runtime_folders(unit: Unit | None) -> list[str]:
    """The folders in /run that systemd makes whenever it starts this unit."""
    found = [one for one in or_empty(unit).get("sandbox") or [] if one["setting"] == "RuntimeDirectory"]
    return ["/run/" + name.partition(":")[0] for one in found for name in one["value"].split()]


def is_under(path: str, folders: t.Iterable[str]) -> bool:
    """Whether a path is one of these folders or in one."""
    return any((path + "/").startswith(folder.rstrip("/") + "/") for folder in folders)


def drop_in(unit: str, lines: t.Iterable[str]) -> tuple[str, ...]:
    """Commands that write these lines to a drop-in of a unit."""
    folder = "/etc/systemd/system/%s.d" % unit
    text = "\\n".join(["[Service]", *(line.replace("%", "%%").replace("\\", "\\\\") for line in lines)])
    return (
        "mkdir -p %s" % shlex.quote(folder),
        "printf %s >%s" % (shlex.quote(text + "\\n"), shlex.quote(folder + "/paths.conf")),
    )


def hidden_folder(one: SandboxSetting, path: str) -> str | None:
    """The folder in whose place this property shows something else than the host has there, and in which the path lies; None where there is none."""
    setting, value = one["setting"], one["value"]
    folders: t.Sequence[str] = ("/",) if setting in ROOTS else _paths(value) if setting in LISTS else ()
    if setting == "ProtectHome" and value != "read-only":
        folders = HOMES
    return next((folder for folder in folders if is_under(path, (folder,))), None)


def _opened(one: SandboxSetting, path: str, number: int) -> tuple[str, ...] | None:
    """The lines that open the path where this property bars it; None where it does not."""
    setting, value, folder = one["setting"], one["value"], posixpath.dirname(path)
    writable = ("ReadWritePaths=%s" % folder,)
    if number in READ_ONLY:
        if setting == "ProtectSystem" and is_under(path, SYSTEM.get(value, ())):
            return writable
        if setting == "ProtectHome" and value == "read-only" and is_under(path, HOMES):
            return writable
        return writable if setting == "ReadOnlyPaths" and is_under(path, _paths(value)) else None
    if number not in HIDDEN:
        return None
    if setting == "ProtectHome" and value in ("yes", "tmpfs") and is_under(path, HOMES):
        return ("ProtectHome=read-only", *writable)
    if setting in LISTS and is_under(path, _paths(value)):
        return ()
    is_user = setting == "User" and value not in ("root", "0") and number == errno.EACCES
    return () if is_user or setting in ROOTS and number == errno.ENOENT else None


def _paths(value: str) -> list[str]:
    """The paths of a list, without their prefixes and options."""
    return [re.sub(r"^[-+]*", "", word).partition(":")[0] for word in value.split()]
