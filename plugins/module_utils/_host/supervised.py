# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of supervisord, as its files describe them.

Private to this collection: it may change in any release.
"""

import re
from typing import Dict, Iterator, List, NamedTuple, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import Place
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_environment import words_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import Properties, plain

READ_LIMIT = 256 * 1024
FILES = 50
PATTERNS = (
    "/etc/supervisor/conf.d/*.conf",
    "/etc/supervisord.d/*.ini",
    "/etc/supervisord.d/*.conf",
    "/etc/supervisor.d/*.ini",
)
#: Where Debian's supervisord keeps what programs say for which no file is named.
OWN_LOGS = "/var/log/supervisor/%s-std%s---supervisor-*.log"
_SECTION = re.compile(r"^\[(?:fcgi-)?program:([\w.@-]+)\]", re.MULTILINE)
_NUMBER = re.compile(r"%\(process_num\)(\d*)d")
#: Processes of one program, at most.
NUMBERS = 32
_SETTING = re.compile(
    r"^(command|directory|environment|user|socket|numprocs|numprocs_start|std(?:err|out)_logfile)[ \t]*=[ \t]*(\S.*)$",
    re.MULTILINE,
)
_VARIABLE = re.compile(r"(\w+)=(\"[^\"]*\"|'[^']*'|[^,\s]*)")


class Program(NamedTuple):
    """A program: what systemctl would show of it if it were a unit, where its command stands, and the files that take what it says.

    socket: the one that supervisord itself listens on for it ([fcgi-program:NAME]).
    """

    name: str
    properties: Properties
    place: Place
    logs: List[str]
    socket: str = ""


def programs(host: Host) -> Iterator[Program]:
    """All of them, in the order of the files."""
    for path in [path for pattern in PATTERNS for path in host.glob(pattern)][:FILES]:
        text = host.read(path, READ_LIMIT) or ""
        for section in _SECTION.finditer(text):
            end = text.find("\n[", section.end())
            found = {
                one.group(1): one for one in _SETTING.finditer(text, section.end(), end if end >= 0 else len(text))
            }
            if "command" in found:
                at = Place(path, text.count("\n", 0, found["command"].start()) + 1)
                settings = {key: one.group(2).partition(" ;")[0].strip() for key, one in found.items()}
                for number in _numbers(settings):
                    yield _program(host, section.group(1), _numbered(settings, number), at)


def _numbers(settings: Dict[str, str]) -> Sequence[int]:
    """The numbers of a program's processes."""
    first, many = (settings.get(key, "") for key in ("numprocs_start", "numprocs"))
    start = int(first) if first.isdecimal() else 0
    return range(start, start + min(NUMBERS, int(many) if many.isdecimal() else 1))


def _numbered(settings: Dict[str, str], number: int) -> Dict[str, str]:
    """The settings with the number of a process in its places."""
    return {
        key: _NUMBER.sub(lambda found: ("%" + found.group(1) + "d") % number, value) for key, value in settings.items()
    }


def _program(host: Host, name: str, settings: Dict[str, str], place: Place) -> Program:
    variables = {one.group(1): one.group(2).strip("\"'") for one in _VARIABLE.finditer(settings.get("environment", ""))}
    words = words_of(settings["command"])
    properties = plain(name, place.file, words, settings.get("directory", "").strip(), variables)
    properties["User"] = settings.get("user", "").strip()
    logs = []
    for stream in ("err", "out"):
        named = settings.get("std%s_logfile" % stream, "AUTO").partition(" ;")[0].strip()
        named = named.replace("%(program_name)s", name)
        logs += [named] if named.startswith("/") else host.glob(OWN_LOGS % (name, stream))
    return Program(name, properties, place, logs, settings.get("socket", ""))
