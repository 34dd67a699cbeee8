# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a unit listens by what it says itself: its command, the script that this is, its environment, its configuration files.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Dict, Iterable, List, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address, read_address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.apache_listens import of_apache
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import (
    Place,
    entries,
    entry,
    read_declared,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.kept_services import kept_services
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.own_config import of_own_config, tomcat_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_command import (
    default_of,
    expand,
    in_folder,
    of_command,
    server_of,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_environment import (
    Environment,
    add_file,
    of_environment,
    words_of,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_files import (
    of_config_files,
    of_debians_uwsgi,
    of_tomcat,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import SERVERS
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.supervised import Program, programs
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_properties import (
    Properties,
    argv_of,
    where_set,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

#: What they would listen on stands in files of their own: a mask, which hides their command, does not hide that.
APACHE = ("apache2.service", "httpd.service")
UWSGI = "uwsgi.service"
SCRIPT_LIMIT = 64 * 1024
_KEEPS_SERVICES = re.compile(r"(?:runit|(?:gitlab-)?runsvdir|daemontools|svscan|s6-svscan|s6)(?:[@-]\S*)?\.service$")
_STREAM = re.compile(r"^(.*) \(Stream\)$")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_NPM = ("npm", "yarn", "pnpm", "bun")
_READ_DOTENV = _NPM + ("node", "next", "nuxt", "deno")
#: Their options go before their files; others listen on what their files say, too.
_BY_OPTIONS = ("gunicorn", "hypercorn", "puma")
_MORE_OPTIONS = "GUNICORN_CMD_ARGS"
#: Variables of init scripts: the program, and its working directory.
_DAEMON = ("DAEMON", "DAEMON_PATH", "EXEC", "PROG_BIN", "BINARY", "BIN", "APP_BIN", "CMD", "COMMAND")
_HOMES = ("WORKINGDIR", "WORKING_DIR", "WORKDIR", "APP_DIR", "APPDIR", "DAEMON_DIR", "BASEDIR", "HOME_DIR")
_SHELLS = ("sh", "bash", "dash", "ash", "zsh", "ksh")


class _Command:
    """A command that a unit runs, with the variables that it has by then."""

    def __init__(self, words: List[str], environment: Environment, place: Place, folder: str) -> None:
        self.words = in_folder(expand(words, environment.values), folder)
        self.environment = environment
        self.place = place
        self.folder = folder
        self.server = server_of(self.words)
        self._variables = [name for name in _VARIABLE.findall(" ".join(words)) if name in environment.places]

    def addresses(self) -> "List[DeclaredAddress]":
        """What its arguments say. What a variable among them says stands where that is set."""
        found = of_command(self.words, self.place)
        for one in found:
            address = read_address(one["address"])
            text = address.path or str(address.port)
            places = [
                self.environment.places[name] for name in self._variables if text in self.environment.values[name]
            ]
            if places:
                one["file"], one["line"] = places[-1]
        return found


def of_socket(properties: Properties) -> "List[DeclaredAddress]":
    """The addresses of a .socket unit that somebody outside of systemd may connect to."""
    place = Place(properties.get("FragmentPath", ""), 0)
    found = [_STREAM.match(line) for line in properties.get("Listen", "").splitlines()]
    addresses = [
        stream.group(1) for stream in found if stream and not stream.group(1).startswith(("@", "/run/systemd/"))
    ]
    return [
        entry(Address("", 0, address) if address.startswith("/") else read_address("tcp:" + address), place)
        for address in addresses
    ]


def is_supervisor(name: str) -> bool:
    """Whether a unit is supervisord's, by its name."""
    return bool(re.match(r"supervisord?\.service$", name))


def _kept_by(host: Host, name: str) -> Optional[Iterable[Program]]:
    """The programs that a unit keeps running, where it is supervisord's, or that of runit, daemontools or s6; None for any other."""
    if is_supervisor(name):
        return programs(host)
    return kept_services(host) if _KEEPS_SERVICES.match(name) else None


def of_supervised(host: Host, program: Program) -> "List[DeclaredAddress]":
    """The addresses of a program of supervisord and its like."""
    found = [*entries([read_declared(program.socket)], program.place), *of_service(host, program.properties)]
    for one in found:
        if one["file"] == program.place.file and not one["line"]:
            one["line"] = program.place.line
    return found


def of_service(host: Host, properties: Properties) -> "List[DeclaredAddress]":
    """The addresses of a service; the first that says any of: its own files, its command, its environment, and what its program does by itself."""
    return said_or_habit(host, properties)[0]


def said_or_habit(host: Host, properties: Properties, service: str = "") -> "Tuple[List[DeclaredAddress], bool]":
    """The addresses of a service, and whether nothing says them: they are then where its program listens by itself.

    service: its name, where files below /etc that bear it count.
    """
    by_files = _of_its_files(host, properties)
    if by_files is not None:
        return _each_once(by_files), False
    environment = environment_of(host, properties)
    folder = properties.get("WorkingDirectory", "").lstrip("!-")
    commands = _commands(host, argv_of(properties), environment, folder, where_set(host, properties, "ExecStart"))
    for command in commands:
        values = command.environment.values
        found = command.addresses()
        if not found and _MORE_OPTIONS in values:
            found = of_environment(command.environment, command.server)
        if not found or command.server not in _BY_OPTIONS:
            found = found + of_config_files(host, command.words, folder, command.server, values)
        found = found or of_environment(command.environment, command.server) or _of_dotenv(host, command.server, folder)
        found = found or of_own_config(host, command.words, command.folder, values.get("NODE_CONFIG_DIR", ""), service)
        if found:
            return _each_once(found), False
    for command in commands:
        found = default_of(command.words, command.place, command.folder)
        if found:
            return found, True
    return [], False


def _each_once(found: "List[DeclaredAddress]") -> "List[DeclaredAddress]":
    return [one for number, one in enumerate(found) if one not in found[:number]]


def _of_its_files(host: Host, properties: Properties) -> "Optional[List[DeclaredAddress]]":
    """The addresses of a service of which files of its own say all, as of what keeps others running; None for any other."""
    name, argv = properties["Id"], argv_of(properties)
    if name in APACHE:
        return of_apache(host)
    kept = _kept_by(host, name)
    if kept is not None:
        return [one for program in kept for one in of_supervised(host, program)]
    if name == UWSGI and argv[:1] == ["/etc/init.d/uwsgi"]:
        return of_debians_uwsgi(host)
    values = environment_of(host, properties).values
    catalina = values.get("CATALINA_BASE") or values.get("CATALINA_HOME") or tomcat_of(host, argv)
    if not name.startswith("tomcat") and not catalina:
        return None
    stem = name[: -len(".service")]
    return of_tomcat(host, stem, "" if host.exists("/etc/%s/server.xml" % stem) else catalina)


def _of_dotenv(host: Host, server: str, folder: str) -> "List[DeclaredAddress]":
    """What the .env of the working directory says, which JavaScript's servers read where their environment lacks it."""
    path = os.path.join(folder, ".env")
    text = host.read(path, SCRIPT_LIMIT) if folder and server in _READ_DOTENV else None
    environment = Environment({}, {})
    add_file(environment, path, text or "")
    return of_environment(environment, server)


def environment_of(host: Host, properties: Properties) -> Environment:
    """The service's variables; files are read after the unit's own settings, as systemd does."""
    environment = Environment({}, {})
    for word in words_of(properties.get("Environment", "")):
        name, equals, value = word.partition("=")
        if equals:
            environment.values[name] = value
            environment.places[name] = where_set(host, properties, "Environment", name + "=")
    user = re.escape(properties.get("User") or "root")
    home = re.search(r"^%s:(?:[^:\n]*:){4}([^:\n]*)" % user, host.read("/etc/passwd") or "", re.MULTILINE)
    if home:
        environment.values.setdefault("HOME", home.group(1))
    for line in properties.get("EnvironmentFiles", "").splitlines():
        path = line.split(" (")[0].lstrip("-")
        add_file(environment, path, host.read(path) or "")
    return environment


def _commands(host: Host, argv: List[str], environment: Environment, folder: str, place: Place) -> List[_Command]:
    """What a unit runs: its command, or those of the shell script that this is."""
    words = argv[1:] if argv and os.path.basename(argv[0]) in _SHELLS + ("env",) and len(argv) > 1 else argv
    script = os.path.normpath(os.path.join(folder or "/", words[0])) if words else ""
    text = host.read(script, SCRIPT_LIMIT) if script and not words[0].startswith("-") else None
    if words and os.path.basename(words[0]) in _NPM:
        return [*_commands_of_npm(host, words[1:], environment, folder), _Command(argv, environment, place, folder)]
    if not text or not re.match(r"#!\s*\S*\b(?:env )?(?:ba|da|z|k)?sh\b", text) or "\0" in text:
        return [_Command(argv, environment, place, folder)] if argv else []
    return [*_commands_of_script(text, script, environment, folder), _Command(argv, environment, place, folder)]


def _commands_of_npm(host: Host, words: List[str], environment: Environment, folder: str) -> List[_Command]:
    """The commands of the script in package.json that `npm start`, `npm run NAME` and their like run."""
    path = os.path.join(folder, "package.json")
    text = host.read(path, SCRIPT_LIMIT) or ""
    name = next((word for word in words if word != "run" and not word.startswith("-")), "")
    found = re.search(r"\"scripts\"\s*:\s*\{[^}]*?\"%s\"\s*:\s*\"((?:[^\"\\]|\\.)*)\"" % re.escape(name), text)
    # Behind as many ends of line as it has in the file, so that its place is told.
    script = "\n" * text.count("\n", 0, found.start(1)) + found.group(1) if found else ""
    return _commands_of_script(script, path, environment, folder)


def _commands_of_script(text: str, path: str, environment: Environment, folder: str) -> List[_Command]:
    """The commands of a script that start a server, each with what the script has set before."""
    found: List[_Command] = []
    own = Environment(dict(environment.values), dict(environment.places))
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        last = number
        while line.endswith("\\") and last < len(lines):
            line, lines[last] = line[:-1] + lines[last], ""
            last += 1
        words = words_of(line)
        settings = [word for word in words if re.match(r"[A-Za-z_]\w*=", word)]
        if settings and (len(settings) == len(words) or words[0] == "export" or "=" in words[0]):
            for word in settings:
                name, _equals, value = word.partition("=")
                own.values[name] = re.sub(r"^\$\{\w+:-([^}]*)\}$", r"\1", value)
                own.places[name] = Place(path, number)
        if words[:1] == ["cd"] and len(words) > 1:
            folder = os.path.normpath(os.path.join(folder or "/", words[1]))
        command = _Command(words, own, Place(path, number), folder or _home_of(own.values))
        if command.server in SERVERS or "java" in [os.path.basename(word) for word in command.words[:3]]:
            found.append(command)
    return found or _daemon_of_script(text, own, folder)


def _daemon_of_script(text: str, own: Environment, folder: str) -> List[_Command]:
    """The program that an init script starts, by the variables that these scripts have."""
    if "### BEGIN INIT INFO" not in text and "start-stop-daemon" not in text and "/init.d/functions" not in text:
        return []
    name = next((one for one in _DAEMON if own.values.get(one)), "")
    words = words_of(own.values.get(name, "")) + words_of(
        own.values.get(name + "_ARGS") or own.values.get("OPTIONS", "")
    )
    for _depth in range(3):
        words = expand(words, own.values)
    home = _home_of(own.values) or folder
    return [_Command(words, own, own.places[name], home)] if words and words[0].startswith("/") else []


def _home_of(values: Dict[str, str]) -> str:
    """The working directory that a script names in a variable; empty where it names none."""
    named = expand([values.get(name, "") for name in _HOMES], values)
    return next((one for one in named if one.startswith("/")), "")
