# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an expert does about the last words of a service that could not start.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._terms_of_managers import in_terms_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._words_of_applications import (
    APPLICATIONS,
    GENERAL,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._words_of_products import PRODUCTS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._words_of_runtimes import RUNTIMES
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._words_of_servers import SERVERS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._words_of_systems import (
    CERTIFICATES,
    DATABASES,
    SYSTEM,
)

_INOTIFY = "/etc/sysctl.d/60-inotify.conf"
#: What runtimes and package managers say, and what helps.
KNOWN = (
    (
        re.compile(r"NODE_MODULE_VERSION|compiled against a different Node|invalid ELF header.{0,80}\.node"),
        (
            "npm rebuild   # on {on}, in its folder and as its user: Node.js was updated, and modules of it in machine code are made for one version",
        ),
    ),
    (
        re.compile(
            r"number of inotify instances has been reached|inotify_init.*EMFILE|ENOSPC: System limit for number of file watchers"
        ),
        (
            "sysctl fs.inotify   # on {on}: what a user's programs may have together",
            "printf 'fs.inotify.max_user_instances = 1024\\nfs.inotify.max_user_watches = 524288\\n' >%s && sysctl -p %s   # on {on}"
            % (_INOTIFY, _INOTIFY),
        ),
    ),
    (
        re.compile(
            r"(?i)\b(?:bind|listen)\b.{0,80}(?:permission denied|EACCES)|(?:permission denied|EACCES).{0,80}\b(?:bind|listen)"
        ),
        (
            "# ports below 1024 are root's, and nginx has 80 and 443 as a rule: switch that listener or redirect off in its configuration, or give it"
            " another port",
            "# if it is to have that port: AmbientCapabilities=CAP_NET_BIND_SERVICE in [Service] of its unit (systemctl edit)",
        ),
    ),
    (
        re.compile(r"(?:EACCES|[Pp]ermission denied).{0,80}?(?P<path>/etc/letsencrypt/(?:live|archive)/[\w./-]+)"),
        (
            "namei -l {path}   # on {on}: which folder and file are root's alone",
            "# a hook in /etc/letsencrypt/renewal-hooks/deploy/ that copies certificate and key to where its user may read them (install -m 0400 -o USER),"
            " and restarts it; each renewal writes a new file for root",
        ),
    ),
    (
        re.compile(r"(?i)node(?:\.js)? version.{0,80}(?:not supported|required|unsupported)|requires? node"),
        (
            "node --version   # on {on}: which one is there; its unit may name another",
            "# install the release that it asks for, and let ExecStart= (or PATH= in Environment=) of its unit lead to that",
        ),
    ),
    (
        re.compile(r"older than the minimum required version \(Java"),
        (
            "java -version; ls -d /usr/lib/jvm/*/   # on {on}: which Java it gets, and which are there",
            "# install one that it takes, and let JAVA_HOME= of its unit (systemctl edit) or update-alternatives --config java lead to that",
        ),
    ),
    (
        re.compile(r"JAVA_HOME"),
        (
            "ls -d /usr/lib/jvm/*/   # on {on}: which Java is there?",
            "# name it in JAVA_HOME= of its unit (systemctl edit) or in its setenv.sh: an update may have removed the other",
        ),
    ),
    (
        re.compile(r"UnsupportedClassVersionError|compiled by a more recent version of the Java Runtime"),
        (
            "java -version   # on {on}, or the Java that ExecStart= or JAVA_HOME names: which one runs it?",
            "# it was built for a newer Java: class file version 52 is Java 8, 55 is 11, 61 is 17, 65 is 21; install that one and name it in its unit",
        ),
    ),
    (
        re.compile(
            r"(?:install or update|must install) \.NET|compatible framework version|framework '[\w.]+', version '[\d.]+' was not found"
        ),
        (
            "dotnet --list-runtimes   # on {on}: which are there? A newer one does not stand in for another main version",
            "# install the runtime that it names (aspnetcore-runtime-X.Y, dotnet-runtime-X.Y), or build it for one that is there; updates bring new main"
            " versions",
        ),
    ),
    (
        re.compile(r"Failed to configure a DataSource|Failed to determine a suitable driver class"),
        (
            "# its settings were not read: spring.datasource.url in application.properties or .yml, which Spring Boot looks for in WorkingDirectory= and its"
            " folder config/",
            "# or the profile that has them is not active: Environment=SPRING_PROFILES_ACTIVE=prod in its unit (systemctl edit)",
        ),
    ),
    (
        re.compile(r"Unable to configure HTTPS endpoint"),
        (
            "# let nginx have TLS and Kestrel none: Environment=ASPNETCORE_URLS=http://127.0.0.1:PORT in its unit (systemctl edit), and no https:// in"
            " Kestrel:Endpoints of its appsettings.json",
        ),
    ),
    (
        re.compile(r"insufficient memory for the Java Runtime|Could not reserve enough space|Cannot allocate memory"),
        (
            "free -m   # on {on}: what is left",
            "# a smaller -Xmx (or MemoryMax=, workers) for it, or less beside it",
        ),
    ),
    (
        re.compile(r"code=killed, status=9/KILL"),
        (
            "journalctl -k --since -1h | grep -i 'killed process'   # on {on}: was it killed for memory?",
            "grep -rnE 'pkill|killall|kill -(9|KILL)' /etc/cron* /var/spool/cron /etc/monit* /usr/local/*bin   # on {on}: or by a script?",
        ),
    ),
    (
        re.compile(r"JavaScript heap out of memory"),
        (
            "# a larger heap: Environment=NODE_OPTIONS=--max-old-space-size=MEGABYTES in its unit; one that grows without end is a leak",
        ),
    ),
    (
        re.compile(r"OutOfMemoryError"),
        (
            "# a larger heap: -Xmx in its command or JAVA_OPTS; one that grows without end is a leak (-XX:+HeapDumpOnOutOfMemoryError)",
        ),
    ),
    (
        re.compile(r"FileNotFoundException: (?P<path>/[\w./@+-]*?(?P<name>[\w@+-]+\.(?:p12|pfx|jks|keystore)))\b"),
        (
            "grep -rnF --exclude-dir=nginx {name} /etc   # on {on}: which Connector or setting names that keystore ({path}), which is not there",
            "# behind nginx on the same host it needs no TLS: without SSLEnabled (Tomcat) or server.ssl.* (Spring Boot) it listens there as plain HTTP, and"
            " nginx asks it with http://",
        ),
    ),
    (
        re.compile(r"Cannot raise FD limit to (?P<want>\d+), limit is (?P<has>\d+)"),
        (
            "# it wants {want} files and may open {has}: a smaller maxconn in haproxy.cfg, each of which takes two, or LimitNOFILE={want} in [Service] of"
            " its unit (systemctl edit)",
        ),
    ),
    (
        re.compile(
            r"UPnP Init (?P<first>[\w.-]+):\d+ failed: UPNP_E_INVALID_INTERFACE|unknown interface (?P<second>[\w.-]+)"
            r"|[Ii]nterface [\"']?(?P<third>[\w.-]+)[\"']? (?:does not exist|not found|is not available)|Cannot find device \"?(?P<fourth>[\w.-]+)"
        ),
        (
            "ip -brief address   # on {on}: has it an interface {first}{second}{third}{fourth}? Names change with the hardware, a hypervisor or an upgrade",
            "grep -rnwI --exclude-dir=nginx {first}{second}{third}{fourth} /etc   # on {on}: which of its settings names it",
        ),
    ),
    (
        re.compile(r"EMFILE|[Tt]oo many open files"),
        (
            "# LimitNOFILE=65536 in [Service] of its unit (systemctl edit); if it forgets to close files or connections, that only puts it off",
        ),
    ),
    (
        re.compile(r"ModuleNotFoundError|No module named|ImportError"),
        (
            "# install what it misses into the environment that ExecStart= names (VENV/bin/pip install -r requirements.txt); after an update of Python"
            " make the environment anew",
            "# if it is the application's own: WorkingDirectory= (gunicorn --chdir) has to be the folder that has it, and User= has to be able to read it",
        ),
    ),
    (
        re.compile(r"Cannot find module|ERR_MODULE_NOT_FOUND"),
        ("# npm ci (and the build) in its WorkingDirectory=, as its user: a deployment may have left that out",),
    ),
    (
        re.compile(r"bundler: command not found: (?P<program>[\w.-]+)"),
        (
            "grep -n {program} Gemfile Gemfile.lock   # on {on}, in its WorkingDirectory=: is the gem in there?",
            "# if it is: bundle install there, as its user and with the Ruby of its unit; if not: bundle add {program}, or another server of the Gemfile in"
            " ExecStart= (rails new has puma)",
        ),
    ),
    (
        re.compile(r"Could not find .{1,200} in (?:locally installed gems|any of the sources)"),
        ("# bundle install in its WorkingDirectory=, as its user and with the Ruby of its unit",),
    ),
)


#: In the order in which they are tried: what says little by itself comes last.
_ALL = (*SYSTEM, *SERVERS, *PRODUCTS, *APPLICATIONS, *KNOWN, *RUNTIMES, *CERTIFICATES, *DATABASES, *GENERAL)
#: How words begin that stood in a log of a service's own.
_OWN_LOG = re.compile(r"(?:[\w.@-]+, in )?(/[\w./@+-]+): ")


def where_it_says(name: str, words: t.Sequence[str], on: str) -> str:
    """The command that shows the rest of a unit's last words: of its journal, or of its own log, where these stood there."""
    own = _OWN_LOG.match(words[0]) if words else None
    if own:
        return "tail -n 50 %s   # on %s: why it ends" % (shlex.quote(own.group(1)), on)
    return "journalctl -u %s -n 50 --no-pager   # on %s: why it ends" % (shlex.quote(name), on)


def what_to_do(said: str, on: str, unit: str = "UNIT", manager: str = "systemd") -> tuple[str, ...]:
    """The lines for a host; none where the words are not known. unit: of who said it. manager: what keeps that running."""
    for known_by, lines in _ALL:
        found = known_by.search(said)
        if found:
            known = (line.format(on=on, unit=shlex.quote(unit), **found.groupdict("")) for line in lines)
            return in_terms_of(manager, known)
    return ()
