# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode and owner of the socket are right, and SELinux does not let nginx use it: a denial is recorded.

Signatures: selinux_unix_socket, unix_socket_permission.

Looked at: recorded denials, the socket's label and mode.

Done: the narrowest permission that the denial asks for.

A quick fix: setenforce 0 ends the protection of the whole host; audit2allow on everything allows attacks, too.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.evidence import log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._denials import (
    Denial,
    denials,
    is_enforcing,
    type_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

SIGNATURE = "selinux_unix_socket"
SYMPTOM = "unix_socket_permission"
#: The type of what nothing has claimed below /run: a folder with it can be given to web servers.
UNCLAIMED = "var_run_t"
FOR_WEB_SERVERS = "httpd_var_run_t"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if not hop.is_unix or not hop.has(SYMPTOM) or not is_enforcing(hop.proxy):
            continue
        if any(attempt.get("blocked_at") for attempt in hop.tried):
            continue
        denial = next((one for one in denials(hop, SIGNATURE) if is_about(one, hop)), None)
        if denial:
            yield denied(hop, denial)


def is_about(denial: Denial, hop: Hop) -> bool:
    """Whether a denial is about this socket: it has the path, or the last part of it."""
    path, name = hop.real_address.normal().path, denial.fields.get("name")
    if denial.fields.get("path"):
        name = Address("", 0, denial.fields["path"]).normal().path
    return name in (path, posixpath.basename(path))


def denied(hop: Hop, denial: Denial) -> Finding:
    kind, source = type_of(denial.fields.get("tcontext")), type_of(denial.fields.get("scontext"))
    is_daemon = denial.fields.get("tclass") == "unix_stream_socket"
    policy = "SELinux is enforcing; the %s is %s, which nginx (%s) may not use" % (
        "daemon" if is_daemon else "socket",
        kind,
        source,
    )
    evidence = (*hop.seen(SYMPTOM), log_evidence(denial.record), Evidence("selinux", policy))
    folder = posixpath.dirname(hop.real_address.normal().path)
    if denial.fields.get("tclass") == "sock_file" and kind == UNCLAIMED and folder.startswith("/run/"):
        note = "%s and what will be made in it get %s; no boolean helps here" % (folder, FOR_WEB_SERVERS)
        remedy = remedies.selinux_connect(path=folder, path_type=FOR_WEB_SERVERS, note=note)
        return on_hop(hop, CAUSE.name, evidence, remedy=remedy)
    return daemon_is_closed(hop, kind, evidence) if is_daemon else label_of_others(hop, kind, evidence)


def daemon_is_closed(hop: Hop, kind: str, evidence: tuple[Evidence, ...]) -> Finding:
    """The denial is about the daemon behind the socket. kind: the type that it runs as."""
    return on_hop(
        hop,
        CAUSE.name,
        evidence,
        why="the daemon behind %s runs as %s, to which nginx may not connect; no boolean and no label of a file changes that"
        % (hop.address, kind),
        advice=(
            "# let the daemon run in a domain of its own: label its program with a type that the policy has for it",
            "ausearch -m avc -c nginx -ts recent | audit2allow -M nginx_backend; cat nginx_backend.te",
            "semodule -i nginx_backend.pp   # lets nginx and PHP talk to every daemon that runs as %s" % kind,
        ),
    )


def label_of_others(hop: Hop, kind: str, evidence: tuple[Evidence, ...]) -> Finding:
    """The socket has a type that is not for web servers."""
    folder = "/run/" + posixpath.splitext(posixpath.basename(hop.real_address.path))[0]
    return on_hop(
        hop,
        CAUSE.name,
        evidence,
        why="the socket %s is labelled %s, which is not for web servers: it has to lie in a folder of its own in /run"
        % (hop.address, kind),
        advice=(
            "# move the socket to a folder of its own, %s (RuntimeDirectory=%s in the daemon's unit)"
            % (folder, posixpath.basename(folder)),
            "semanage fcontext -a -t %s %s; restorecon -Rv %s   # on %s"
            % (FOR_WEB_SERVERS, shlex.quote(folder + "(/.*)?"), shlex.quote(folder), hop.on),
            "# never use setenforce 0; and do not use chcon, which is lost with the next restorecon",
        ),
    )


CAUSE = Cause(
    name=SIGNATURE,
    title="SELinux does not let nginx use the socket",
    says="SELinux on {on} does not let nginx use {subject}",
    find=find,
    set_off_by=("labels", "backend"),
)
