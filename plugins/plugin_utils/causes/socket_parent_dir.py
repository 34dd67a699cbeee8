# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx's workers may not pass through a folder above the socket.

Signatures: unix_socket_permission.

Looked at: mode and owner of every folder above the socket, the user of nginx's workers.

Done: nginx is reloaded where the account of its workers is in the folder's group by now, and they began before that. Else nothing is changed,
as folders above may be closed on purpose: the folder and the permission are named.

A quick fix: chmod -R 777 opens the files of the site to every user of the host.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import product_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._socket_in_run import socket_in_run
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._socket_modes import Refused, kept_out, mode_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._worker_groups import lacked_group

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.blocked_folder import BlockedFolder

SIGNATURE = "unix_socket_permission"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        folder = next((attempt["blocked_at"] for attempt in hop.tried if attempt.get("blocked_at")), None)
        if folder and hop.has(SIGNATURE):
            yield blocked(hop, folder)


def blocked(hop: Hop, folder: BlockedFolder) -> Finding:
    path, workers = folder["path"], hop.proxy.nginx.get("workers") or []
    user = next((one["user"] for one in workers if not one.get("stopping")), "nginx")
    lacked = lacked_group(hop, [folder["group"]] if int(folder["mode"], 8) & 0o010 else [])
    text = "%s is %s:%s %s; nginx's workers run as %s and may not pass through it" % (
        path,
        folder["owner"],
        folder["group"],
        folder["mode"],
        user,
    )
    evidence = (*hop.seen(SIGNATURE), Evidence("socket", text))
    if lacked:
        return on_hop(
            hop,
            CAUSE.name,
            (lacked.evidence, *evidence),
            on=hop.proxy.name,
            remedy=lacked.remedy,
            why=lacked.why,
            advice=lacked.advice(hop.proxy.nginx.get("unit")),
        )
    if path.startswith("/run/"):
        return in_run(hop, path, user, evidence)
    refused = of_no_pool(hop)
    return on_hop(
        hop,
        CAUSE.name,
        (*evidence, *((Evidence("socket", mode_of(hop, refused)),) if refused else ())),
        why="the way to %s ends at %s%s: move the socket to /run, or let nginx pass through that folder"
        % (hop.address, path, ", and the socket's own mode keeps nginx out, too" if refused else ""),
        advice=(
            *socket_in_run(hop, listener_behind(hop).get("unit") or "the daemon's unit"),
            "setfacl -m u:%s:x %s   # or, second best: %s may then pass through, and read what is readable for all in there"
            % (shlex.quote(user), shlex.quote(path), user),
            *(let_in_too(hop, refused, folder) if refused else ()),
            "# never chmod 777 a folder on the way: everybody could replace the socket",
        ),
    )


def of_no_pool(hop: Hop) -> Refused | None:
    """Whom the socket's own mode keeps out behind the folder; None where it lets nginx in, or where it is a pool's, whose mode is set in a next round."""
    return kept_out(hop, hop.backend) if hop.backend and not hop.backend.pool_at(hop.real_address) else None


def let_in_too(hop: Hop, refused: Refused, folder: BlockedFolder) -> tuple[str, ...]:
    """How the socket, whose mode keeps nginx out as well, is opened to it, and stays so when its service starts again."""
    worker, socket = refused
    product = product_of(listener_behind(hop))
    own = product.socket.replace("{path}", hop.real_address.path) if product else ""
    both = (
        folder["group"] == socket["group"] and int(folder["mode"], 8) & 0o010 and int(socket["mode"] or "0", 8) & 0o020
    )
    joined = "usermod -aG %s %s && nginx -t && systemctl reload nginx   # on %s: or this alone: that group may pass through and connect"
    return (
        "# then its service has to make the socket for nginx, too%s: chmod by hand lasts until it starts again (gunicorn makes it 0777 by itself: a restart)"
        % (" (%s)" % own if own else ""),
        *(
            (joined % (shlex.quote(socket["group"] or ""), shlex.quote(worker["user"]), hop.proxy.name),)
            if both
            else ()
        ),
    )


def in_run(hop: Hop, path: str, user: str, evidence: tuple[Evidence, ...]) -> Finding:
    """The folder is one that is made anew at each start, and whoever makes it gives it its mode."""
    unit = listener_behind(hop).get("unit")
    return on_hop(
        hop,
        CAUSE.name,
        evidence,
        why="the way to %s ends at %s, which %s closes to others" % (hop.address, path, unit or "whoever makes it"),
        advice=(
            "# RuntimeDirectoryMode=0755 in [Service] of %s; or the mode in tmpfiles.d, where that makes %s"
            % (unit or "the daemon's unit", path),
            "grep -rnE 'RuntimeDirectory|%s' /etc/systemd/system /usr/lib/tmpfiles.d /etc/tmpfiles.d   # on %s: who makes it"
            % (path, hop.on),
            *(
                ("systemctl daemon-reload; systemctl restart %s   # on %s, after that" % (shlex.quote(unit), hop.on),)
                if unit
                else ()
            ),
            "setfacl -m u:%s:x %s   # lets nginx in until the folder is made again"
            % (shlex.quote(user), shlex.quote(path)),
        ),
    )


CAUSE = Cause(
    name="socket_parent_dir",
    title="A folder above the socket keeps nginx out",
    says="a folder above {subject} keeps {proxy}'s nginx out",
    find=find,
)
