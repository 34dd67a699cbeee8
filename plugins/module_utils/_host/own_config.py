# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a program that is not known listens, by plain settings in its own configuration files: those that it is given, or that lie beside it.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, List, Match, Sequence, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import (
    Place,
    entries,
    read_port_or_address,
    tcp,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import (
    CLIENTS,
    CONNECTED_TO,
    plain_name,
)

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

READ_LIMIT = 512 * 1024
FILES = 8
#: Longer lines are data, not settings.
LINE_LENGTH = 300
ENDINGS = ("ini", "toml", "yml", "yaml", "json", "conf", "cfg", "properties", "hcl")
#: Where files lie that a program reads by itself, below its own and its working directory, and how they are called beside its own name.
FOLDERS = ("", "config", "conf", ".config", "custom/conf", "sites")
NAMES = ("app", "application", "config", "production", "settings", "server", "default", "common_site_config")
#: A program below bin/ has its settings in a folder beside that, under the name of the folder of both: /opt/keycloak-26.0/bin/kc.sh.
_IN_BIN = re.compile(r"(/(?:[^/]+/)*([^/]+?)(?:[-_]?v?\d[\d.]*)?)/bin(?:/[\w.-]+)?$")
BESIDE_BIN = ("conf", "config", "etc")
#: What lies beside programs here is none of theirs.
OF_THE_SYSTEM = (
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/libexec",
    "/bin",
    "/sbin",
    "/lib",
    "/usr/local/bin",
    "/usr/local/sbin",
)
_NAMED = re.compile(r"\.(?:%s)$" % "|".join(ENDINGS))
#: A setting whose whole name says that it is about listening, and its value, which has nothing else in it.
_SETTING = re.compile(
    r"\s*(?:- +)?[\"']?(?:(?:http|web|server|listen|service|app|bind|socketio|http[._-]listen)?[._-]?port"
    r"|(?:http|web|server)?[._-]?listen(?:[._-]?(?:on|http|addr(?:ess)?))?"
    r"|(?:http[._-])?bind(?:[._-]?(?:to|url|addr(?:ess)?))?|(?:http|web|server)?[._-]?addr(?:ess)?|interface)[\"']?(?:\s*[:=]\s*|\s+)[\"']?"
    r"((?:https?://)?(?:(?:[\d.]+|localhost|\*|\[[\da-f:]+\])?:)?\d{2,5}|unix:/[\w./-]+|/[\w./-]+\.sock)/?[\"']?\s*,?\s*(?:[#;].*)?$",
    re.IGNORECASE,
)
#: The host of a port below it in the same section.
_HOST = re.compile(
    r"\s*[\"']?(?:http|web|server|listen|bind)?[._-]?(?:host|addr(?:ess)?|ip|interface)[\"']?(?:\s*[:=]\s*|\s+)[\"']?"
    r"(\d+\.\d+\.\d+\.\d+|localhost|[\da-f:]*::[\da-f:]*)[\"']?\s*,?\s*(?:[#;].*)?$",
    re.IGNORECASE,
)
_SECTION = re.compile(r"\s*(?:\[+([^\[\]]+)\]+|[\"']?(\w[\w.-]*)[\"']?(?:\s+\"[\w.-]*\")?\s*[:=]?\s*\{?)\s*$")
#: Settings of other sections (database, mail, cache) say what the program connects to.
_OF_LISTENING = re.compile(
    r"(?:^|[._ -])(?:https?|web|server|listen(?:er|ers)?|service|net(?:work)?|app(?:lication)?|api|main|general|global|default)$",
    re.IGNORECASE,
)


def of_own_config(
    host: Host, argv: Sequence[str], folder: str, of_settings: str = "", service: str = ""
) -> "List[DeclaredAddress]":
    """Addresses in the files that a command line names, else in the first that says any of those that lie beside it, or that bear the service's name.

    folder: the working directory; of_settings: one of settings, by the environment; service: its name, where its files below /etc count.
    """
    if any(plain_name(word) in CLIENTS for word in argv[:4]):
        return []
    named = [word.rpartition("=")[2] for word in argv[1:] if _NAMED.search(word)]
    paths = [os.path.normpath(os.path.join(folder or "/", name.strip("\"'"))) for name in named]
    paths = paths or _beside(host, argv, folder, of_settings)[:FILES] + _of_name(host, service)
    for path in paths[: 2 * FILES]:
        found = of_text(host.read(path, READ_LIMIT) or "", path)
        if found:
            return found
    return []


def _beside(host: Host, argv: Sequence[str], folder: str, of_settings: str) -> List[str]:
    """Files that a program mostly reads by itself, as far as they are there."""
    program = argv[0] if argv and argv[0].startswith("/") else ""
    name = plain_name(program)
    folders = [one for one in dict.fromkeys((folder, os.path.dirname(program))) if one.count("/") > 1]
    folders = [one for one in folders if not one.startswith(OF_THE_SYSTEM)]
    places = [os.path.normpath(os.path.join(one, below)) for one in folders for below in FOLDERS]
    in_bin = _IN_BIN.match(os.path.dirname(program)) if not program.startswith(OF_THE_SYSTEM) else None
    places += [os.path.join(_root(in_bin), below) for below in BESIDE_BIN] if in_bin else []
    stems = (name, in_bin.group(2).lower() if in_bin else "", *NAMES)
    wanted = ["%s.%s" % (stem, ending) for stem in stems if stem for ending in ENDINGS]
    found = []
    places += ["/etc/" + one for one in stems[:2] if one]
    for place in filter(None, [of_settings, *places]):
        there = {one.lower(): one for one in host.listdir(place)}
        found += [os.path.join(place, there[one]) for one in wanted if one in there]
    return found


def _of_name(host: Host, service: str) -> List[str]:
    """Files of settings below /etc that bear the name of a service: /etc/NAME.conf, /etc/NAME/settings.yml, for NAME-server as well."""
    stems = {service, service.partition("-server")[0]} if service else ()
    files = [
        one for stem in sorted(stems) for form in (".*", "/*", "/server/*") for one in host.glob("/etc/" + stem + form)
    ]
    return [one for one in files if one.endswith("/config") or _NAMED.search(one)][:FILES]


def _root(in_bin: "Match[str]") -> str:
    """The folder that has the bin/ of a program."""
    return in_bin.group(0).rpartition("/bin")[0]


def tomcat_of(host: Host, argv: Sequence[str]) -> str:
    """The folder of the Tomcat that a script in its bin/ starts, such as Jira's and Confluence's; empty where it is none."""
    in_bin = _IN_BIN.match(os.path.dirname(argv[0])) if argv and argv[0].endswith(".sh") else None
    return _root(in_bin) if in_bin and host.exists(_root(in_bin) + "/conf/server.xml") else ""


def of_text(text: str, path: str) -> "List[DeclaredAddress]":
    """Addresses that the settings of one file say, each with its line."""
    found: "List[DeclaredAddress]" = []
    sections: List[Tuple[int, bool]] = []
    at = ""
    for number, line in enumerate(text.splitlines(), 1):
        line = line[:LINE_LENGTH]
        indent = len(line) - len(line.lstrip())
        setting, of_host = _SETTING.match(line), _HOST.match(line)
        section = None if setting or of_host else _SECTION.match(line)
        if section and section.group(1):
            sections, at = [(-1, bool(_OF_LISTENING.search(section.group(1))))], ""
        elif section or setting or of_host:
            sections = [one for one in sections if one[0] < indent]
        if section and section.group(2):
            sections, at = [*sections, (indent, bool(_OF_LISTENING.search(section.group(2))))], ""
        elif of_host:
            at = of_host.group(1)
        elif setting and all(listens for _indent, listens in sections):
            value = setting.group(1)
            address = tcp(at, value) if value.isdecimal() else read_port_or_address(value)
            is_ours = address and (address.is_unix or address.port not in CONNECTED_TO)
            found += entries([address if is_ours else None], Place(path, number))
    return found
