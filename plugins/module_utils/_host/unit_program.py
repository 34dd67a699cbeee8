# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be read beforehand of the programs of a unit: whether they are there and can be run, and whether they stay.

Private to this collection: it may change in any release.
"""

import os
import re
import stat
from typing import TYPE_CHECKING, List, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import SYSTEM_PATH, Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.in_background import in_background
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import (
    Lack,
    Start,
    dead_link,
    missing,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import argv_of, is_set, programs
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.virtual_environment import left_behind

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.start_problem import StartProblem

#: With which systemd ends a start whose program it cannot run (systemd.exec(5)).
EXEC = 203
#: These get the file to run as an argument.
_INTERPRETERS = re.compile(r"(python[\d.]*|node|nodejs|ruby[\d.]*|perl|php[\d.]*|bash|sh|dotnet|deno|bun)$")
_HEAD = 256


def program_problems(start: Start) -> "List[StartProblem]":
    """What keeps the programs of a unit from running; of one that runs, what it lacks or leaves."""
    found: "List[StartProblem]" = []
    for key in ("ExecStartPre", "ExecStart"):
        for command in start.properties.get(key, "").splitlines():
            path = (programs({key: command}, key) or [""])[0]
            why = None if "ignore_errors=yes" in command else _why_not_run(start, path)
            if why:
                found.append(start.found(key, path, why, EXEC, _cure_of(path, why.words)))
    leaves = None if found else in_background(start.properties)
    behind = [start.found("ExecStart", (argv_of(start.properties) or [""])[0], Lack(leaves))] if leaves else []
    return found or _script(start) or _environment(start) or behind


def _why_not_run(start: Start, path: str) -> Optional[Lack]:
    """Why a program cannot be run; None where it can, as far as is seen."""
    if not path.startswith("/"):
        there = not path or start.host.which(path)
        return None if there else Lack("there is no program %s in %s" % (path, SYSTEM_PATH))
    if not start.host.exists(path):
        target = start.host.readlink(path)
        gone = Lack("the program %s is not there" % path, missing("program", path))
        return dead_link(path, target) if target else gone
    why = _closed(start, path) or _not_executed(start.host, path)
    return Lack(why) if why else None


def _not_executed(host: Host, path: str) -> Optional[str]:
    """Why the kernel would not execute a program that is there."""
    mode = os.stat(host.path(path)).st_mode
    if stat.S_ISDIR(mode):
        return "%s is a folder" % path
    if not mode & 0o111:
        return "the program %s is not executable" % path
    head = (host.read(path, _HEAD) or "").splitlines()[:1]
    shebang = re.match(r"#!\s*(\S+)(.?)", head[0], re.DOTALL) if head else None
    if shebang and shebang.group(1).startswith("/") and not host.exists(shebang.group(1)):
        return "%s is to be run by %s, which is not there" % (path, shebang.group(1))
    if _windows_line(host, path):
        return "the first line of %s ends as on Windows (\\r): there is no such interpreter" % path
    return None


def _windows_line(host: Host, path: str) -> bool:
    try:
        head = host.read_bytes(path, _HEAD)
    except OSError:
        return False
    return head.startswith(b"#!") and head.split(b"\n", 1)[0].endswith(b"\r")


def _closed(start: Start, path: str) -> Optional[str]:
    """The first folder on the way to a file of root's that the unit's account may not search: one that only its owner may."""
    if start.user in ("root", "0") or is_set(start.properties, "DynamicUser"):
        return None
    folder = "/"
    for part in os.path.dirname(start.host.realpath(path)).split("/")[1:]:
        folder = os.path.join(folder, part)
        try:
            found = os.stat(start.host.path(folder))
        except OSError:
            return None
        if not found.st_mode & 0o077 and start.names.user(found.st_uid) != start.user:
            return "%s may not enter %s (mode %04o), where %s is" % (
                start.user,
                folder,
                stat.S_IMODE(found.st_mode),
                path,
            )
    return None


def _script(start: Start) -> "List[StartProblem]":
    """The script or jar that an interpreter is given, where that is missing: the interpreter ends at once then."""
    argv = argv_of(start.properties)
    if not argv:
        return []
    base = os.path.basename(argv[0])
    name = ""
    if base == "java":
        name = next((argv[at + 1] for at, word in enumerate(argv[:-1]) if word == "-jar"), "")
    elif _INTERPRETERS.match(base) and len(argv) > 1 and not argv[1].startswith("-"):
        name = argv[1] if "/" in argv[1] or re.search(r"\.\w{2,4}$", argv[1]) else ""
    path = os.path.normpath(os.path.join(start.folder or "/", name)) if name else ""
    if (
        not path
        or "$" in path
        or "%" in path
        or start.host.exists(path)
        or (base.startswith("node") and start.host.exists(path + ".js"))
    ):
        return []
    star = ": systemd puts no names in place of *" if "*" in name else ""
    return [start.found("ExecStart", name, "there is no %s for %s to run%s" % (path, base, star))]


def _environment(start: Start) -> "List[StartProblem]":
    """The virtual environment of its program, where its Python is not the one that it was made with."""
    path = (argv_of(start.properties) or [""])[0]
    old = left_behind(start.host, path) if path.startswith("/") else None
    if old is None:
        return []
    words = "the virtual environment %s was made with Python %s, and its bin/python3 is Python %s by now" % old
    return [start.found("ExecStart", path, Lack(words, missing("environment", old.folder, old.made_with)))]


def _cure_of(path: str, why: str) -> List[str]:
    """The command that makes a program run, where one does."""
    if why.endswith("is not executable"):
        return ["chmod", "+x", path]
    return ["sed", "-i", "s/\\r$//", path] if "\\r" in why else []
