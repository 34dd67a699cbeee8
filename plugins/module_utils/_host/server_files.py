# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that a server's own configuration file says it listens on. Only what stands there plainly is read: nothing is computed.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Dict, List, Optional, Sequence

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import (
    Place,
    entries,
    entry,
    read_list,
    tcp,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_command import (
    arguments,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_formats import (
    ALIASES,
    APPSETTINGS,
    FORMATS,
    SERVARR,
    SERVARR_XML,
    SPRING,
    SPRING_FILES,
    Format,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import CONFIG_OPTIONS
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.uwsgi_names import filled_in as of_uwsgi
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.uwsgi_names import of_debian

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

READ_LIMIT = 256 * 1024
FILES = 50
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_COMPOSE_PORT = re.compile(r"^\s*-\s*[\"']?((?:[\d.]+:)?\d+:\d+)(?:/tcp)?[\"']?\s*(?:#.*)?$", re.MULTILINE)
_CONNECTOR = re.compile(r"<Connector\b[^>]*?\bport=\"(\d+)\"[^>]*>", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_PROFILES = re.compile(r"(?:--|-D=)spring\.profiles\.active=")
_RUBY_SET = re.compile(
    r"^\s*(\w+) *= *(?:(File\.expand_path)\(?[ ]*[\"']([./\w-]+)[\"'], *(__FILE__|__dir__)\)?|[\"']([^\"'\n]*)[\"'])\s*(?:#.*)?$",
    re.MULTILINE,
)

_RUBY_ENV = re.compile(r"#\{ENV(?:\[|\.fetch\(?)\s*[\"'](\w+)[\"'][^{}]*\}")


def of_config_files(
    host: Host, argv: Sequence[str], folder: str, server: str, environment: Optional[Dict[str, str]] = None
) -> "List[DeclaredAddress]":
    """Addresses in the files that a server is given, or reads by itself. folder: the working directory."""
    if server == "java":
        return _of_jar(host, argv, folder, environment or {})
    if server in ("docker", "docker-compose") and "compose" in " ".join(argv[:3]):
        return _of_compose(host, argv, folder)
    if server in SERVARR:
        data = [value for option, value in arguments(argv) if option in ("-data", "--data", "/data")]
        return of_file(host, os.path.join((data or ["/var/lib/" + server])[0], "config.xml"), SERVARR_XML, {})
    form = FORMATS.get(ALIASES.get(server, server), APPSETTINGS)
    given = [value for option, value in arguments(argv) if option in CONFIG_OPTIONS and value]
    given += [
        word
        for word in argv[1:]
        if word.endswith((".ini", ".xml", ".yaml")) and server == "uwsgi" and word not in given
    ]
    found: "List[DeclaredAddress]" = []
    given = given if form.options else []
    for name in given or form.names:
        # Of those that it reads by itself, the first that says anything.
        for path in _files(host, name, folder, environment or {}) if given or not found else ():
            found += of_file(host, path, form, environment or {})
    return found


def _files(host: Host, name: str, folder: str, environment: Dict[str, str]) -> List[str]:
    """The files that a name stands for: itself, or all that are in that folder (uwsgi's emperor, stunnel)."""
    name = re.sub(r"^~(?=/)", lambda _tilde: environment.get("HOME", "/root"), name)
    path = os.path.normpath(os.path.join(folder or "/", re.sub(r"^(file|python):", "", name)))
    return host.glob(os.path.join(path, "*"))[:FILES] if host.is_dir(path) else [path]


def of_file(host: Host, path: str, form: Format, environment: Dict[str, str]) -> "List[DeclaredAddress]":
    """Addresses that one file says, each with its line."""
    text = host.read(path, READ_LIMIT) or ""
    if path.endswith(".rb"):
        text = _RUBY_ENV.sub(lambda found: environment.get(found.group(1), found.group(0)), filled_in(text, path))
    return _said(of_uwsgi(text, path) if form is FORMATS["uwsgi"] else text, path, form, environment)


def _said(text: str, path: str, form: Format, environment: Dict[str, str]) -> "List[DeclaredAddress]":
    """Addresses that the text of a file says."""
    found: "List[DeclaredAddress]" = []
    for match in form.address.finditer(text) if form.address else ():
        value = "" if re.search(r"[$+%({]|\bf[\"']", match.group(1).strip("( )")) else match.group(1)
        found += entries(read_list(value, form.any_path), _place(path, text, match))
    at = form.host.search(text) if form.host else None
    for match in form.port.finditer(text) if form.port else ():
        named = re.search(r"ENV\S*?[\"'](\w+)[\"']|\$\{(\w+):", match.group(0))
        port = environment.get((named.group(1) or named.group(2)) if named else "", match.group(1))
        found += entries([tcp(at.group(1) if at else "", port)], _place(path, text, match))
    return found


def filled_in(text: str, path: str) -> str:
    """A file of Ruby with what it sets to plain texts, or to folders beside itself, filled in where strings have it (#{shared_dir})."""
    values: Dict[str, str] = {}
    for name, beside, relative, here, plain in _RUBY_SET.findall(text):
        if beside:
            start = path if here == "__FILE__" else os.path.dirname(path)
            values[name] = os.path.normpath(os.path.join(start, relative))
        else:
            values[name] = _fill(plain, values)
    return _fill(text, values)


def _fill(text: str, values: Dict[str, str]) -> str:
    return re.sub(r"#\{(\w+)\}", lambda found: values.get(found.group(1), found.group(0)), text)


def _place(path: str, text: str, match: "re.Match[str]") -> Place:
    """Where the value of a match stands."""
    return Place(path, text.count("\n", 0, match.start(1)) + 1)


def _of_jar(host: Host, argv: Sequence[str], folder: str, environment: Dict[str, str]) -> "List[DeclaredAddress]":
    """Spring's properties beside the jar and in the working directory, where they go before those in the jar; those of a profile go before all."""
    jar = next((word for word in argv if word.endswith((".jar", ".war"))), "")
    beside = os.path.dirname(os.path.normpath(os.path.join(folder or "/", jar))) if jar else folder or "/"
    given = [value for option, value in arguments(argv) if option == "--spring.config.location"]
    paths = [re.sub(r"^(optional:)?(file:)?", "", one) for value in given for one in value.split(",")]
    words = [
        value.rpartition("=")[2] for option, value in arguments(argv) if _PROFILES.match("%s=%s" % (option, value))
    ]
    profiles = ",".join(words or [environment.get("SPRING_PROFILES_ACTIVE", "")]).split(",")
    names = [name.replace(".", "-%s." % one) for one in reversed(profiles) if one for name in SPRING_FILES]
    paths += [
        os.path.join(where, sub, name)
        for group in (names, SPRING_FILES)
        for where in (folder or "/", beside)
        for sub in ("config", "")
        for name in group
    ]
    for path in dict.fromkeys(paths):
        found = of_file(host, path, SPRING, {})
        if found:
            return found
    return []


def _of_compose(host: Host, argv: Sequence[str], folder: str) -> "List[DeclaredAddress]":
    """Ports that a compose file publishes."""
    given = [value for option, value in arguments(argv) if option in ("-f", "--file")]
    found: "List[DeclaredAddress]" = []
    for name in given or COMPOSE_FILES:
        path = os.path.normpath(os.path.join(folder or "/", name))
        text = host.read(path, READ_LIMIT) or ""
        for match in _COMPOSE_PORT.finditer(text):
            published = match.group(1).rpartition(":")[0]
            host_part, _colon, port = published.rpartition(":")
            found += entries([tcp(host_part, port)], _place(path, text, match))
    return found


def of_debians_uwsgi(host: Host) -> "List[DeclaredAddress]":
    """The sockets of the servers that Debian's uwsgi.service starts; what a server inherits is said of its own file as a whole."""
    found: "List[DeclaredAddress]" = []
    for app in of_debian(host):
        found += _said(app.own, app.path, FORMATS["uwsgi"], {})
        for one in _said(app.inherited, app.path, FORMATS["uwsgi"], {}):
            one["line"] = 0
            found.append(one)
    return found


def of_tomcat(host: Host, name: str, base: str = "") -> "List[DeclaredAddress]":
    """HTTP and AJP connectors of a Tomcat: a packaged one by its name, any other by its CATALINA_BASE."""
    path = base.rstrip("/") + "/conf/server.xml" if base else "/etc/%s/server.xml" % name
    text = _COMMENT.sub(lambda found: "\n" * found.group(0).count("\n"), host.read(path) or "")
    found: "List[DeclaredAddress]" = []
    for match in _CONNECTOR.finditer(text):
        at = re.search(r"\baddress=\"([^\"]+)\"", match.group(0))
        address: Optional[Address] = tcp(at.group(1) if at else "", match.group(1))
        found += [entry(address, Place(path, text.count("\n", 0, match.start()) + 1))] if address else []
    return found
