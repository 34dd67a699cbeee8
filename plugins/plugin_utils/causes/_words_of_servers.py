# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers of pages and of applications say when they do not start, and what helps.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re

SERVERS = (
    (
        re.compile(r'host not found in upstream "(?P<name>[\w.-]+?)(?::\d+)?" in (?P<path>/[\w./-]+:\d+)'),
        (
            "getent hosts {name}   # on {on}: has it an address now? nginx asks for it when it starts, and at a boot a name server or a VPN may come later",
            "# {path}: in a container {name} has to be the name of a service of its compose file (or an alias) in a network of nginx's, and has to run before"
            " nginx starts (docker compose ps -a; depends_on: with condition: service_healthy)",
            "# or let nginx start without it: resolver ADDRESS valid=10s (127.0.0.11 in Docker's own networks), `set $up {name};` and http://$up:PORT in its"
            " pass directive",
        ),
    ),
    (
        re.compile(
            r"UNABLE to load uWSGI plugin|uwsgi: (?:unrecognized|invalid) option|getopt_long\(\) error|no request plugin is loaded"
        ),
        (
            "uwsgi --plugin-list; ls /usr/lib/uwsgi/plugins   # on {on}: which are there; after an upgrade of the system python3_plugin.so has another version"
            " in its name",
            "# apt install uwsgi-plugin-python3 and `plugins = python3` in its .ini; a uwsgi of pip has Python in it: no `plugins` then",
        ),
    ),
    (
        re.compile(r"no python application found|unable to load app 0"),
        (
            "# uwsgi found no application: `module = PACKAGE.wsgi:application` (or wsgi-file, callable), chdir and home (virtualenv) in its .ini; the"
            " traceback above that line says what was missing",
        ),
    ),
    (
        re.compile(
            r"\[pool (?P<pool>[^\]]+)\] (?:user has not been defined|please specify user and group other than root)"
        ),
        (
            "# PHP-FPM was started as root, and pool {pool} names no account for its workers: `user` and `group` there; in a container whose image has an"
            " account of its own, take out `user: root` (compose) or --user",
        ),
    ),
    (
        re.compile(r"mods-enabled/(?P<module>[\w.-]+)\.load: Cannot load"),
        (
            "ls /etc/apache2/mods-available/ /usr/lib/apache2/modules/   # on {on}: which modules are there; an upgrade has taken this one along",
            "a2dismod -f {module} && apachectl configtest   # on {on}; then a2enmod the one that took its place",
        ),
    ),
    (
        re.compile(r"Listen failure: .{0,80}'(?P<path>/[\w./-]+\.sock)'.{0,20}(?:Errno 98|already in use)"),
        (
            "ls -l {path} {path}.lock; ps -fp $(readlink {path}.lock)   # on {on}: Daphne (Twisted) notes its number there; after a crash or a boot it is"
            " another's",
            "rm {path} {path}.lock   # on {on}, if it is; for good: ExecStartPre=-/bin/rm -f {path} {path}.lock in its unit",
        ),
    ),
)
