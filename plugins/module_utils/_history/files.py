# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that were written, replaced, added or removed: those that decide how nginx, PHP-FPM and services start, and how names and packets go.

Only their entries are looked at (lstat), none is opened, and no link is followed but one of root's own.

Private to this collection: it may change in any release.
"""

import itertools
import os
import stat
from typing import TYPE_CHECKING, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span, change
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import service_manager
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import (
    Properties,
    argv_of,
    files_of,
    parse_show,
    programs,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: Where what decides a 502 is written down.
FOLDERS = (
    "/etc/nginx",
    "/usr/local/nginx/conf",
    "/etc/php",
    "/etc/php-fpm.d",
    "/etc/php.d",
    "/etc/opt/remi",
    "/etc/apache2",
    "/etc/httpd",
    "/etc/systemd/system",
    "/etc/default",
    "/etc/sysconfig",
    "/etc/sysctl.d",
    "/etc/security/limits.d",
    "/etc/tmpfiles.d",
    "/etc/nftables.d",
    "/etc/firewalld",
    "/etc/ufw",
    "/etc/iptables",
    "/etc/apparmor.d",
    "/etc/selinux",
    "/etc/letsencrypt/live",
    "/etc/letsencrypt/archive",
    "/etc/ssl/private",
    "/etc/pki/tls",
)
FILES = (
    "/etc/php.ini",
    "/etc/php-fpm.conf",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/sysctl.conf",
    "/etc/nftables.conf",
)
#: Where a service has its script and its settings without systemd.
SCRIPT_FOLDERS = ("/etc/init.d", "/etc/default", "/etc/conf.d")
#: What is looked into at most, and how deep; of the folder that a service works in only the files of these kinds that lie in it.
MOST_ENTRIES, DEPTH = 20000, 5
KINDS = (
    ".py",
    ".js",
    ".mjs",
    ".cjs",
    ".rb",
    ".ru",
    ".php",
    ".jar",
    ".war",
    ".json",
    ".env",
    ".toml",
    ".yml",
    ".yaml",
    ".lock",
)
#: Seconds by which the time of a file's content and that of its entry differ where both were written at once.
SLACK = 2.0
_WANTED = "Id,FragmentPath,DropInPaths,EnvironmentFiles,ExecStart,WorkingDirectory"


class Path(NamedTuple):
    """A path to look at, the unit that uses it, and whether it is a folder to look into: all that is in it, or its own files."""

    path: str
    of: Optional[str] = None
    into: str = ""  # "" | all | own


def file_changes(host: Host, span: Span, units: Sequence[str], files: Sequence[str] = ()) -> "List[Change]":
    """The files that changed in a span. files: more of them, as nginx's configuration names them."""
    # Those of units first: whose they are is said of a path that comes up twice.
    wanted = list(_of_units(host, units)) + [Path(path) for path in [*FILES, *files]]
    wanted += [Path(path, None, "all") for path in FOLDERS]
    accounts = Accounts(host)
    found: "Dict[str, Change]" = {}
    for path, of, status in _entries(host, wanted):
        at, what = _newest(host, path, status)
        if span.has(at):
            named = path + "/" if stat.S_ISDIR(status.st_mode) else path
            found.setdefault(named, change(at, "file", named, what, accounts.user(status.st_uid), of))
    return [one for path, one in found.items() if not (path.endswith("/") and _explained(path, one, found))]


def _of_units(host: Host, units: Sequence[str]) -> Iterator[Path]:
    """The files that units are read from, run and read."""
    manager = service_manager.in_charge(host)
    if manager in service_manager.SCRIPTED:
        for unit in units:
            for folder in SCRIPT_FOLDERS:
                yield Path("%s/%s" % (folder, service_manager.name_of(manager, unit)), unit)
        return
    if not units:
        return
    ran = host.run(["systemctl", "show", "--property=" + _WANTED, "--", *units], timeout=15)
    for shown in parse_show(ran.out):
        unit, folder = shown["Id"], shown.get("WorkingDirectory", "").lstrip("!-")
        for path in [*files_of(shown), *_environment_files(shown), *programs(shown), *argv_of(shown)[1:]]:
            full = os.path.join(folder, path) if folder.startswith("/") else path
            if full.startswith("/") and "/../" not in full:
                yield Path(full, unit)
        if folder.startswith("/") and folder.count("/") > 1:
            yield Path(folder, unit, "own")


def _environment_files(shown: Properties) -> List[str]:
    return [line.partition(" (")[0] for line in shown.get("EnvironmentFiles", "").split("\n") if line]


def _entries(host: Host, wanted: Sequence[Path]) -> Iterator[Tuple[str, Optional[str], os.stat_result]]:
    """What is there of the paths and in the folders among them, MOST_ENTRIES at most."""
    waiting = [(one, 0) for one in reversed(wanted)]
    left = MOST_ENTRIES
    while waiting:
        one, depth = waiting.pop()
        left -= 1
        if left < 0:
            host.unseen("files that changed", "there are more than %d" % MOST_ENTRIES)
            return
        try:
            status = os.lstat(host.path(one.path))
        except (OSError, ValueError):
            continue
        if one.into != "own":
            yield one.path, one.of, status
        if one.into and depth < DEPTH and stat.S_ISDIR(status.st_mode):
            into = one.into if one.into == "all" else ""
            for name in _names(host, one.path, left):
                if into or name.endswith(KINDS):
                    waiting.append((Path(os.path.join(one.path, name), one.of, into), depth + 1))
        elif one.into == "own" and stat.S_ISLNK(status.st_mode):
            yield one.path, one.of, status


def _names(host: Host, folder: str, most: int) -> List[str]:
    """The names in a folder, so many at most: whose folder it is may fill it."""
    try:
        with os.scandir(host.path(folder)) as entries:
            return [entry.name for entry in itertools.islice(entries, most)]
    except OSError:
        return []


def _newest(host: Host, path: str, status: os.stat_result) -> Tuple[float, str]:
    """The last thing that became of an entry, and when; of one of root's own links also of the file behind it."""
    if stat.S_ISDIR(status.st_mode):
        return status.st_mtime, "got or lost an entry"
    if not stat.S_ISLNK(status.st_mode):
        return status.st_ctime, _what(status)
    linked = status.st_ctime, "was linked"
    if status.st_uid != os.geteuid():
        return linked
    try:
        behind = host.stat(path)
    except OSError:
        return linked
    return max(linked, (behind.st_ctime, _what(behind)))


def _what(status: os.stat_result) -> str:
    return (
        "was written" if status.st_ctime - status.st_mtime <= SLACK else "was put there, or got another owner or mode"
    )


def _explained(folder: str, one: "Change", found: "Dict[str, Change]") -> bool:
    """Whether a file in a folder that changed says what happened to the folder."""
    return any(
        path != folder and path.startswith(folder) and abs(other["at"] - one["at"]) <= SLACK
        for path, other in found.items()
    )
