# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the products that people run behind nginx: where they say what went wrong, how their workers are looked into and made more.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listener


class Product(t.NamedTuple):
    """A product, known by its unit's or its process's name. Each text is empty where there is none.

    ends: what its log has where it ended a worker or a request by itself. stack: the command that shows what a process works on ({pid}).
    more: how it gets more workers. log: a log of its own beside its unit's journal. socket: how its socket gets the mode 0660. refuses: the command that
    shows its access lists which end a connection without an answer. limit: what ends a request of its that takes too long, where nothing does by itself.
    """

    name: str
    known_by: t.Pattern[str]
    ends: str = ""
    stack: str = ""
    more: str = ""
    log: str = ""
    socket: str = ""
    refuses: str = ""
    limit: str = ""


_PYTHON = "py-spy dump --pid {pid}"
#: The first that fits: a unit's name says more than a process's, which may be that of an interpreter.
PRODUCTS = (
    Product(
        "gunicorn",
        re.compile(r"gunicorn"),
        "`WORKER TIMEOUT` (longer than --timeout, 30 s), `was sent SIGKILL! Perhaps out of memory?`",
        _PYTHON,
        "gunicorn --workers N (2 x CPUs + 1), or --threads N where requests wait for others",
        socket="--umask 007 in its command",
    ),
    Product(
        "uWSGI",
        re.compile(r"uwsgi"),
        "`HARAKIRI` (longer than `harakiri`), `invalid request block size` (buffer-size), `listen queue of socket ... full`, `unavailable modifier"
        " requested: 0` (the plugin of its language: apt-get install uwsgi-plugin-python3, and plugins = python3 in its .ini)",
        _PYTHON,
        "uwsgi processes = N; its queue is `listen` (100 without)",
        socket="chmod-socket = 660 in its .ini (chown-socket = USER:GROUP where it starts as root)",
        limit="harakiri = 60 in its .ini (none without) ends a request that takes longer: one that gets no answer holds its worker for good",
    ),
    Product(
        "Hypercorn",
        re.compile(r"hypercorn"),
        "tracebacks",
        _PYTHON,
        "hypercorn --workers N",
        socket="--umask 007 in its command",
    ),
    Product(
        "uvicorn",
        re.compile(r"uvicorn|daphne"),
        "tracebacks, and `Child process ... died`",
        _PYTHON,
        "uvicorn --workers N; a call that blocks in an `async def` stops all requests of its worker",
    ),
    Product(
        "Puma",
        re.compile(r"puma"),
        "`Terminating timed out worker` (worker_timeout), `out of memory`",
        "",
        "workers N and threads MIN, MAX in config/puma.rb",
        socket="bind 'unix:///PATH?umask=0007' in config/puma.rb",
    ),
    Product(
        "Unicorn",
        re.compile(r"unicorn"),
        "`worker ... timeout` and `reaped` (longer than `timeout`)",
        "",
        "worker_processes N in its configuration",
    ),
    Product(
        "Apache",
        re.compile(r"apache2|httpd"),
        "`AH00052: child pid ... exit signal`, `AH01071`, and `AH00484: server reached MaxRequestWorkers`",
        "",
        "MaxRequestWorkers (with ServerLimit), as many as the memory holds",
        "/var/log/apache2/error.log",
    ),
    Product(
        "Tomcat",
        re.compile(r"tomcat|catalina"),
        "`OutOfMemoryError`, and `All threads (...) are currently busy`",
        "jstack {pid}",
        "maxThreads of its Connector in server.xml, with a database pool as large",
        "/var/log/tomcat*/catalina.out",
    ),
    Product(
        "Monit",
        re.compile(r"^monit\b"),
        "`Denied connection from non-authorized client`: an `allow` of `set httpd` has to name that address",
        log="/var/log/monit.log",
        refuses="grep -rnA9 'set httpd' /etc/monit/monitrc /etc/monit/conf*",
    ),
    Product(
        "Odoo",
        re.compile(r"odoo|openerp"),
        "`WorkerHTTP (PID) timeout after` (longer than limit_time_real, 120 s), `CPU time limit exceeded` (limit_time_cpu), `virtual memory limit`"
        " (limit_memory_soft, limit_memory_hard): limits of its odoo.conf, at which it ends the worker",
        _PYTHON,
        "workers = N (2 x CPUs + 1) in its odoo.conf, as many as the memory holds",
    ),
    Product(
        "Java",
        re.compile(r"java|jetty|jenkins"),
        "`OutOfMemoryError`, `SEVERE` and stack traces",
        "jstack {pid}",
        "its HTTP threads (Spring Boot: server.tomcat.threads.max), with a database pool as large",
    ),
    Product(
        "Node.js",
        re.compile(r"node|pm2|PM2|next-server"),
        "an uncaught exception with its stack, or `JavaScript heap out of memory` (--max-old-space-size)",
        "",
        "one process takes one request's computing at a time: run one a CPU (pm2 -i max, the cluster module)",
    ),
    Product(
        "docker-proxy",
        re.compile(r"docker-proxy|rootlessport|conmon"),
        "a restart, an exit code (137: killed, mostly for memory), or that the program listens on 127.0.0.1 of its container only",
        "",
        "more workers of the program in the container, or more containers",
    ),
    Product(
        "PHP-FPM",
        re.compile(r"php.*fpm"),
        "`exited on signal`, `execution timed out`, `server reached pm.max_children`, `exited with code 127` (a symbol or a library that an"
        " extension lacks: it was built for another PHP)",
        "",
        "pm.max_children of the pool, as many as the memory holds",
    ),
    Product(
        "HAProxy",
        re.compile(r"haproxy"),
        "the termination state of the request (`SH--`: its server ended it without an answer, `SC--`: it could not be reached, `sH--`: it was too slow),"
        " and the server beside it (grep -nE '^ *(backend|listen|server) ' /etc/haproxy/haproxy.cfg)",
        refuses="grep -nE '(tcp|http)-request .*(reject|silent-drop)|^ *acl ' /etc/haproxy/haproxy.cfg",
    ),
    Product(
        "Varnish",
        re.compile(r"varnish"),
        "`FetchError` of the request (varnishlog -d -g request -q FetchError), and its backends (varnishadm backend.list)",
    ),
    Product(
        "nginx",
        re.compile(r"nginx|openresty|angie|tengine"),
        "the error of its own upstream",
        log="/var/log/nginx/error.log",
        refuses="nginx -T 2>/dev/null | grep -nE 'return 444|(allow|deny|geo) '",
    ),
    Product("Ruby", re.compile(r"ruby|rails|thin|passenger"), "an exception with its stack", "", "more workers"),
    Product("Python", re.compile(r"python"), "a traceback", _PYTHON, "more workers or threads of its server"),
    Product(
        "Grafana",
        re.compile(r"grafana"),
        "`panic:`, and `level=error` with its reason",
        log="/var/log/grafana/grafana.log",
        socket="socket_mode = 0660 and socket_gid = GID (of nginx's group) in [server] of grafana.ini",
    ),
    Product(
        "Gitea",
        re.compile(r"gitea|forgejo"),
        "`panic:` with its goroutines, and `[E]`",
        socket="UNIX_SOCKET_PERMISSION = 660 in [server] of app.ini",
    ),
    Product(
        "Caddy",
        re.compile(r"caddy"),
        "`dial tcp ...: connect: connection refused` (its upstream is down), and `panic:` with its goroutines",
        refuses="grep -nE '^ *abort|remote_ip|client_ip' /etc/caddy/Caddyfile",
    ),
    Product(
        "Xray",
        re.compile(r"xray"),
        "`[Warning]` and `[Error]`, with loglevel warning in its config.json",
        socket='"listen": "{path},0666" of that inbound in its config.json (the mode stands behind a comma)',
    ),
    Product(
        "Mosquitto",
        re.compile(r"mosquitto"),
        "`disconnected due to protocol error`: it speaks MQTT there, which nginx passes on in stream{} alone; http{} takes its WebSockets, at a listener of"
        " their own (`protocol websockets`)",
        log="/var/log/mosquitto/mosquitto.log",
    ),
    Product(
        "Redis",
        re.compile(r"redis|valkey"),
        "`Possible SECURITY ATTACK detected`: it speaks no HTTP; nginx passes it on in stream{} alone, and pages of it have a program of their own",
        log="/var/log/redis/redis-server.log",
    ),
    Product("Go", re.compile(r"prometheus|minio|traefik"), "`panic:` with its goroutines", ""),
)


#: Products that are started by a tool of their own, by the paths of their sockets, and the commands for it.
KEEPERS = (
    (
        re.compile(r"(/passenger[.-]\w+)/agents\.s/"),
        (
            "passenger-status   # on {on}: does Passenger's core run? Its folder is mostly cleaned away from /tmp, or another nginx has started one since",
            "systemctl restart nginx   # on {on}: nginx starts that core, and a reload starts none; passenger_instance_registry_dir /run/passenger-instreg; in"
            " http{{}} keeps its folder out of /tmp",
        ),
    ),
    (
        re.compile(r"^(/var/discourse)/"),
        (
            "cd {0} && ./launcher logs app | tail -n 50   # on {on}: Discourse's container; why did it end?",
            "cd {0} && ./launcher start app   # on {on}; after an update: ./launcher rebuild app",
        ),
    ),
    (
        re.compile(r"(^/var/opt/gitlab)/"),
        (
            "gitlab-ctl status   # on {on}: which of GitLab's services is down",
            "gitlab-ctl tail   # why; then gitlab-ctl start",
        ),
    ),
    (
        re.compile(r"(fcgiwrap)"),
        (
            "apt-get install fcgiwrap; systemctl enable --now fcgiwrap.socket   # on {on}: it runs CGI programs, and its socket is /run/fcgiwrap.socket",
            "# on Fedora and RHEL instead: dnf install fcgiwrap, and systemctl enable --now fcgiwrap@nginx.socket, with /run/fcgiwrap/fcgiwrap-nginx.sock",
        ),
    ),
)


#: Programs that run without listening at all until they are told to serve, each with the line that says how.
SILENT = (
    (
        re.compile(r"/([a-z][a-z0-9_]*)/bin/\1$|beam\.smp|phoenix|elixir"),
        "# if it is a release of Elixir (Phoenix): it serves only with PHX_SERVER=true in its environment, or `server: true` in config/runtime.exs",
    ),
)


def how_to_serve(name: str, commands: t.Iterable[str]) -> tuple[str, ...]:
    """What makes a program listen that runs and listens nowhere; nothing where it is not known for that."""
    words = " ".join([name, *commands])
    return next(((line,) for known_by, line in SILENT if known_by.search(words)), ())


def how_to_start(path: str, on: str) -> tuple[str, ...]:
    """The commands of the product whose socket should be there, for a host; none where the path is nobody's."""
    for known_by, lines in KEEPERS:
        found = known_by.search(path)
        if found:
            return tuple(line.format(found.group(1), on=on) for line in lines)
    return ()


def product_of(listener: Listener) -> Product | None:
    """The product that listens; None where its names say nothing."""
    for name in (listener.get("unit"), listener.get("process")):
        found = next((one for one in PRODUCTS if name and one.known_by.search(name)), None)
        if found:
            return found
    return None
