# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nginx of a host: its binary, what it was built with, how its master was started, its workers.

Private to this collection: it may change in any release.
"""

import os
import re
import shlex
from typing import Dict, List, NamedTuple, Optional

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import (
    Process,
    Processes,
    foreign_program,
)

MASTER = r"nginx: master process "
WORKER = "nginx: worker process"
STOPPING = "nginx: worker process is shutting down"
NAMES = ("nginx", "openresty", "angie", "tengine", "nginx-debug")
_PROGRAM = "nginx|openresty|angie|tengine|sw-cp-serverd"
FOLDERS = (
    "/usr/local/nginx/sbin",
    "/usr/local/openresty/nginx/sbin",
    "/usr/local/openresty/bin",
    "/usr/local/tengine/sbin",
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/opt/nginx/sbin",
)
# What ./configure writes into the binary by default; relative to the prefix.
BUILT_IN = {
    "prefix": "/usr/local/nginx",
    "conf_path": "conf/nginx.conf",
    "error_log_path": "logs/error.log",
    "pid_path": "logs/nginx.pid",
    "user": "nobody",
}
#: Since its version 3.2.
BUILT_INTO_TENGINE = {
    "prefix": "/usr/local/tengine",
    "conf_path": "conf/tengine.conf",
    "pid_path": "logs/tengine.pid",
}
TEMP_PATHS = {
    "http-client-body-temp-path": "client_body_temp",
    "http-proxy-temp-path": "proxy_temp",
    "http-fastcgi-temp-path": "fastcgi_temp",
    "http-uwsgi-temp-path": "uwsgi_temp",
    "http-scgi-temp-path": "scgi_temp",
}
_OPTION = re.compile(r"(?:^| )-([cpge]) ?(.*?)(?= -[a-zA-Z](?: |$)| -[cpge]|$)")
_TENGINE = re.compile(r"Tengine version: Tengine/(\d{1,9})\.(\d{1,9})")
_OF_NGINX = re.compile(r"nginx version: nginx/([\w.]+)")
#: What it prints for -V, as it stands in the program.
_SAYS = re.compile(r"(?:(?:nginx|Tengine) version: |configure arguments:)[^\0\n]*")
PROGRAM_LIMIT = 16 * 1024 * 1024
_VERSION = re.compile(r"version: [^/\s]+/([\w.]+)(?: \(nginx/([\w.]+)\))?")


class Options(NamedTuple):
    """The options on nginx's command line; None for one that is not there."""

    prefix: Optional[str] = None
    conf: Optional[str] = None
    directives: Optional[str] = None


class Nginx(NamedTuple):
    """Paths are absolute and those in force: of the command line, else of the build. error_log_path may be stderr."""

    binary: str
    version: str
    options: Options
    prefix: str
    conf_path: str
    error_log_path: str
    pid_path: str
    user: str
    temp_paths: List[str]
    master: Optional[Process]
    workers: List[Process]
    others: List[Process]  # masters of other nginx instances on the same host

    def argv(self, *more: str) -> List[str]:
        """The command line that speaks to this very instance."""
        directives = [] if self.options.directives is None else ["-g", self.options.directives]
        return [self.binary, *self.file_options, *[word for word in directives if word], *more]

    @property
    def file_options(self) -> List[str]:
        """The options on its command line that say which files it reads."""
        options = [("-p", self.options.prefix), ("-c", self.options.conf)]
        return [word for pair in options if pair[1] is not None for word in pair if word]


def is_stopping(worker: Process) -> bool:
    return worker.title.startswith(STOPPING)


def workers_of(processes: Processes, master: Process) -> List[Process]:
    """Workers without the cache manager and other helpers, oldest first."""
    return [child for child in processes.children_of(master.pid) if child.title.startswith(WORKER)]


def masters(processes: Processes) -> List[Process]:
    """Root's, the site's own nginx first: a control panel runs one for itself, and an upgrade of the binary runs two for a while."""

    def rank(master: Process) -> List[float]:
        named = os.path.basename(master.exe or "") in NAMES
        return [
            master.unit != "nginx.service",
            not named,
            not workers_of(processes, master),
            -master.started,
        ]

    return sorted(processes.daemons(MASTER, _PROGRAM), key=rank)


def find(host: Host, processes: Processes) -> Optional[Nginx]:
    """The nginx that runs here, else the one that is installed, else None."""
    running = masters(processes)
    master = running[0] if running else None
    binary = _binary(host, master)
    if binary is None:
        return None
    ran = host.run([binary, "-V"])
    if ran.code != 0:
        host.unseen("nginx build", ran.error or ran.err.strip()[:300])
    return _instance(binary, ran.err, processes, running)


def in_container(host: Host, processes: Processes, master: Process) -> Nginx:
    """The nginx of a container. Its program is not run: what it was built with stands in it."""
    dash_v = "\n".join(_SAYS.findall(host.read("/proc/%d/exe" % master.pid, PROGRAM_LIMIT) or ""))
    return _instance(master.title[len(MASTER) :].split(" ")[0] or "nginx", dash_v, processes, [master])


def _instance(binary: str, dash_v: str, processes: Processes, running: List[Process]) -> Nginx:
    """dash_v: what nginx -V says. running: its master, where it runs, then those of others."""
    built, master = built_with(dash_v), running[0] if running else None
    options = started_with(master.title) if master else Options()
    prefix = options.prefix or built["prefix"]
    version = _OF_NGINX.search(dash_v) or _VERSION.search(dash_v)
    return Nginx(
        binary=binary,
        version=(version.groups()[-1] or version.group(1)) if version else "",
        options=options,
        prefix=prefix,
        conf_path=os.path.join(prefix, options.conf or built["conf_path"]),
        error_log_path=_log_path(prefix, built["error_log_path"]),
        pid_path=os.path.join(prefix, built["pid_path"]),
        user=built["user"],
        temp_paths=[
            os.path.join(prefix, built.get(key.replace("-", "_"), default))
            for key, default in sorted(TEMP_PATHS.items())
        ],
        master=master,
        workers=workers_of(processes, master) if master else [],
        others=running[1:],
    )


def _log_path(prefix: str, target: str) -> str:
    return target if target == "stderr" else os.path.join(prefix, target)


def _binary(host: Host, master: Optional[Process]) -> Optional[str]:
    if master is not None:
        named = master.exe or master.title[len(MASTER) :].split(" ")[0]
        if os.path.isabs(named) and not foreign_program(host, named):
            return named
    for name in NAMES:
        found = host.which(name)
        if found:
            return found
    candidates = [os.path.join(folder, name) for folder in FOLDERS for name in ("nginx", "tengine")]
    return next((path for path in candidates if os.access(host.path(path), os.X_OK)), None)


def built_with(dash_v: str) -> Dict[str, str]:
    """The configure arguments in the output of nginx -V, with nginx's own defaults for what is not named."""
    tengine = _TENGINE.match(dash_v)
    named = [int(number) for number in tengine.groups()] if tengine else [0, 0]
    built = {**BUILT_IN, **(BUILT_INTO_TENGINE if named >= [3, 2] else {})}
    for line in dash_v.splitlines():
        if line.startswith("configure arguments:"):
            for word in _split(line.partition(":")[2]):
                name, equals, value = word.partition("=")
                if equals and name.startswith("--"):
                    built[name[2:].replace("-", "_")] = value
    return built


def _split(text: str) -> List[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def started_with(title: str) -> Options:
    """The options in a master's title, where the words are joined by blanks and quotes are lost."""
    found = {letter: value.strip() for letter, value in _OPTION.findall(title)}
    return Options(found.get("p"), found.get("c"), found.get("g"))
