# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that a command line says its program listens on.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import (
    Place,
    entries,
    read_declared,
    read_list,
    read_port_or_address,
    tcp,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import (
    ADDRESS,
    ARGUMENTS_TOO,
    BARE_PORT,
    CLIENTS,
    COMMANDS,
    CONNECTED_TO,
    HOST,
    LONG,
    NO_SERVING,
    PORT,
    RUNNERS,
    SCRIPTS,
    SERVERS,
    SOCKET,
    UNKNOWN_SERVER,
    Server,
    plain_name,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

_RELATIVE = re.compile(r"^(|--?[\w-]+=)(?:unix:(?!/)|(?=[\w./-]+\.sock$)(?!/))([\w./-]+)$")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_IP = re.compile(r"(\d+\.\d+\.\d+\.\d+|\[?[\da-f]*:[\da-f:]*:[\da-f]*\]?)$")
# A word of its own is an address in `manage.py runserver 0:8000`; gunicorn's MODULE:APP and URLs to connect to are none.
_BARE_ADDRESS = re.compile(r"([\d.]*|localhost|\[[\da-f:]+\]):(\d+)$")
_SOCAT = re.compile(r"(?:TCP[46]?|OPENSSL|SSL)-L(?:ISTEN)?:(\d+)((?:,.*)?)$", re.IGNORECASE)
_SOCAT_UNIX = re.compile(r"UNIX-L(?:ISTEN)?:([^,]+)", re.IGNORECASE)
_TUNNEL = re.compile(r"(?:(\[[\da-f:]+\]|[\w.*-]*):)?(\d+):(?:\[[\da-f:]+\]|[\w.-]+):\d+$")
_PUBLISHED = re.compile(r"(?:(\[[\da-f:]+\]|[\d.]+|localhost):)?(\d+):\d+(?:/tcp)?$")


class Argument(NamedTuple):
    """A word of a command line with the option that it belongs to, as it stands there; None where it belongs to none."""

    option: Optional[str]
    value: str


def expand(argv: Sequence[str], environment: Dict[str, str]) -> List[str]:
    """The command line with its $VARIABLES filled in. A word that is one variable alone may stand for several words."""
    words: List[str] = []
    for word in argv:
        filled = _VARIABLE.sub(lambda found: environment.get(found.group(1), found.group(0)), word)
        words += filled.split() if filled != word and _VARIABLE.match(word) else [filled]
    return words


def in_folder(argv: Sequence[str], folder: str) -> List[str]:
    """The command line with its sockets whole that are named relative to the working directory (unix:shop.sock)."""
    if not folder.startswith("/"):
        return list(argv)
    return [
        _RELATIVE.sub(
            lambda found: "%sunix:%s" % (found.group(1), os.path.normpath(os.path.join(folder, found.group(2)))), word
        )
        for word in argv
    ]


def default_of(argv: Sequence[str], place: Place, folder: str = "") -> "List[DeclaredAddress]":
    """Where the server that a command line starts listens when nothing says it, or computes it. folder: the working directory."""
    name, paths = server_of(argv), [os.path.join(folder, word) for word in argv]
    if NO_SERVING.intersection(argv[1:5]) or any("$(" in one for one in argv):
        return []
    of_command_word = (at for word, at in COMMANDS.get(name, {}).items() if word in argv)
    of_script = (at for script, at in SCRIPTS if any(map(script.search, paths)))
    default = SERVERS.get(name, UNKNOWN_SERVER).default or next(of_command_word, None) or next(of_script, None)
    return entries([read_declared(default)], place) if default else []


def arguments(argv: Sequence[str]) -> List[Argument]:
    """The words of a command line after the program, each with its option. A word after an option may be its value: it is taken for it."""
    found: List[Argument] = []
    words = list(argv[1:])
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if word.startswith("-D") and equals:
            found.append(Argument("-D", word[2:]))
        elif equals and re.match(r"(-|/)?[\w.-]+$", name):
            found.append(Argument(name, value))
        elif word.startswith("-") and words and not words[0].startswith("-"):
            found.append(Argument(word, words.pop(0)))
        else:
            found.append(Argument(word if word.startswith("-") else None, "" if word.startswith("-") else word))
    return found


def server_of(argv: Sequence[str]) -> str:
    """The plain name of the server that a command line starts, also through an interpreter, a shell or a tool; of the program where it is none."""
    runs_any = plain_name(argv[0]) in RUNNERS if argv else False
    named = [(at, word, plain_name(word)) for at, word in enumerate(argv) if "=" not in word]
    names = [name for at, word, name in named if name not in ARGUMENTS_TOO or not at or "/" in word or runs_any]
    runs = [name for name in names if name in SERVERS or name in CLIENTS or name in _OWN_GRAMMAR]
    specific = [
        name for name in runs if name not in ("node", "npm", "npx", "yarn", "pnpm", "bun", "ruby", "php", "artisan")
    ]
    return next(iter(specific or runs[-1:] or names), "")


def of_command(argv: Sequence[str], place: Place) -> "List[DeclaredAddress]":
    """Addresses that a server's arguments say it listens on."""
    name = server_of(argv)
    if name in CLIENTS or any(word in CLIENTS for word in argv[1:4]):
        return []
    if name in _OWN_GRAMMAR:
        return entries(_OWN_GRAMMAR[name](argv), place)
    return entries(_of_options(argv, SERVERS.get(name, UNKNOWN_SERVER)), place)


def _of_options(argv: Sequence[str], server: Server) -> List[Optional[Address]]:
    found: List[Optional[Address]] = []
    ports: List[str] = []
    host = ""
    serves_bare_port = BARE_PORT & {plain_name(word) for word in argv}
    for option, value in arguments(argv):
        if option is None or (
            serves_bare_port and value and option not in server.short and not _kind_of(option, server)
        ):
            if serves_bare_port and value.isdecimal():
                ports.append(value)
            found.append(_bare(value) if option is None or serves_bare_port else None)
            continue
        if option == "-D":
            option, _equals, value = value.partition("=")
        kind, value = _kind_of(option, server), value or _attached(option, server)
        if kind == HOST or (kind == ADDRESS and _IP.match(value)):
            host = value
        elif kind == ADDRESS:
            found += read_list(value)
        elif kind == SOCKET:
            found.append(read_port_or_address(value, any_path=True))
        elif kind == PORT and value.isdecimal():
            ports.append(value)
    return found + [tcp(host.strip("[]"), port) for port in ports]


def _kind_of(option: str, server: Server) -> Optional[str]:
    """What the value of an option is; None where it says nothing about listening."""
    if option in server.short:
        return server.short[option]
    if re.match(r"-[A-Za-z]$", option):
        return None
    attached = server.short.get(option[:2]) if _attached(option, server) else None
    return attached or LONG.get(option.lstrip("-/").lower())


def _attached(option: str, server: Server) -> str:
    """The value that is written right behind a short option (-b127.0.0.1:8000, -p8080); empty where there is none."""
    value = option[2:] if option[:2] in server.short and not option.startswith("--") else ""
    return value if value.isdecimal() or read_declared(value) else ""


def _bare(value: str) -> Optional[Address]:
    found = _BARE_ADDRESS.match(value)
    return read_declared(value) if found and int(found.group(2)) not in CONNECTED_TO else None


def _of_container(argv: Sequence[str]) -> List[Optional[Address]]:
    """Ports that a container's engine publishes. What is inside of the container listens there, unless it shares the host's network."""
    given = arguments(argv)
    if any(option in ("--network", "--net") and value == "host" for option, value in given):
        inside = [word for word in argv if plain_name(word) not in _OWN_GRAMMAR]
        return _of_options(inside, SERVERS.get(server_of(inside), UNKNOWN_SERVER))
    found = [_PUBLISHED.match(value) for option, value in given if option in ("-p", "--publish")]
    return [tcp((one.group(1) or "").strip("[]"), one.group(2)) for one in found if one]


def _of_socat(argv: Sequence[str]) -> List[Optional[Address]]:
    found: List[Optional[Address]] = []
    for word in argv:
        listen, path = _SOCAT.match(word), _SOCAT_UNIX.match(word)
        bind = re.search(r",bind=([^,]+)", listen.group(2)) if listen else None
        found.append(tcp(bind.group(1).strip("[]") if bind else "", listen.group(1)) if listen else None)
        found.append(Address("", 0, path.group(1)) if path else None)
    return found


def _of_ssh(argv: Sequence[str]) -> List[Optional[Address]]:
    """The near ends of ssh's tunnels."""
    found = [_TUNNEL.match(value or option[2:]) for option, value in arguments(argv) if option and option[:2] == "-L"]
    return [tcp((one.group(1) or "127.0.0.1").strip("[]"), one.group(2)) for one in found if one]


def _of_minio(argv: Sequence[str]) -> List[Optional[Address]]:
    """MinIO's console beside its main port, which it has in any case."""
    given = [(option or "").lstrip("-") for option, _value in arguments(argv)]
    found = _of_options(argv, SERVERS["minio"])
    return found if "address" in given or not found else [read_declared(SERVERS["minio"].default or ""), *found]


_OWN_GRAMMAR: Dict[str, Callable[[Sequence[str]], List[Optional[Address]]]] = {
    "docker": _of_container,
    "podman": _of_container,
    "nerdctl": _of_container,
    "minio": _of_minio,
    "socat": _of_socat,
    "ssh": _of_ssh,
    "autossh": _of_ssh,
}
