# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mode and owner of the socket are right, and SELinux denies it: a denial is recorded.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop, log_evidence
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Facts
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._common import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._selinux_denials import (
    denials,
    enforcing,
    label,
)

SIGNATURE = "selinux_unix_socket"
SYMPTOM = "unix_socket_permission"
#: The label of what nothing has claimed below /run: a folder with it can be given to web servers.
UNCLAIMED = "var_run_t"


def about(hop: Hop, denied: t.Mapping[str, str]) -> bool:
    """Whether a denial is about this socket: it names the path, or the last part of it."""
    path = hop.real_address.normal().path
    told = Address("", 0, denied["path"]).normal().path if denied.get("path") else denied.get("name")
    return told in (path, posixpath.basename(path))


def own_folder(hop: Hop) -> str | None:
    """The folder of the socket where it lies in one of its own below /run."""
    folder = posixpath.dirname(hop.real_address.normal().path)
    return folder if folder.startswith("/run/") else None


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        if (
            not hop.is_unix
            or not hop.has(SYMPTOM)
            or not enforcing(hop.proxy)
            or any(attempt.get("blocked_at") for attempt in hop.tried)
        ):
            continue
        told = [(record, denied) for record, denied in denials(hop, SIGNATURE) if about(hop, denied)]
        if told:
            yield denied_to(hop, *told[0])


def denied_to(hop: Hop, record: Facts, denied: t.Mapping[str, str]) -> Finding:
    kind, folder = label(denied.get("tcontext")), own_folder(hop)
    policy = Evidence(
        "selinux",
        "SELinux is enforcing; the %s is %s, which nginx (%s) may not use"
        % ("daemon" if denied.get("tclass") == "unix_stream_socket" else "socket", kind, label(denied.get("scontext"))),
    )
    evidence = (*hop.seen(SYMPTOM), log_evidence(record), policy)
    if denied.get("tclass") == "sock_file" and kind == UNCLAIMED and folder:
        note = "%s and what will be made in it get httpd_var_run_t; no boolean helps here" % folder
        return on_hop(
            hop,
            CAUSE.name,
            evidence,
            remedy=remedies.selinux_connect(path=folder, path_type="httpd_var_run_t", note=note),
        )
    if denied.get("tclass") == "unix_stream_socket":
        why = (
            "the daemon behind %s runs as %s, a domain that nginx may not connect to, and no boolean or label of a file changes that"
            % (hop.address, kind)
        )
        module = "ausearch -m avc -c nginx -ts recent | audit2allow -M nginx_backend; cat nginx_backend.te"
        return on_hop(
            hop,
            CAUSE.name,
            evidence,
            why=why,
            advice=(
                "run the daemon in a domain of its own (its program labelled with a type of the policy)",
                module,
                "semodule -i nginx_backend.pp   # lets nginx and PHP talk to every daemon that runs as %s" % kind,
            ),
        )
    why = (
        "the socket of %s is labelled %s, for others than web servers: it has to lie in a folder of its own in /run"
        % (hop.address, kind)
    )
    return on_hop(
        hop,
        CAUSE.name,
        evidence,
        why=why,
        advice=(
            "the socket in a folder of its own, such as /run/NAME (RuntimeDirectory=NAME in the daemon's unit)",
            "semanage fcontext -a -t httpd_var_run_t '/run/NAME(/.*)?'; restorecon -Rv /run/NAME",
            "never setenforce 0, and no chcon: it is lost with the next restorecon",
        ),
    )


CAUSE = Cause(name=SIGNATURE, title="SELinux keeps nginx from the socket", find=find)
