# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PHP-FPM's configuration, read as FPM reads it: each value in force with the file and line that set it.

FPM hands its files line by line to PHP's ini scanner, so nothing ever spans two lines. A section opened again goes on where it was left (names
compare without case), the last value of an entry wins (of an array such as env[A] the first one: FPM applies the list backwards), and after an
include the section is whatever the last included file was in.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class FilePlace(TypedDict):
        """A place in a file; line 0 is the whole file."""

        file: str
        line: int

    class FpmSetting(TypedDict):
        """A value of a pool's `settings`, or of `global`, and where it is set."""

        value: str
        place: FilePlace


#: Entries that FPM knows and whose values are no secret: any other may hold one, as env[] and php_value[] do.
SHOWN = re.compile(
    r"(user|group|pid|daemonize|error_log|prefix|slowlog|clear_env|ch(root|dir)|catch_workers_output|memory_limit"
    r"|(listen|pm|request_|rlimit_|process|security|log_|emergency_|systemd_|decorate_|syslog|events|apparmor)[a-z_.]*"
    r"|php_(admin_)?value\[(memory_limit|max_execution_time)\])\Z"
)
MAX_DEPTH = 5
#: What a look reads of all files, in lines of some hundred characters; a file counts as FILE_COST lines, so that empty ones are counted, too.
MAX_LINES = 100000
FILE_COST = 20

_SECTION = re.compile(r"^[ \t]*\[(?P<name>[^\]]*)\][ \t]*(?P<rest>.*)$")
_NAME = re.compile(r"^(?P<name>[^;\[\]&|^$~(){}!\"]+)(?:\[(?P<key>[^\]]*)\])?$")
_TOKEN = re.compile(
    r"(?P<double>\"(?:[^\"\\]|\\.)*\")|(?P<single>'[^']*')|(?P<comment>;.*)|(?P<bare>[^\"';]+)|(?P<bad>[\"'].*)"
)
_ESCAPE = re.compile(r"\\([\\\"'])")
_WORDS = {"true": "1", "on": "1", "yes": "1", "false": "", "off": "", "no": "", "none": "", "null": ""}


class Place(NamedTuple):
    """A place in a file; line 0 is the whole file."""

    file: str
    line: int

    def as_fact(self) -> "FilePlace":
        return {"file": self.file, "line": self.line}


class Value(NamedTuple):
    """One value as FPM takes it (on and yes are "1", off and no are ""), and where it stands."""

    value: str
    file: str
    line: int

    @property
    def place(self) -> Place:
        return Place(self.file, self.line)

    def as_fact(self) -> "FpmSetting":
        return {"value": self.value, "place": self.place.as_fact()}


class Include(NamedTuple):
    """An include line and the files it brought, in the order in which FPM reads them."""

    pattern: str
    file: str
    line: int
    files: Tuple[str, ...]


class Pool:
    """A pool: its name as first written, where it is first opened, its values in force."""

    def __init__(self, name: str, file: str, line: int) -> None:
        self.name = name
        self.file = file
        self.line = line
        self.settings: Dict[str, Value] = {}
        self.overridden: List[Value] = []  # of listen
        self.last_opened = Value(name, file, line)

    def get(self, key: str) -> Optional[str]:
        found = self.settings.get(key)
        return found.value if found else None


class FpmConfig:
    """All that a tree of FPM files says. errors holds what could not be read or understood."""

    def __init__(self, path: str, prefix: str) -> None:
        self.path = path
        self.prefix = prefix
        self.globals: Dict[str, Value] = {}
        self.pools: Dict[str, Pool] = {}
        self.includes: List[Include] = []
        self.files: List[str] = []
        self.errors: List[Value] = []

    def pool(self, name: str) -> Optional[Pool]:
        return self.pools.get(name.lower())

    def address(self, pool: Pool) -> Optional[Address]:
        """The address of a pool's listen, or None where it has none."""
        listen = pool.get("listen")
        return listen_address(listen, pool.get("prefix") or "", self.prefix) if listen else None

    def dropin_include(self) -> Optional[Include]:
        """The include line that would read a new file of the main configuration's pools: the last *.conf one."""
        for include in reversed(self.includes):
            if include.pattern.endswith(".conf") and "*" in os.path.basename(include.pattern):
                return include
        return None


def listen_address(listen: str, pool_prefix: str, prefix: str) -> Address:
    """The address that FPM listens on: a port alone means every address (FPM binds [::], which takes IPv4 too)."""
    if listen.isdecimal():
        return Address("::", int(listen))
    if ":" in listen:
        return read_address("tcp:" + listen)
    for folder in (pool_prefix, prefix):
        if not listen.startswith("/"):
            listen = "%s/%s" % (folder, listen) if folder else listen
    return Address("", 0, os.path.normpath(listen))


def parse_value(text: str) -> str:
    """What PHP's ini scanner makes of the text after "=". Raises ValueError where a quote is left open."""
    parts: List[str] = []
    quoted = False
    for token in _TOKEN.finditer(text):
        if token.group("bad"):
            raise ValueError("syntax error, a quote is left open")
        if token.group("double"):
            parts.append(_ESCAPE.sub(r"\1", token.group("double")[1:-1]))
        elif token.group("single"):
            parts.append(token.group("single")[1:-1])
        elif token.group("bare"):
            parts.append(token.group("bare").strip(" \t\r"))
            continue
        quoted = quoted or not token.group("comment")
    value = "".join(parts)
    return value if quoted else _WORDS.get(value.lower(), value)


def comment_at(text: str) -> int:
    """Where the comment begins in the text after "=", its blanks included in what comes before; the length where there is none."""
    for token in _TOKEN.finditer(text):
        if token.group("comment"):
            return token.start()
    return len(text)


class _Reader:
    """Reads one tree of files. section is None in [global]."""

    def __init__(self, host: Host, config: FpmConfig) -> None:
        self.host = host
        self.config = config
        self.section: Optional[Pool] = None
        self.left = MAX_LINES
        self.stopped = False

    def file(self, path: str, depth: int) -> None:
        text = self.host.read(path)
        if text is None:
            self.config.errors.append(Value("cannot be read", path, 0))
            return
        if depth >= MAX_DEPTH:
            self.stop("failed to include more than %d files recursively" % MAX_DEPTH, path)
        self.left -= FILE_COST
        for number, line in enumerate(text.split("\n"), 1):
            self.left -= 1 + len(line) // 100
            if self.left < 0:
                self.stop("more than %d lines of configuration: the rest is not read" % MAX_LINES, path)
            if self.stopped:
                return
            if number == 1:
                self.config.files.append(path)
            self.line(line, path, number, depth)

    def stop(self, why: str, path: str) -> None:
        """Read no more: FPM itself would go no further, or a look must not."""
        if not self.stopped:
            self.config.errors.append(Value(why, path, 0))
        self.stopped = True

    def line(self, line: str, path: str, number: int, depth: int) -> None:
        stripped = line.strip(" \t\r")
        if not stripped or stripped.startswith(";"):
            return
        section = _SECTION.match(stripped)
        while section:
            self.open(section.group("name").strip(" \t\"'"), path, number)
            stripped = section.group("rest")
            section = _SECTION.match(stripped)
        if stripped and not stripped.startswith(";"):
            self.entry(stripped, path, number, depth)

    def open(self, name: str, path: str, number: int) -> None:
        if name.lower() == "global":
            self.section = None
            return
        self.section = self.config.pools.setdefault(name.lower(), Pool(name, path, number))
        self.section.last_opened = Value(name, path, number)

    def entry(self, line: str, path: str, number: int, depth: int) -> None:
        left, equals, right = line.partition("=")
        found = _NAME.match(left.rstrip(" \t"))
        try:
            if not found or not equals:
                raise ValueError("syntax error")
            value = parse_value(right)
        except ValueError as error:
            self.config.errors.append(Value(str(error), path, number))
            return
        if found.group("name").strip(" \t") == "include":
            self.include(value, path, number, depth)
            return
        self.store(found, value, path, number)

    def store(self, found: "re.Match[str]", value: str, path: str, number: int) -> None:
        name = found.group("name").strip(" \t").lower()
        if found.group("key") is not None:
            name = "%s[%s]" % (name, found.group("key").strip(" \t\"'"))
        if self.section is not None:
            value = value.replace("$pool", self.section.name)
        settings = self.config.globals if self.section is None else self.section.settings
        if self.section is not None and name == "listen" and name in settings and settings[name].value != value:
            self.section.overridden.append(settings[name])
        if found.group("key") is None:
            settings[name] = Value(value, path, number)
        else:
            settings.setdefault(name, Value(value, path, number))

    def include(self, pattern: str, path: str, number: int, depth: int) -> None:
        if not pattern.startswith("/"):
            pattern = "%s/%s" % (self.config.prefix, pattern)
        files = [name for name in self.host.glob(pattern) if not self.host.is_dir(name)]
        self.config.includes.append(Include(pattern, path, number, tuple(files)))
        for name in files:
            self.file(name, depth + 1)


def parse(host: Host, path: str, prefix: str = "/usr") -> FpmConfig:
    """Read FPM's main file and all that it includes. prefix is the one FPM was built with, or was given with -p."""
    config = FpmConfig(path, prefix)
    _Reader(host, config).file(path, 0)
    return config
