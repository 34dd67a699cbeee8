# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration on disk, or nginx itself, is broken: the running nginx serves with an older one, and a restart would stop it.

Signatures: nginx_config_invalid.

Looked at: nginx -t, which configuration the running nginx has.

Done: nginx is neither reloaded nor restarted: file, line and reason are named.

A quick fix: a restart stops an nginx that still serves, and it does not come back.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._exit_codes import PLAIN, signal_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._nginx_check import NOWHERE, Refusal, refusal

#: How nginx's packages are put back, by the family of the system.
REINSTALL = {
    "debian": (
        "dpkg -V $(dpkg -l 'nginx*' 'libssl[0-9]*' | awk '/^ii/ {print $2}'); tail -n 30 /var/log/dpkg.log   # what is damaged, what came or went last?",
        "apt-get install --reinstall nginx",
    ),
    "redhat": (
        "rpm -V nginx openssl-libs; dnf history | head   # what is damaged, what came or went last?",
        "dnf reinstall nginx",
    ),
}

#: What else is next, by nginx's own words.
HINTS = (
    (
        re.compile(r"is not binary compatible|undefined symbol|module .* version \d+ instead of"),
        "# the module was built for another nginx: install its package of the same version and origin as nginx, or take out its load_module line",
    ),
    (
        re.compile(r"cannot load certificate"),
        "ls -l /etc/letsencrypt/live /etc/ssl/private; certbot certificates   # where the certificate is now; or take that server out until there is one",
    ),
    (
        re.compile(r"unknown directive"),
        "# a misspelt directive, or one of a module that is not loaded: nginx -V, ls /etc/nginx/modules-enabled",
    ),
)


#: A file that nginx cannot have: one of its own, one that is named there, a log.
_FILE = re.compile(
    r'(?:open\(\)|cannot load certificate(?: key)?|SSL_\w+\(|BIO_new_file\() ?"(?P<path>/[^"\n]{1,300})"'
)


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for host in fleet.proxies():
        refused = refusal(host)
        if refused and not refused.is_missing_name:
            yield broken(host, refused) if refused.not_run is None else not_run(host, refused, refused.not_run)


def broken(host: Host, refused: Refusal) -> Finding:
    why = "nginx does not run, and does not start before that is mended"
    start = "systemctl start nginx   # once nginx -t passes"
    if host.nginx.get("master"):
        why = "nginx keeps serving with the configuration that it has loaded; it is neither reloaded nor restarted"
        start = "nginx -s reload   # never restart before nginx -t passes"
    return Finding(
        cause=CAUSE.name,
        seen_from=host.name,
        on=host.name,
        subject=refused.place,
        evidence=(Evidence("config", "nginx -t: %s" % refused.error, 0.95),),
        why=why,
        advice=(
            *(line for words, line in HINTS if words.search(refused.error)),
            *cannot_have(host, refused),
            "nginx -t",
            start,
        ),
    )


def cannot_have(host: Host, refused: Refusal) -> tuple[str, ...]:
    """What shows why nginx cannot have a file, and where it is named; the place to edit, where it is about no file."""
    found = _FILE.search(refused.error)
    if found is None:
        return ("# edit %s" % refused.place,)
    path = shlex.quote(found.group("path"))
    folder = posixpath.dirname((host.nginx.get("configure") or {}).get("conf_path") or "/etc/nginx/nginx.conf")
    where = "# %s is where it is named" % refused.place
    if refused.place == NOWHERE:
        where = "grep -rnF %s %s   # where it is named" % (path, shlex.quote(folder))
    return (
        "namei -l %s   # on %s: what of it is not there, or may not be read? A link (into a checkout, sites-available) may lead nowhere: put back what it"
        " leads to, or remove it" % (path, host.name),
        where,
    )


def not_run(host: Host, refused: Refusal, code: int) -> Finding:
    """nginx's own program is what is broken: its files were not even read."""
    binary = shlex.quote(host.nginx.get("binary") or "nginx")
    means = signal_words(-code) if code < 0 else PLAIN.get(code, "")
    return Finding(
        cause=CAUSE.name,
        seen_from=host.name,
        on=host.name,
        subject=binary,
        evidence=(Evidence("config", refused.error, 0.95),),
        why="nginx's program on disk can't be run%s: the running nginx can't be reloaded, and would not start again"
        % (" (%s)" % means if means else ""),
        advice=(
            "ldd %s | grep 'not found'" % binary,
            *REINSTALL.get(host.system.get("family") or "", ()),
            "nginx -t",
            "# no reload and no restart before nginx -t passes",
        ),
    )


CAUSE = Cause(
    name="nginx_config_invalid",
    title="nginx -t fails: nginx's configuration, or nginx itself, is broken on disk",
    says="nginx -t fails on {on}",
    find=find,
    set_off_by=("nginx",),
)
