# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What package managers say that they did, in the logs that each keeps.

Private to this collection: it may change in any release.
"""

import datetime
import re
import time
from typing import TYPE_CHECKING, Callable, Dict, Iterator, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Span, change
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.files import read_end
from ansible_collections.webops.bad_gateway.plugins.module_utils._logs.rotation import last_rotated

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._history.span import Change

#: Bytes of each log that are read, from its end.
READ_LIMIT = 1024 * 1024
LINE_LENGTH = 20000
_DPKG = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (install|upgrade|remove|purge) ([^\s:]+)\S* (\S+) (\S+)$")
_DNF = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S+) \S+ (\w+): (\S+)$")
_DNF_COMMAND = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S+) DDEBUG Command: (.+)$")
_DNF5 = re.compile(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S+) \[\d+\] INFO RPM callback open file ".*/([^/"]+)\.rpm"$')
_DNF5_COMMAND = re.compile(
    r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S+) \[\d+\] INFO --- DNF5 launched with arguments: "(.+)" ---$'
)
_ZYPP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\|(install|remove) *\|([^|]+)\|(?:\d+:)?([^|]+)\|")
_ZYPP_COMMAND = re.compile(r"(?:# )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\|command\|([^|@]*)@?[^|]*\|([^|]+)\|")
_YUM = re.compile(r"(\w{3} +\d+ \d\d:\d\d:\d\d) (Installed|Updated|Erased): (?:\d+:)?(\S+)$")
_PACMAN = re.compile(
    r"\[([\dT: +-]+)\] \[(?:ALPM|PACMAN)\] (installed|reinstalled|upgraded|downgraded|removed) (\S+) \((\S+)(?: -> (\S+))?\)$"
)
_PACMAN_COMMAND = re.compile(r"\[([\dT: +-]+)\] \[PACMAN\] Running '(.+)'$")
_APK_RUN = re.compile(r"Running `(.+)` at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)$")
_APK = re.compile(r"\(\d+/\d+\) (Installing|Upgrading|Downgrading|Purging) (\S+) \((\S+)(?: -> (\S+))?\)$")
_NEVRA = re.compile(r"(.+)-(?:\d+:)?([^-]+-[^-]+?)(?:\.(?:x86_64|noarch|aarch64|i686|ppc64le|s390x))?$")
_WORDS = {"install": "installed", "upgrade": "upgraded", "remove": "removed", "purge": "purged"}
#: Of dnf only what is new or gone: an upgrade has a line for the old package, too.
_DNF_WORDS = {
    "Installed": "installed",
    "Install": "installed",
    "Upgrade": "upgraded",
    "Downgrade": "downgraded",
    "Reinstall": "reinstalled",
    "Erase": "removed",
    "Erased": "removed",
    "Removed": "removed",
}
_DNF_OLD = ("Upgraded", "Downgraded", "Obsoleted")


class Command(NamedTuple):
    """A command of a package manager: the seconds from when to when it ran, and who asked for it, in words."""

    begins: float
    ends: float
    by: str


def package_changes(host: Host, span: Span) -> "List[Change]":
    """The packages that were installed, upgraded or removed in a span, with the command that did it where a log says so."""
    found: "List[Change]" = []
    for path, read in LOGS.items():
        lines = _lines(host, path, span)
        if lines:
            found += read(host, lines, span)
    return found


def _lines(host: Host, path: str, span: Span) -> List[str]:
    """The last lines of a log, and those of the one before it where it was rotated in the span; none where there is no log."""
    end = read_end(host, path, READ_LIMIT)
    older = last_rotated(host, path)
    data = end.data
    if older and end.whole and _changed(host, older) >= span.since:
        data = read_end(host, older, READ_LIMIT).data + data
    return [line[:LINE_LENGTH].decode("utf-8", "replace") for line in data.split(b"\n") if line]


def _changed(host: Host, path: str) -> float:
    try:
        return host.stat(path).st_mtime
    except OSError:
        return 0.0


def _dpkg(host: Host, lines: List[str], span: Span) -> "Iterator[Change]":
    commands = list(_apt_commands(_lines(host, "/var/log/apt/history.log", span)))
    for line in lines:
        found = _DPKG.match(line)
        at = _local(found.group(1)) if found else None
        if found and at is not None and span.has(at):
            word, name, old, new = _WORDS[found.group(2)], found.group(3), found.group(4), found.group(5)
            versions = [one for one in (old, new) if one != "<none>"]
            if len(versions) == 2 and versions[0] == versions[1]:
                word, versions = "reinstalled", versions[1:]
            yield change(at, "package", name, " ".join([word, " -> ".join(versions)]), _by(commands, at))


def _apt_commands(lines: List[str]) -> Iterator[Command]:
    """The blocks of apt's history: each begins with its start and ends with its end; one that was cut off has none."""
    block: Dict[str, str] = {}
    for line in [*lines, "Start-Date: "]:
        key, _colon, value = line.partition(": ")
        if key == "Start-Date" and block:
            begins = _local(block.get("Start-Date", ""))
            if begins is not None and "Commandline" in block:
                ends = _local(block.get("End-Date", ""))
                by = block.get("Requested-By", "").partition(" ")[0]
                yield Command(begins, begins + 3600 if ends is None else ends, _asked(block["Commandline"], by))
            block = {}
        if key in ("Start-Date", "End-Date", "Commandline", "Requested-By"):
            block[key] = value


def _asked(command: str, user: str = "") -> str:
    """Who asked for a change: unattended-upgrades by its name, else the command and the user who typed it."""
    words = command.split()
    if words and words[0].rpartition("/")[2].startswith("unattended-upgrade"):
        return "unattended-upgrades"
    return command + (" (%s)" % user if user else "")


def _dnf(host: Host, lines: List[str], span: Span) -> "Iterator[Change]":
    commands = []
    for line in _lines(host, "/var/log/dnf.log", span):
        found = _DNF_COMMAND.match(line)
        began = _iso(found.group(1)) if found else None
        if found and began is not None and "makecache" not in found.group(2):
            commands.append(Command(began, began + 3600, _asked(found.group(2).strip())))
    seen: "Dict[str, Change]" = {}
    for line in lines:
        found = _DNF.match(line)
        at = _iso(found.group(1)) if found else None
        parts = _NEVRA.match(found.group(3)) if found else None
        if not (found and parts and at is not None and span.has(at)):
            continue
        name, version, word = parts.group(1), parts.group(2), found.group(2)
        if word in _DNF_OLD and name in seen and " -> " not in seen[name]["what"]:
            done, new = seen[name]["what"].split(" ", 1)
            seen[name]["what"] = "%s %s -> %s" % (done, version, new)
        elif word in _DNF_WORDS:
            seen[name] = change(at, "package", name, "%s %s" % (_DNF_WORDS[word], version), _by(commands, at))
            yield seen[name]


def _dnf5(_host: Host, lines: List[str], span: Span) -> "Iterator[Change]":
    """It names the files that it installs from, once to verify them and once to install them, and nothing that it removes."""
    commands: List[Command] = []
    seen: "Dict[str, Change]" = {}
    for line in lines:
        ran, found = _DNF5_COMMAND.match(line), _DNF5.match(line)
        if ran:
            began = _iso(ran.group(1))
            commands += [Command(began, began + 3600, _asked(ran.group(2)))] if began is not None else []
        at = _iso(found.group(1)) if found else None
        parts = _NEVRA.match(found.group(2)) if found else None
        if parts and at is not None and span.has(at):
            name, version = parts.group(1), parts.group(2)
            seen[name] = change(at, "package", name, "installed %s" % version, _by(commands, at))
    yield from seen.values()


def _zypp(_host: Host, lines: List[str], span: Span) -> "Iterator[Change]":
    """An upgrade is an installation there; which version was there before it does not say."""
    commands: List[Command] = []
    for line in lines:
        ran, found = _ZYPP_COMMAND.match(line), _ZYPP.match(line)
        if ran:
            began = _local(ran.group(1))
            asked = _asked(ran.group(3).replace("'", "").strip(), "" if ran.group(2) == "root" else ran.group(2))
            commands += [Command(began, began + 3600, asked)] if began is not None else []
        at = _local(found.group(1)) if found else None
        if found and at is not None and span.has(at):
            word = "installed" if found.group(2) == "install" else "removed"
            yield change(at, "package", found.group(3), "%s %s" % (word, found.group(4)), _by(commands, at))


def _yum(_host: Host, lines: List[str], span: Span) -> "Iterator[Change]":
    """Its lines have no year: it is the newest that is not in the future."""
    for line in lines:
        found = _YUM.match(line)
        parts = _NEVRA.match(found.group(3)) if found else None
        if found and parts:
            this_year = time.localtime(span.until).tm_year
            times = [
                _local("%d %s" % (year, found.group(1)), "%Y %b %d %H:%M:%S") for year in (this_year, this_year - 1)
            ]
            at = next((one for one in times if one is not None and span.has(one)), None)
            if at is not None:
                word = {"Updated": "upgraded", "Erased": "removed"}.get(found.group(2), "installed")
                yield change(at, "package", parts.group(1), "%s %s" % (word, parts.group(2)))


def _pacman(_host: Host, lines: List[str], span: Span) -> "Iterator[Change]":
    commands: List[Command] = []
    for line in lines:
        ran, found = _PACMAN_COMMAND.match(line), _PACMAN.match(line)
        if ran:
            began = _iso(ran.group(1))
            commands += [Command(began, began + 3600, ran.group(2))] if began is not None else []
        at = _iso(found.group(1)) if found else None
        if found and at is not None and span.has(at):
            versions = " -> ".join(one for one in found.groups()[3:] if one)
            yield change(at, "package", found.group(3), "%s %s" % (found.group(2), versions), _by(commands, at))


def _apk(_host: Host, lines: List[str], span: Span) -> "Iterator[Change]":
    """Its lines have no time of their own: they follow the command's."""
    at, by = None, ""
    for line in lines:
        ran, found = _APK_RUN.match(line), _APK.match(line)
        if ran:
            at, by = _local(ran.group(2)), ran.group(1)
        if found and at is not None and span.has(at):
            word = {"Installing": "installed", "Upgrading": "upgraded", "Purging": "removed"}.get(
                found.group(1), "downgraded"
            )
            versions = " -> ".join(one for one in found.groups()[2:] if one)
            yield change(at, "package", found.group(2), "%s %s" % (word, versions), by)


def _by(commands: List[Command], at: float) -> Optional[str]:
    """Who asked for what was done then: the last command that had begun and not ended."""
    asked = [one.by for one in commands if one.begins <= at <= one.ends]
    return asked[-1] if asked else None


def _local(text: str, form: str = "%Y-%m-%d %H:%M:%S") -> Optional[float]:
    """A local time in seconds since the epoch; None where it is none. apt has two blanks before the hour."""
    try:
        return time.mktime(time.strptime(" ".join(text.split()), form))
    except (OverflowError, ValueError):
        return None


def _iso(text: str) -> Optional[float]:
    """A time with its zone, as dnf and pacman write it; older pacmans write local minutes."""
    if len(text) == len("2019-07-14 21:33"):
        return _local(text, "%Y-%m-%d %H:%M")
    try:
        when = datetime.datetime.strptime(text.replace("Z", "+0000"), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
    return when.timestamp()


#: What reads the lines of each log.
LOGS: "Dict[str, Callable[[Host, List[str], Span], Iterator[Change]]]" = {
    "/var/log/dpkg.log": _dpkg,
    "/var/log/dnf.rpm.log": _dnf,
    "/var/log/dnf5.log": _dnf5,
    "/var/log/yum.log": _yum,
    "/var/log/zypp/history": _zypp,
    "/var/log/pacman.log": _pacman,
    "/var/log/apk.log": _apk,
}
