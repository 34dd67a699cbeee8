# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a service that does not run would listen, as its command line, its environment and its configuration say.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class DeclaredAddress(TypedDict):
        """One of a unit's `declares`: an address that its configuration says it listens on, and where it says so."""

        address: str
        file: str
        line: int


APACHE_ROOTS = (("/etc/apache2/apache2.conf", "/etc/apache2"), ("/etc/httpd/conf/httpd.conf", "/etc/httpd"))
APACHE_FILES = 300
INCLUDE_DEPTH = 8

# Options whose value is an address: gunicorn, uwsgi, uvicorn, hypercorn, daphne, puma, thin, caddy, node servers.
ADDRESS_OPTIONS = (
    "--bind",
    "-b",
    "--http",
    "--http-socket",
    "--socket",
    "--uwsgi-socket",
    "--fastcgi-socket",
    "--listen",
    "--address",
    "--uds",
    "-s",
    "-S",
)
PORT_OPTIONS = ("--port", "-p", "--http-port")
# `python -m http.server 8000`, `manage.py runserver 8000`
BARE_PORT = {"http.server", "runserver"}
HOST_OPTIONS = ("--host", "-H", "--hostname")
# -b is uwsgi's buffer size, -p its number of processes.
OTHER_MEANING = {"uwsgi": ("-b", "-p")}
CONFIG_OPTIONS = ("-c", "--config", "--ini")
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - the name of what others bind to

_CONFIG_BIND = re.compile(
    r"^\s*(?:bind|socket|http|http-socket|uwsgi-socket|fastcgi-socket)\s*[=:]\s*\[?\s*([^#;\]]+)", re.IGNORECASE
)
_CONNECTOR = re.compile(r"<Connector\b[^>]*?\bport=\"(\d+)\"", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
# A word of its own is an address in `manage.py runserver 0:8000`; gunicorn's MODULE:APP and URLs to connect to are none.
_BARE_ADDRESS = re.compile(r"([\d.]*|localhost|\[[\da-f:]+\]):\d+$")
_IP = re.compile(r"(\d+\.\d+\.\d+\.\d+|\[?[\da-f]*:[\da-f:]*:[\da-f]*\]?)$")
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.*-]*):(\d+)$")


class Place(NamedTuple):
    """A place in a file; line 0 is the whole file."""

    file: str
    line: int


class _Argument(NamedTuple):
    """A word of a command line that belongs to an option, or to none (option is None)."""

    option: Optional[str]
    value: str


def entry(address: Address, place: Place) -> "DeclaredAddress":
    return {"address": str(address), "file": place.file, "line": place.line}


def read_declared(text: str) -> Optional[Address]:
    """An address as daemons write it, None where it is none."""
    text = text.strip().strip("'\"")
    text = re.sub(r"^(tcp|http|https|fastcgi|uwsgi)://", "", text).rstrip("/") if "://" in text else text
    if text.startswith("unix:"):
        text = re.sub(r"^unix:(//(?=/))?", "", text)
    if text.startswith("/"):
        # A path with a tail is what uwsgi and Apache allow; a pid or config file is not a socket.
        return Address("", 0, text) if re.search(r"\.sock(et)?$", text) else None
    found = _HOST_PORT.match(text)
    if not found or not 0 < int(found.group(2)) < 65536:
        return None
    host = found.group(1).strip("[]")
    return Address(host if host not in ("", "*", "0") else ANY_ADDRESS, int(found.group(2)))


def expand(argv: Sequence[str], environment: Dict[str, str]) -> List[str]:
    """The command line with its $VARIABLES filled in."""
    return [_VARIABLE.sub(lambda found: environment.get(found.group(1), found.group(0)), word) for word in argv]


def of_command(argv: Sequence[str], place: Place) -> "List[DeclaredAddress]":
    """Addresses among a server's arguments."""
    found: List[Optional[Address]] = []
    port, host = None, ANY_ADDRESS
    for option, value in _arguments(argv):
        if option in OTHER_MEANING.get(os.path.basename(argv[0]), ()):
            continue
        if option in HOST_OPTIONS or (option in ADDRESS_OPTIONS and _IP.match(value)):
            host = value
        elif option in ADDRESS_OPTIONS:
            found.append(read_declared(":" + value if value.isdecimal() else value))
        elif value.isdecimal() and (option in PORT_OPTIONS or (option is None and BARE_PORT & set(argv))):
            port = value
        elif option is None and _BARE_ADDRESS.match(value):
            found.append(read_declared(value))
    if port:
        found.append(read_declared("%s:%s" % (host, port)))
    return [entry(address, place) for address in dict.fromkeys(found) if address]


def _arguments(argv: Sequence[str]) -> List[_Argument]:
    """The words of a command line, each with its option where that is one of interest."""
    known = ADDRESS_OPTIONS + PORT_OPTIONS + HOST_OPTIONS + CONFIG_OPTIONS
    found: List[_Argument] = []
    words = list(argv[1:])
    while words:
        word = words.pop(0)
        option, equals, value = word.partition("=")
        if option in known and equals:
            found.append(_Argument(option, value))
        elif word in known and words:
            found.append(_Argument(word, words.pop(0)))
        elif not word.startswith("-"):
            found.append(_Argument(None, word))
    return found


def of_config_files(host: Host, argv: Sequence[str], folder: str) -> "List[DeclaredAddress]":
    """Addresses in the config file that an option of gunicorn or uwsgi names."""
    names = [
        value
        for option, value in _arguments(argv)
        if option in CONFIG_OPTIONS or (option is None and value.endswith(".ini"))
    ]
    found: "List[DeclaredAddress]" = []
    for name in names:
        path = os.path.normpath(os.path.join(folder or "/", name.replace("file:", "", 1)))
        for number, line in enumerate((host.read(path) or "").splitlines(), 1):
            bind = _CONFIG_BIND.match(line)
            addresses = (
                [read_declared(":" + part if part.strip().isdecimal() else part) for part in bind.group(1).split(",")]
                if bind
                else []
            )
            found.extend(entry(address, Place(path, number)) for address in addresses if address)
    return found


def of_environment(environment: Dict[str, str], places: Dict[str, Place]) -> "List[DeclaredAddress]":
    """PORT (and HOST) as node, ruby and Procfile servers read them."""
    address = read_declared("%s:%s" % (environment.get("HOST") or ANY_ADDRESS, environment.get("PORT", "")))
    return [entry(address, places["PORT"])] if address else []


def of_tomcat(host: Host, name: str) -> "List[DeclaredAddress]":
    """HTTP and AJP connectors of a packaged Tomcat."""
    path = "/etc/%s/server.xml" % name
    text = _COMMENT.sub(lambda found: "\n" * found.group(0).count("\n"), host.read(path) or "")
    return [
        entry(Address(ANY_ADDRESS, int(found.group(1))), Place(path, text.count("\n", 0, found.start()) + 1))
        for found in _CONNECTOR.finditer(text)
    ]


def of_apache(host: Host) -> "List[DeclaredAddress]":
    """The Listen directives that Apache would obey, includes followed, <IfModule> judged by what is loaded before."""
    for path, folder in APACHE_ROOTS:
        if host.exists(path):
            reader = _Apache(host, folder)
            reader.read(path, 0)
            return reader.found
    return []


class _Apache:
    """As much of Apache's config language as Listen needs."""

    def __init__(self, host: Host, folder: str) -> None:
        self.host = host
        self.folder = folder
        self.files = 0
        self.modules: List[str] = []
        self.found: "List[DeclaredAddress]" = []

    def read(self, path: str, depth: int) -> None:
        if self.files >= APACHE_FILES or depth > INCLUDE_DEPTH:
            self.host.unseen(
                "Listen directives of Apache",
                "more than %d files or %d levels of includes" % (APACHE_FILES, INCLUDE_DEPTH),
            )
            return
        self.files += 1
        off = 0
        for number, line in enumerate((self.host.read(path) or "").splitlines(), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            name = words[0].lower()
            if name == "</ifmodule>":
                off = max(0, off - 1)
            elif name == "<ifmodule":
                # Only blocks that are not in force are counted, and what is nested in them.
                off += 1 if off or not self._loaded(words) else 0
            elif not off and len(words) > 1:
                self._directive(name, words[1:], Place(path, number), depth)

    def _directive(self, name: str, args: List[str], place: Place, depth: int) -> None:
        if name == "listen":
            address = read_declared(":" + args[0] if args[0].isdecimal() else args[0])
            if address:
                self.found.append(entry(address, place))
        elif name == "loadmodule":
            # Blocks name a module by its identifier or by its source file: ssl_module, mod_ssl.c.
            self.modules += [args[0].lower(), "mod_%s.c" % args[0].lower().replace("_module", "")]
        elif name in ("include", "includeoptional"):
            pattern = os.path.join(self.folder, args[0].strip("\"'"))
            for path in self.host.glob(os.path.join(pattern, "*") if self.host.is_dir(pattern) else pattern):
                self.read(path, depth + 1)

    def _loaded(self, words: List[str]) -> bool:
        name = words[1].rstrip(">").lower() if len(words) > 1 else ""
        return (name.lstrip("!") in self.modules) != name.startswith("!")
