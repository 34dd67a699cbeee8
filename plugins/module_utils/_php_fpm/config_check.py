# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What php-fpm -t thinks of a configuration, and which line it means.

The binary and the main file that run must be asked: what another PHP version says of them counts for nothing. php-fpm -t needs root, it writes a line to
FPM's error log, and it opens logs but no listening socket.

Private to this collection: it may change in any release.
"""

import re
from typing import TYPE_CHECKING, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.accounts import Accounts
from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FpmConfig, Place, Pool, Value
from ansible_collections.webops.bad_gateway.plugins.module_utils._text import how_it_ended, was_not_run

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    from ansible_collections.webops.bad_gateway.plugins.module_utils._php_fpm.config import FilePlace

    class FpmCheck(TypedDict):
        """A PHP-FPM's `test`: whether it accepts its files (null: could not be asked), what is wrong, and where."""

        sound: Optional[bool]
        error: Optional[str]
        where: Optional[FilePlace]


CHECK_SECONDS = 20.0
SERIOUS = ("ERROR", "ALERT", "PHP")
CONSEQUENCES = (
    "failed to post process",
    "failed to load configuration",
    "FPM initialization failed",
    "Unable to include",
)

#: Exit codes of a shell, a loader or an init system that could not start the program at all, so that its files were not read; below 0: it crashed.

ACCOUNTS = (("user", "user"), ("group", "group"))
OF_THE_SOCKET = (("listen.owner", "user"), ("listen.group", "group"))
#: With one of these FPM does not look at the socket's owner and group.
INSTEAD = ("listen.acl_users", "listen.acl_groups")

_MESSAGE = re.compile(r"^(?:\[[^\]]*\] )?(?:\w+: )??(?P<level>[A-Z]+): +(?P<text>.*)$")
_PLACE = re.compile(r"^\[(?P<file>/[^\]]*):(?P<line>\d+)\] (?P<reason>.*)$")
_INCLUDED = re.compile(r"Unable to include (?P<file>\S+) from \S+ at line (?P<line>\d+)")
_OPENED = re.compile(r"failed to open configuration file '(?P<file>[^']+)'")
_POOL = re.compile(r"^\[pool (?P<name>[^\]]+)\] ")
#: PHP's own end while it starts, as with a file to preload that is not there. In a log it could be the message of a page.
_FATAL = re.compile(r"NOTICE: PHP message: PHP \w+ error: +(?P<reason>.*)$", re.MULTILINE)
_PHP_TAIL = re.compile(r" in Unknown on line \d+$")
_WORD = re.compile(r"[a-z][a-z_]*(?:\.[a-z_]+)*")


class Message(NamedTuple):
    """One line of FPM's: its level (ERROR, ALERT, PHP) and its words."""

    level: str
    text: str


class Verdict(NamedTuple):
    """What FPM says of its files. sound: None where it could not be asked; error then says why."""

    sound: Optional[bool]
    error: Optional[str]
    where: Optional[Place]

    def as_fact(self) -> "FpmCheck":
        where = self.where.as_fact() if self.where else None
        return {"sound": self.sound, "error": self.error, "where": where}


def ask_fpm(host: Host, binary: str, config: FpmConfig) -> Verdict:
    """What FPM itself says of its files."""
    asking = host.acting_as(host.owner_of(binary))
    ran = host.run([*asking, binary, "-t", "--fpm-config", config.path], CHECK_SECONDS)
    if ran.code is None:
        return Verdict(None, ran.error, None)
    if ran.code == 0:
        return without_account(config, Accounts(host)) or Verdict(True, None, None)
    said = ran.err + "\n" + ran.out
    if was_not_run(ran.code, said):
        return Verdict(None, _last_words(said, ran.code), None)
    return verdict(said, config, ran.code)


def without_account(config: FpmConfig, accounts: Accounts) -> Optional[Verdict]:
    """The verdict on a pool whose user or group does not exist: older FPMs notice that when they start, not with -t."""
    for pool in config.pools.values():
        address = config.address(pool)
        gives_away = address is not None and address.is_unix and not any(pool.get(name) for name in INSTEAD)
        for name, kind in ACCOUNTS + (OF_THE_SOCKET if gives_away else ()):
            value = pool.settings.get(name)
            known = accounts.has_user if kind == "user" else accounts.has_group
            if value and value.value and not value.value.isdecimal() and not known(value.value):
                error = "[pool %s] cannot get %s for %s '%s'" % (
                    pool.name,
                    "uid" if kind == "user" else "gid",
                    kind,
                    value.value,
                )
                return Verdict(False, error, value.place)
    return None


def verdict(text: str, config: FpmConfig, code: int = 1) -> Verdict:
    """The first cause in the output of a failed php-fpm -t; what only follows from it is left out. code: its exit code, below 0 a signal's number."""
    messages = _messages(text)
    causes = [message for message in messages if not message.text.startswith(CONSEQUENCES)]
    if not causes:
        fatal = _FATAL.search(text)
        words = [fatal.group("reason")] if fatal else [message.text for message in messages]
        error = _PHP_TAIL.sub("", words[0]) if words else _last_words(text, code)
        return Verdict(False, error, _first_error(config))
    level, message = causes[0]
    placed = _PLACE.match(message)
    if placed:
        return Verdict(False, placed.group("reason"), Place(placed.group("file"), int(placed.group("line"))))
    if level == "PHP":
        return Verdict(False, _PHP_TAIL.sub("", message), _included(messages) or _first_error(config))
    opened = _OPENED.search(message)
    return Verdict(False, message, Place(opened.group("file"), 0) if opened else _guess(message, config))


def _last_words(text: str, code: int) -> str:
    """How php-fpm -t ended, with the last line that was said of it: the loader's, a shell's, or an extension's."""
    return _PHP_TAIL.sub("", how_it_ended("php-fpm -t", code, text))


def serious_lines(text: str) -> List[str]:
    """Errors and alerts in FPM's log that are causes, not consequences."""
    return [message.text for message in _messages(text) if not message.text.startswith(CONSEQUENCES)]


def _messages(text: str) -> List[Message]:
    found = [_MESSAGE.match(line) for line in text.splitlines()]
    return [
        Message(match.group("level"), match.group("text").strip())
        for match in found
        if match and match.group("level") in SERIOUS
    ]


def _included(messages: List[Message]) -> Optional[Place]:
    """FPM counts lines across files: the number that it gives for the include line is that of the bad line in the included file."""
    for message in messages:
        found = _INCLUDED.search(message.text)
        if found:
            return Place(found.group("file"), int(found.group("line")))
    return None


def _first_error(config: FpmConfig) -> Optional[Place]:
    return config.errors[0].place if config.errors else None


def _guess(message: str, config: FpmConfig) -> Optional[Place]:
    """The line that set what the message names, the last one where it names several; a pool's head where nothing of it is set."""
    found = _POOL.match(message)
    pool: Optional[Pool] = config.pool(found.group("name")) if found else None
    text = _POOL.sub("", message)
    named: List[Value] = []
    for settings in [pool.settings] if pool else [config.globals] + [one.settings for one in config.pools.values()]:
        named += [value for name, value in settings.items() if _names(text, name, value.value)]
    if named:
        return max(named, key=lambda value: (config.files.index(value.file), value.line)).place
    return Place(pool.file, pool.line) if pool else None


def _names(message: str, name: str, value: str) -> bool:
    """Whether a message is about this setting: it has its name, or the path that is its value."""
    return name in _WORD.findall(message) or (value.startswith("/") and "(%s)" % value in message)
