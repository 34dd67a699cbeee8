# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the servers that people run behind nginx are told where to listen: options, properties, variables. Data only.

Private to this collection: it may change in any release.
"""

import re
from typing import Dict, FrozenSet, NamedTuple, Optional, Tuple

#: What the value of an option or variable is.
ADDRESS, PORT, HOST, SOCKET, ARGUMENTS = "address", "port", "host", "socket", "arguments"


def _of(kind: str, names: str) -> Dict[str, str]:
    return dict.fromkeys(names.split(), kind)


#: Long options and -D properties, without their dashes and in lower case. Whatever is not here is what a program connects to, or none of our business.
LONG: Dict[str, str] = {
    **_of(
        ADDRESS,
        "bind listen urls address addr bind-addr bind-address listen-address listen-addr listenaddr listen-http http-listen"
        " http http-address http-addr http-bind http-listen-addr http-listen-address http.listen-address http.addr http.address"
        " web.listen-address web.listen web-listen web.address web-addr web.addr server.http.addr server.listen"
        " gui-address http-socket https-socket http11-socket entrypoints.web.address entrypoints.http.address console-address",
    ),
    **_of(
        PORT,
        "port http-port httpport http.port http_port server.port listen-port listenport web.port web-port webport"
        " httpsport https-port xmlrpc-port quarkus.http.port micronaut.server.port jetty.http.port jetty.port grails.server.port"
        " play.server.http.port jboss.http.port helidon.server.port server.http.port rundeck.http.port webui-port ratpack.port"
        " server.http-listen-port",
    ),
    **_of(
        HOST,
        "host hostname ip interface http-host http.host httphost httplistenaddress listen-host server.address server.host"
        " quarkus.http.host micronaut.server.host jetty.http.host jetty.host play.server.http.address jboss.bind.address web.host"
        " http-interface xmlrpc-interface server.http-listen-address",
    ),
    **_of(
        SOCKET,
        "socket uwsgi-socket fastcgi-socket scgi-socket uds unix unix-socket socket-path unix-socket-path unix_socket socketpath",
    ),
}


class Server(NamedTuple):
    """A program that serves: its short options, and where it listens when nothing says it (None: it has no port of its own, or it depends)."""

    short: Dict[str, str]
    default: Optional[str] = None


_NODE = {**_of(PORT, "-p"), **_of(HOST, "-H")}
_RACK = {**_of(PORT, "-p"), **_of(HOST, "-o")}
_PLACK = {**_of(ADDRESS, "-l -S"), **_of(HOST, "-o"), **_of(PORT, "-p")}
#: By the name of the program, without a version at its end.
SERVERS: Dict[str, Server] = {
    # Python
    "gunicorn": Server(_of(ADDRESS, "-b"), "127.0.0.1:8000"),
    "hypercorn": Server(_of(ADDRESS, "-b"), "127.0.0.1:8000"),
    "daphne": Server(
        {**_of(HOST, "-b"), **_of(PORT, "-p"), **_of(SOCKET, "-u"), **_of(ADDRESS, "-e")}, "127.0.0.1:8000"
    ),
    "uwsgi": Server(_of(SOCKET, "-s")),
    "flask": Server({**_of(HOST, "-h"), **_of(PORT, "-p")}, "127.0.0.1:5000"),
    "superset": Server({**_of(HOST, "-h"), **_of(PORT, "-p")}, "127.0.0.1:5000"),
    "twistd": Server(_of(ADDRESS, "-p")),
    "http.server": Server(_of(HOST, "-b"), ":8000"),
    "airflow": Server(_of(PORT, "-p")),
    "mlflow": Server({**_of(PORT, "-p"), **_of(HOST, "-h")}, "127.0.0.1:5000"),
    "odoo": Server(_of(PORT, "-p"), ":8069"),
    "odoo-bin": Server(_of(PORT, "-p"), ":8069"),
    # Ruby
    "puma": Server({**_of(ADDRESS, "-b"), **_of(PORT, "-p")}, ":9292"),
    "unicorn": Server({**_RACK, **_of(ADDRESS, "-l")}, ":8080"),
    "unicorn_rails": Server({**_RACK, **_of(ADDRESS, "-l")}, ":8080"),
    "thin": Server({**_of(HOST, "-a"), **_of(PORT, "-p"), **_of(SOCKET, "-S")}, ":3000"),
    "passenger": Server({**_of(HOST, "-a"), **_of(PORT, "-p"), **_of(SOCKET, "-S")}, ":3000"),
    "rackup": Server(_RACK, "localhost:9292"),
    "rails": Server({**_of(HOST, "-b"), **_of(PORT, "-p")}, "localhost:3000"),
    "falcon": Server(_of(ADDRESS, "-b"), ":9292"),
    "iodine": Server({**_of(HOST, "-b"), **_of(PORT, "-p")}, ":3000"),
    # JavaScript
    "next": Server(_NODE, ":3000"),
    "nuxt": Server(_NODE, "localhost:3000"),
    "http-server": Server({**_of(PORT, "-p"), **_of(HOST, "-a")}, ":8080"),
    "serve": Server({**_of(ADDRESS, "-l"), **_of(PORT, "-p")}, ":3000"),
    "json-server": Server({**_of(PORT, "-p"), **_of(HOST, "-H")}, "localhost:3000"),
    "node-red": Server(_of(PORT, "-p"), ":1880"),
    # PHP beside PHP-FPM
    "php": Server(_of(ADDRESS, "-S")),
    "filebrowser": Server({**_of(HOST, "-a"), **_of(PORT, "-p")}, "127.0.0.1:8080"),
    "transmission-daemon": Server(_of(PORT, "-p"), ":9091"),
    "php-cgi": Server(_of(ADDRESS, "-b")),
    "frankenphp": Server(_of(ADDRESS, "-l -a")),
    "spawn-fcgi": Server({**_of(HOST, "-a"), **_of(PORT, "-p"), **_of(SOCKET, "-s")}),
    "fcgiwrap": Server(_of(ADDRESS, "-s")),
    # Perl
    "starman": Server(_PLACK, ":5000"),
    "plackup": Server(_PLACK, ":5000"),
    "starlet": Server(_PLACK, ":5000"),
    "morbo": Server(_of(ADDRESS, "-l"), ":3000"),
    "daemon": Server(_of(ADDRESS, "-l")),
    "prefork": Server(_of(ADDRESS, "-l"), ":3000"),
    # Go and others
    "gitea": Server(_of(PORT, "-p"), ":3000"),
    "forgejo": Server(_of(PORT, "-p"), ":3000"),
    "varnishd": Server(_of(ADDRESS, "-a")),
    "thttpd": Server(_of(PORT, "-p")),
    "mini_httpd": Server(_of(PORT, "-p")),
    "memcached": Server({**_of(HOST, "-l"), **_of(PORT, "-p"), **_of(SOCKET, "-s")}, ":11211"),
    "dockerd": Server(_of(ADDRESS, "-H")),
    # Java
    # What runs whatever is given to it: -p is a port to most of it.
    "node": Server(_NODE),
    "npm": Server(_NODE),
    "npx": Server(_NODE),
    "yarn": Server(_NODE),
    "pnpm": Server(_NODE),
    "bun": Server(_NODE),
    "deno": Server(_of(PORT, "-p")),
    "ruby": Server({**_of(HOST, "-b"), **_RACK}),
}
#: Those without a short option for it, each with its default; empty where it has none.
_PLAIN = (
    "alertmanager=:9093 artisan= astro=localhost:4321 directus=:8055 gatsby=localhost:9000 hypnotoad=:8080 medusa=:9000 metabase=:3000 "
    "navidrome=:4533 nuxi=:3000 octane:start=127.0.0.1:8000 reverb:start=:8080 websockets:serve=:6001 react-scripts=:3000 remix-serve=:3000 "
    "verdaccio=localhost:4873 vue-cli-service=:8080 "
    "bazarr=:6767 caddy= code-server=127.0.0.1:8080 fastapi=127.0.0.1:8000 fastcgi-mono-server4= "
    "focalboard-server=:8000 ghost=127.0.0.1:2368 grafana=:3000 grafana-server=:3000 granian=127.0.0.1:8000 hass=:8123 jellyfin=:8096 "
    "jenkins=:8080 jupyter=localhost:8888 jupyter-lab=localhost:8888 jupyter-notebook=localhost:8888 jupyterhub=:8000 kavita=:5000 kc.sh=:8080 "
    "lidarr=:8686 mattermost=:8065 minio=:9000 n8n=:5678 nexus=:8081 photoprism=:2342 prometheus=:9090 prowlarr=:9696 qbittorrent-nox=:8080 "
    "radarr=:7878 readarr=:8787 registry=:5000 runserver=127.0.0.1:8000 runserver_plus=127.0.0.1:8000 sonarr=:8989 strapi=:1337 streamlit=:8501 "
    "synapse.app.homeserver=127.0.0.1:8008 syncthing=127.0.0.1:8384 uvicorn=127.0.0.1:8000 vaultwarden=:8000 vite=localhost:5173 "
    "waitress-serve=:8080 xsp4= dotnet=localhost:5000 "
)
SERVERS.update(
    (name, Server({}, default or None)) for name, _equals, default in (word.partition("=") for word in _PLAIN.split())
)
#: More of these, whose names are words that others have among their arguments: they count as programs alone.
_PRODUCTS = (
    "adguardhome=:3000 authelia=:9091 calibre-server=:8080 coolwsd=:9980 deluge-web=:8112 docservice=:8000 domoticz=:8080 emby-server=:8096 "
    "etherpad=:9001 gogs=:3000 gotosocial=:8080 gotty=:8080 graylog-server=127.0.0.1:9000 hb-service=:8581 headscale=127.0.0.1:8080 icecast=:8000 "
    "influxd=:8086 jackett=:9117 kibana=localhost:5601 lemmy_server=:8536 listmonk=localhost:9000 llama-server=127.0.0.1:8080 lldap=:17170 loki=:3100 "
    "meilisearch=localhost:7700 miniflux=127.0.0.1:8080 miniserv.pl=:10000 mjpg_streamer=:8080 moonraker=:7125 netdata=:19999 nomad=:4646 nzbget=:6789 "
    "oauth2-proxy=127.0.0.1:4180 octoprint=:5000 ollama=127.0.0.1:11434 ombi=:5000 open-webui=:8080 opensearch-dashboards=localhost:5601 "
    "pleroma=127.0.0.1:4000 pocketbase=127.0.0.1:8090 rserver=:8787 sabnzbdplus=:8080 seahub.sh=127.0.0.1:8000 shellinaboxd=:4200 shiny-server=:3838 "
    "solr=:8983 sonar.sh=:9000 start-bitbucket.sh=:7990 tautulli=:8181 ttyd=:7681 vikunja=:3456 vllm=:8000 wetty=:3000 woodpecker-server=:8000"
)
SERVERS.update(
    (name, Server({}, default)) for name, _equals, default in (word.partition("=") for word in _PRODUCTS.split())
)
UNKNOWN_SERVER = Server({})
#: Commands of tools that do other things as well, and where each listens when nothing says it.
#: `node build` is how SvelteKit's servers are run.
_BUILT = dict.fromkeys(("build", "./build", "build/", "build/index.js", "./build/index.js"), ":3000")
COMMANDS = {"artisan": {"serve": "127.0.0.1:8000"}, "node": _BUILT, "bun": _BUILT}
#: With one of these a server's program works through queues and the like, and listens nowhere.
NO_SERVING = frozenset(
    (
        "worker",
        "runner",
        "jobs:work",
        "schedule:work",
        "schedule:run",
        "queue:listen",
        "solid_queue:start",
        "migrate",
        "shell",
    )
)
#: What builds leave to be run by an interpreter (Nuxt and Nitro, Next.js, SvelteKit, Astro), by its path, and where it listens when nothing says it.
SCRIPTS = (
    (re.compile(r"\.output/server/index\.mjs$|\.next/standalone/(?:\S+/)?server\.js$|/build/index\.js$"), ":3000"),
    (re.compile(r"uptime-kuma/server/server\.js$"), ":3001"),
    (re.compile(r"dist/server/entry\.mjs$"), "localhost:4321"),
    (re.compile(r"(elastic|open)search/bin/(elasticsearch|opensearch|systemd-entrypoint)$"), ":9200"),
)
#: Words that are an argument of many programs, too: they name a server as a path, or where one of these runs it.
ARGUMENTS_TOO = frozenset(
    ["serve", "daemon", "prefork", "next", "thin", "registry"] + [word.partition("=")[0] for word in _PRODUCTS.split()]
)
RUNNERS = frozenset(("npx", "npm", "yarn", "pnpm", "bun", "bunx", "perl", "env", "bundle", "sh", "bash", "dash"))
#: They take --host, --port and the like for what they connect to.
CLIENTS = frozenset(
    _of(
        HOST,
        "celery rq rqworker dramatiq huey sidekiq resque queue:work horizon consul-template mysqld_exporter redis_exporter psql mysql"
        " redis-cli curl wget rsync cloudflared filebeat telegraf fluent-bit promtail systemd-socket-proxyd",
    )
)
#: Ports that a bare HOST:PORT among the arguments is rather connected to: databases, caches, queues, mail, directories.
CONNECTED_TO: FrozenSet[int] = frozenset(
    {
        25,
        53,
        143,
        389,
        465,
        587,
        636,
        993,
        1433,
        1521,
        2181,
        2379,
        3306,
        4222,
        5432,
        5672,
        5900,
        6379,
        6432,
        8125,
        8500,
        9042,
        9092,
        9200,
        11211,
        26379,
        27017,
    }
)
#: `python -m http.server 8000`, `manage.py runserver 8000`, `websockify 6080 localhost:5900`
BARE_PORT: FrozenSet[str] = frozenset({"http.server", "runserver", "runserver_plus", "websockify"})
#: Options of all servers whose value is a file that says more.
CONFIG_OPTIONS = (
    "-c",
    "-C",
    "-f",
    "--config",
    "--config-file",
    "--ini",
    "--conf",
    "--spring.config.location",
    "--config-path",
    "--emperor",
)

#: Variables of the environment that say where to listen, each with what it is. Those that belong together are on one row.
VARIABLES: Tuple[Dict[str, str], ...] = (
    _of(
        ADDRESS,
        "ASPNETCORE_URLS DOTNET_URLS KESTREL__ENDPOINTS__HTTP__URL Kestrel__Endpoints__Http__Url Kestrel__Endpoints__Https__Url",
    ),
    _of(PORT, "ASPNETCORE_HTTP_PORTS DOTNET_HTTP_PORTS"),
    _of(ARGUMENTS, "GUNICORN_CMD_ARGS MINIO_OPTS JENKINS_OPTS JENKINS_ARGS UWSGI_ARGS"),
    _of(ARGUMENTS, "JAVA_OPTS JAVA_ARGS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS CATALINA_OPTS JENKINS_JAVA_OPTIONS"),
    {"UVICORN_PORT": PORT, "UVICORN_HOST": HOST, "UVICORN_UDS": SOCKET},
    {"GRANIAN_PORT": PORT, "GRANIAN_HOST": HOST},
    {"SERVER_PORT": PORT, "SERVER_ADDRESS": HOST, "SERVER_HOST": HOST},
    {"JENKINS_PORT": PORT, "JENKINS_LISTEN_ADDRESS": HOST},
    {"FLASK_RUN_PORT": PORT, "FLASK_RUN_HOST": HOST},
    {"GF_SERVER_HTTP_PORT": PORT, "GF_SERVER_HTTP_ADDR": HOST},
    {"ROCKET_PORT": PORT, "ROCKET_ADDRESS": HOST},
    {"KC_HTTP_PORT": PORT, "KC_HTTP_HOST": HOST},
    {"QUARKUS_HTTP_PORT": PORT, "QUARKUS_HTTP_HOST": HOST},
    {"MICRONAUT_SERVER_PORT": PORT, "MICRONAUT_SERVER_HOST": HOST},
    {"STREAMLIT_SERVER_PORT": PORT, "STREAMLIT_SERVER_ADDRESS": HOST},
    {"GRADIO_SERVER_PORT": PORT, "GRADIO_SERVER_NAME": HOST},
    {"PHOTOPRISM_HTTP_PORT": PORT, "PHOTOPRISM_HTTP_HOST": HOST},
    {"MB_JETTY_PORT": PORT, "MB_JETTY_HOST": HOST},
    {"N8N_PORT": PORT, "N8N_LISTEN_ADDRESS": HOST},
    {"UPTIME_KUMA_PORT": PORT, "UPTIME_KUMA_HOST": HOST},
    {"NUXT_PORT": PORT, "NUXT_HOST": HOST},
    {"NITRO_UNIX_SOCKET": SOCKET},
    {"NITRO_PORT": PORT, "NITRO_HOST": HOST},
    {"GITEA__SERVER__HTTP_PORT": PORT, "GITEA__SERVER__HTTP_ADDR": HOST},
    _of(ADDRESS, "MINIO_ADDRESS MINIO_CONSOLE_ADDRESS"),
    {"OLLAMA_HOST": ADDRESS},
    {"MM_SERVICESETTINGS_LISTENADDRESS": ADDRESS},
    {"REGISTRY_HTTP_ADDR": ADDRESS},
    {"PHX_PORT": PORT},
    {"HTTP_PORT": PORT, "HTTP_HOST": HOST, "HTTP_ADDRESS": HOST},
    {"APP_PORT": PORT, "APP_HOST": HOST},
    {"WEB_PORT": PORT, "WEB_HOST": HOST},
    {"NODE_PORT": PORT, "NODE_HOST": HOST},
    {"LISTEN_PORT": PORT, "LISTEN_HOST": HOST, "LISTEN_IP": HOST},
    _of(ADDRESS, "LISTEN LISTEN_ADDR LISTEN_ADDRESS BIND BIND_ADDR"),
    {"SOCKET_PATH": SOCKET},
    # The plainest last: HOST and PORT as node, ruby and Procfile servers read them, HOSTNAME as Next.js does.
    {"PORT": PORT, "HOST": HOST, "HOSTNAME": HOST, "IP": HOST, "BIND_ADDRESS": HOST},
)

_VERSION = re.compile(r"[-_]?\d[\d.]*$")
_ENDING = re.compile(r"(?i)\.(py|rb|js|mjs|cjs|jar|war|phar|exe|dll|bin)$")


def plain_name(word: str) -> str:
    """The name of a program without its folder, ending and version: gunicorn for /srv/venv/bin/gunicorn3."""
    base = _ENDING.sub("", word.rpartition("/")[2]).lower()
    return base if base in SERVERS else _VERSION.sub("", base)
