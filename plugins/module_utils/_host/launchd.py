# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of launchd, which starts a Mac's services: the administrator's, and those of Homebrew whether it has handed them to launchd or not.

Their files say what they run, `launchctl print` whether they do. Apple calls its output no interface: only `state`, `pid` and `last exit code` are taken.
Tried against what others have shown of theirs, not on such a host.

Private to this collection: it may change in any release.
"""

import os
import plistlib
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Pattern

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import HOMEBREW, Host, homebrew_owner

SYSTEM = "system"
DAEMONS = "/Library/LaunchDaemons/*.plist"
AGENTS = "/Users/*/Library/LaunchAgents/*.plist"
#: Homebrew's names of its services, until 2026 and since.
LABEL = re.compile(r"(?:homebrew\.mxcl|sh\.brew)\.(.+)$")
KEGS = "%s/opt/*/%s.*.plist"
MOST, FILE_SIZE, SECONDS = 60, 65536, 5.0
_STATE = re.compile(r"^\tstate = (.+)$", re.MULTILINE)
_PID = re.compile(r"^\tpid = (\d+)$", re.MULTILINE)
_EXIT = re.compile(r"^\tlast exit code = (\d+)", re.MULTILINE)
_DISABLED = re.compile(r'^\s+"(.+)" => (?:disabled|true)$', re.MULTILINE)


class Job(NamedTuple):
    """One job. target: as launchctl names it, gui/501/LABEL; state: None where launchd has not loaded it; wanted: None where nobody has asked for it."""

    target: str
    file: str
    argv: List[str]
    state: Optional[str]
    pid: int
    exit_code: Optional[int]
    wanted: Optional[bool]


class _File(NamedTuple):
    """What a job's file says. domains: where launchd may have it, the likeliest first; handed: whether the file lies where launchd looks for it."""

    label: str
    path: str
    argv: List[str]
    domains: List[str]
    handed: bool


def jobs(host: Host, known: Pattern[str]) -> List[Job]:
    """The jobs that an administrator made, and Homebrew's own of which known matches the service or its program."""
    found: Dict[str, _File] = {}
    for one in _files(host):
        formula = LABEL.match(one.label)
        names = [formula.group(1) if formula else one.label, os.path.basename(one.argv[0])]
        if one.label not in found and (any(map(known.match, names)) or not (formula or len(found) > MOST)):
            found[one.label] = one
    disabled = {domain: _disabled(host, domain) for one in found.values() for domain in one.domains[:1]}
    return [_job(host, one, one.label in disabled[one.domains[0]]) for one in found.values()]


def _files(host: Host) -> Iterator[_File]:
    for path in host.glob(DAEMONS):
        yield from _file(host, path, [SYSTEM], True)
    owner = homebrew_owner(host)
    if owner is None:
        return
    domains = ["gui/%d" % owner, "user/%d" % owner]
    if host.owner_of("/dev/console") != owner:
        domains.reverse()  # without a desktop only the second is there
    for path in host.glob(AGENTS):
        if host.owner_of("/".join(path.split("/")[:3])) == owner:
            yield from _file(host, path, domains, True)
    for prefix in HOMEBREW:
        for label in ("homebrew.mxcl", "sh.brew"):
            for path in host.glob(KEGS % (prefix, label)):
                yield from _file(host, path, domains, False)


def _file(host: Host, path: str, domains: List[str], handed: bool) -> Iterator[_File]:
    try:
        said: Any = plistlib.loads(host.read_bytes(path, FILE_SIZE))
        argv = [str(word) for word in said.get("ProgramArguments") or [said["Program"]]]
        yield _File(str(said["Label"]), path, argv, domains, handed)
    except Exception as error:  # noqa: BLE001  a file may be damaged in as many ways as there are kinds of plist
        host.unseen("job of launchd", "%s: %s" % (path, type(error).__name__))


def _disabled(host: Host, domain: str) -> List[str]:
    return _DISABLED.findall(host.run(["launchctl", "print-disabled", domain], SECONDS).out)


def _job(host: Host, one: _File, disabled: bool) -> Job:
    for domain in one.domains:
        ran = host.run(["launchctl", "print", "%s/%s" % (domain, one.label)], SECONDS)
        if ran.code == 0:
            state, pid, code = (pattern.search(ran.out) for pattern in (_STATE, _PID, _EXIT))
            return Job(
                "%s/%s" % (domain, one.label),
                one.path,
                one.argv,
                state.group(1) if state else "",
                int(pid.group(1)) if pid else 0,
                int(code.group(1)) if code else None,
                not disabled,
            )
    # launchd loads what lies in the system's folder at each boot: what it has not, somebody has taken out.
    taken_out = disabled or (one.handed and one.domains == [SYSTEM])
    wanted = False if taken_out else True if one.handed else None
    return Job("%s/%s" % (one.domains[0], one.label), one.path, one.argv, None, 0, None, wanted)
