# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How configuration files of servers say where they listen. Data only.

Private to this collection: it may change in any release.
"""

import re
from typing import Dict, NamedTuple, Optional, Pattern, Tuple


def _lines(pattern: str) -> "Pattern[str]":
    return re.compile(pattern, re.MULTILINE)


_HAPROXY = _lines(r"^\s*(?:bind|(?:frontend|listen)\s+\S+)\s+(?:(?:ipv[46]|unix)@)?([^\s#@]*:\d+|/\S+)")
_JSON_PORT = _lines(r"^\s*\"port\":\s*(\d+)")


class Format(NamedTuple):
    """How a kind of file says it. address, port and host are what the first group of each finds.

    names: files in the unit's working directory, or the home of its user (~), or whole paths, that are read without being named.
    options: whether CONFIG_OPTIONS name it.
    """

    names: Tuple[str, ...] = ()
    options: bool = True
    address: "Optional[Pattern[str]]" = None
    port: "Optional[Pattern[str]]" = None
    host: "Optional[Pattern[str]]" = None
    any_path: bool = False


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
        ("/etc/grafana/grafana.ini",),
        address=_lines(r"^socket\s*=\s*(/\S+)"),
        port=_lines(r"^http_port\s*=\s*(\d+)"),
        host=_lines(r"^http_addr\s*=\s*(\S+)"),
    ),
    "gitea": Format(
        ("/etc/gitea/app.ini", "/etc/forgejo/app.ini"),
        port=_lines(r"^HTTP_PORT\s*=\s*(\d+)"),
        host=_lines(r"^HTTP_ADDR\s*=\s*([\d.:]+)"),
    ),
    "kibana": Format(
        ("/etc/kibana/kibana.yml", "/etc/opensearch-dashboards/opensearch_dashboards.yml"),
        port=_lines(r"^server\.port:\s*(\d+)"),
        host=_lines(r"^server\.host:\s*[\"']?([\w.:-]+)"),
    ),
    "sonar": Format(("/opt/sonarqube/conf/sonar.properties",), port=_lines(r"^sonar\.web\.port\s*=\s*(\d+)")),
    "nexus": Format(
        ("/opt/sonatype-work/nexus3/etc/nexus.properties", "/opt/nexus/etc/nexus-default.properties"),
        port=_lines(r"^application-port\s*=\s*(\d+)"),
    ),
    "jupyterhub": Format(
        (),
        address=_lines(r"^c\.JupyterHub\.bind_url\s*=\s*([\"'][^\"'\n]+[\"'])"),
        port=_lines(r"^c\.JupyterHub\.port\s*=\s*(\d+)"),
        host=_lines(r"^c\.JupyterHub\.ip\s*=\s*[\"']([\w.:]+)"),
    ),
    "seahub.sh": Format(("/opt/seafile/conf/gunicorn.conf.py",), address=_lines(r"^bind\s*=\s*([^#\n]+)")),
    "start-bitbucket.sh": Format(
        ("/var/atlassian/application-data/bitbucket/shared/bitbucket.properties",), port=_lines(r"^server\.port=(\d+)")
    ),
    "focalboard-server": Format(("config.json",), port=_JSON_PORT),
    "passenger": Format(
        ("Passengerfile.json",),
        address=_lines(r"\"socket_file\":\s*\"([^\"]+)\""),
        port=_lines(r"\"port\":\s*(\d+)"),
        host=_lines(r"\"address\":\s*\"([\d.:a-f]+)\""),
    ),
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
    "synapse.app.homeserver": Format(
        (),
        address=_lines(r"^\s+(?:- )?path:\s*[\"']?(/[\w./-]+\.sock)"),
        port=_lines(r"^\s+-? ?port:\s*(\d+)"),
        host=_lines(r"^\s+bind_addresses:\s*\[\s*[\"']([\d.:a-f]+)[\"']"),
    ),
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
    "code-server": Format(("~/.config/code-server/config.yaml",), address=_lines(r"^bind-addr:\s*(\S+)")),
    "hass": Format(
        ("~/.homeassistant/configuration.yaml",),
        port=_lines(r"^\s+server_port:\s*(\d+)"),
        host=_lines(r"^\s+server_host:\s*[\"']?([\d.:a-f]+)"),
    ),
}
#: What Kestrel reads in the working directory of any program of .NET, which may have a name of its own.
APPSETTINGS = Format(
    ("appsettings.Production.json", "appsettings.json"),
    options=False,
    # A name of the internet is whom it asks.
    address=_lines(r"\"[Uu]rls?\":\s*\"(https?://(?:localhost|[*+]|[\d.]+|\[[^\]\"]*\]):\d+[^\"]*)\""),
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
    "sonar.sh": "sonar",
    "opensearch-dashboards": "kibana",
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
