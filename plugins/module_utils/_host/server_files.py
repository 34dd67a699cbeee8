# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that a server's own configuration file says it listens on. Only what stands there plainly is read: nothing is computed.

Private to this collection: it may change in any release.
"""

import os
import re
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Pattern, Sequence, Tuple

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
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.server_options import CONFIG_OPTIONS

if TYPE_CHECKING:  # shapes of facts: for the type checker only
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.declared_addresses import DeclaredAddress

READ_LIMIT = 256 * 1024
FILES = 50


def _lines(pattern: str) -> "Pattern[str]":
    return re.compile(pattern, re.MULTILINE)


_HAPROXY = _lines(r"^\s*(?:bind|(?:frontend|listen)\s+\S+)\s+(?:(?:ipv[46]|unix)@)?([^\s#@]*:\d+|/\S+)")
_JSON_PORT = _lines(r"^\s*\"port\":\s*(\d+)")


class Format(NamedTuple):
    """How a kind of file says it. address, port and host are what the first group of each finds.

    names: files beside the unit's working directory (or whole paths) that are read without being named. options: whether CONFIG_OPTIONS name it.
    """

    names: Tuple[str, ...] = ()
    options: bool = True
    address: "Optional[Pattern[str]]" = None
    port: "Optional[Pattern[str]]" = None
    host: "Optional[Pattern[str]]" = None
    any_path: bool = False


_RUBY_SET = _lines(
    r"^\s*(\w+) *= *(?:(File\.expand_path)\(?[ ]*[\"']([./\w-]+)[\"'], *(__FILE__|__dir__)\)?|[\"']([^\"'\n]*)[\"'])\s*(?:#.*)?$"
)

#: By the plain name of the server.
FORMATS: Dict[str, Format] = {
    "gunicorn": Format(("gunicorn.conf.py",), address=_lines(r"^bind\s*=\s*([^#\n]+)")),
    "hypercorn": Format((), address=_lines(r"^bind\s*=\s*([^#\n]+)")),
    "uwsgi": Format(
        (),
        address=_lines(
            r"^\s*(?:socket|http|https|http-socket|https-socket|http11-socket|uwsgi-socket|fastcgi-socket)\s*[=:]\s*([^#;\n]+)"
        ),
        any_path=True,
    ),
    "puma": Format(
        ("config/puma.rb", "config/puma/production.rb"),
        address=_lines(r"^\s*bind\s*\(?\s*[\"']([^\"'#]+)[\"']"),
        port=_lines(r"^\s*port\s*\(?\s*(?:ENV\S*\s*(?:[^\s\d]\S*\s+)?[{|(\"'\s]*|[\"'])?(\d+)"),
    ),
    "unicorn": Format(
        ("config/unicorn.rb",), address=_lines(r"^\s*listen\s*\(?\s*[\"']?([^\"',)\s#]+)"), any_path=True
    ),
    "haproxy": Format(("/etc/haproxy/haproxy.cfg",), address=_HAPROXY, any_path=True),
    "caddy": Format(
        ("/etc/caddy/Caddyfile",), address=_lines(r"^((?:(?:^|, *)(?:https?://)?[\w.*-]*:\d+)+)[^{\n:]*\{?\s*$")
    ),
    "odoo": Format(
        ("/etc/odoo/odoo.conf", "/etc/odoo.conf"),
        port=_lines(r"^(?:http|xmlrpc)_port\s*=\s*(\d+)"),
        host=_lines(r"^http_interface\s*=\s*(\S+)"),
    ),
    "grafana": Format(
        ("/etc/grafana/grafana.ini",), port=_lines(r"^http_port\s*=\s*(\d+)"), host=_lines(r"^http_addr\s*=\s*(\S+)")
    ),
    "gitea": Format(
        ("/etc/gitea/app.ini", "/etc/forgejo/app.ini"),
        port=_lines(r"^HTTP_PORT\s*=\s*(\d+)"),
        host=_lines(r"^HTTP_ADDR\s*=\s*([\d.:]+)"),
    ),
    "kibana": Format(
        ("/etc/kibana/kibana.yml",),
        port=_lines(r"^server\.port:\s*(\d+)"),
        host=_lines(r"^server\.host:\s*[\"']?([\w.:-]+)"),
    ),
    "sonar": Format(("/opt/sonarqube/conf/sonar.properties",), port=_lines(r"^sonar\.web\.port\s*=\s*(\d+)")),
    "nexus": Format(
        ("/opt/nexus/etc/nexus-default.properties", "/opt/sonatype-work/nexus3/etc/nexus.properties"),
        port=_lines(r"^application-port\s*=\s*(\d+)"),
    ),
    "focalboard-server": Format(("config.json",), port=_JSON_PORT),
    "passenger": Format(("Passengerfile.json",), port=_JSON_PORT),
    "thin": Format(
        (),
        address=_lines(r"^socket:\s*(\S+)"),
        port=_lines(r"^port:\s*(\d+)"),
        host=_lines(r"^address:\s*(\S+)"),
        any_path=True,
    ),
    "traefik": Format(
        ("/etc/traefik/traefik.yml", "/etc/traefik/traefik.yaml"), address=_lines(r"^ +address: *[\"']?([\d.]*:\d+)")
    ),
    "lswsctrl": Format(("/usr/local/lsws/conf/httpd_config.conf",), address=_lines(r"^\s*address\s+(\S+:\d+)")),
    "ghost": Format(("config.production.json",), port=_lines(r"\"server\":\s*\{[^}]*\"port\":\s*\"?(\d+)")),
    "kavita": Format(("config/appsettings.json",), port=_lines(r"^\s*\"Port\":\s*(\d+)")),
    "synapse.app.homeserver": Format((), port=_lines(r"^\s+-? ?port:\s*(\d+)")),
    "shiny-server": Format(("/etc/shiny-server/shiny-server.conf",), port=_lines(r"^\s*listen\s+(\d+)")),
    "rserver": Format(
        ("/etc/rstudio/rserver.conf",), port=_lines(r"^www-port\s*=\s*(\d+)"), host=_lines(r"^www-address\s*=\s*(\S+)")
    ),
    "lighttpd": Format(
        ("/etc/lighttpd/lighttpd.conf",),
        port=_lines(r"^server\.port\s*=\s*(\d+)"),
        host=_lines(r"^server\.bind\s*=\s*\"?([\w.:]+)"),
    ),
    "mattermost": Format(("/opt/mattermost/config/config.json",), address=_lines(r"\"ListenAddress\":\s*\"([^\"]+)\"")),
    "rr": Format((".rr.yaml",), address=_lines(r"^http:\s*\n(?:\s*#.*\n)*\s+address:\s*[\"']?([^\s\"'#]+)")),
    "stunnel": Format(("/etc/stunnel/stunnel.conf",), address=_lines(r"^\s*accept\s*=\s*(\S+)")),
    "memcached": Format(
        ("/etc/memcached.conf",), port=_lines(r"^-p\s*(\d+)"), host=_lines(r"^-l\s*([\d.:]+)"), options=False
    ),
    "code-server": Format((), address=_lines(r"^bind-addr:\s*(\S+)")),
}
#: What Kestrel reads in the working directory of any program of .NET, which may have a name of its own.
APPSETTINGS = Format(
    ("appsettings.Production.json", "appsettings.json"),
    options=False,
    address=_lines(r"\"[Uu]rls?\":\s*\"(http[^\"]+:\d+[^\"]*)\""),
)
ALIASES = {
    "frankenphp": "caddy",
    "rails": "puma",
    "grafana-server": "grafana",
    "forgejo": "gitea",
    "odoo-bin": "odoo",
    "systemd-memcached-wrapper": "memcached",
    "unicorn_rails": "unicorn",
    "stunnel4": "stunnel",
}
SERVARR = ("sonarr", "radarr", "lidarr", "readarr", "prowlarr")
SERVARR_XML = Format(port=_lines(r"<Port>(\d+)</Port>"), host=_lines(r"<BindAddress>([\d.:]+)</"))
SPRING = Format(
    port=_lines(r"^(?:server\.port\s*[=:]|server:\s*\n(?:[ \t]+[^\n]*\n)*?[ \t]+port:)\s*(?:\$\{\w+:)?[\"']?(\d+)"),
    host=_lines(
        r"^(?:server\.address\s*[=:]|server:\s*\n(?:[ \t]+[^\n]*\n)*?[ \t]+address:)\s*[\"']?([\d.:]+|localhost)"
    ),
)
SPRING_FILES = ("application.properties", "application.yml", "application.yaml")
COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_COMPOSE_PORT = _lines(r"^\s*-\s*[\"']?((?:[\d.]+:)?\d+:\d+)(?:/tcp)?[\"']?\s*(?:#.*)?$")
_CONNECTOR = re.compile(r"<Connector\b[^>]*?\bport=\"(\d+)\"[^>]*>", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def of_config_files(
    host: Host, argv: Sequence[str], folder: str, server: str, environment: Optional[Dict[str, str]] = None
) -> "List[DeclaredAddress]":
    """Addresses in the files that a server is given, or reads by itself. folder: the working directory."""
    if server == "java":
        return _of_jar(host, argv, folder)
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
    for name in (given if form.options else []) or form.names:
        for path in _files(host, name, folder):
            found += of_file(host, path, form, environment or {})
    return found


def _files(host: Host, name: str, folder: str) -> List[str]:
    """The files that a name stands for: itself, or all that are in that folder (uwsgi's emperor, stunnel)."""
    path = os.path.normpath(os.path.join(folder or "/", re.sub(r"^(file|python):", "", name)))
    return host.glob(os.path.join(path, "*"))[:FILES] if host.is_dir(path) else [path]


def of_file(host: Host, path: str, form: Format, environment: Dict[str, str]) -> "List[DeclaredAddress]":
    """Addresses that one file says, each with its line."""
    text = host.read(path, READ_LIMIT) or ""
    text = filled_in(text, path) if path.endswith(".rb") else text
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


def _of_jar(host: Host, argv: Sequence[str], folder: str) -> "List[DeclaredAddress]":
    """Spring's properties beside the jar and in the working directory, where they go before those in the jar."""
    jar = next((word for word in argv if word.endswith((".jar", ".war"))), "")
    beside = os.path.dirname(os.path.normpath(os.path.join(folder or "/", jar))) if jar else folder or "/"
    given = [value for option, value in arguments(argv) if option == "--spring.config.location"]
    paths = [re.sub(r"^(optional:)?(file:)?", "", one) for value in given for one in value.split(",")]
    paths += [
        os.path.join(where, sub, name)
        for where in (folder or "/", beside)
        for sub in ("config", "")
        for name in SPRING_FILES
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
