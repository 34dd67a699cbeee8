# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The socket is there, and its mode, owner or ACL keeps nginx's workers out.

Signatures: unix_socket_permission.

Looked at: mode, owner and ACL of the socket, the user of nginx's workers, the pool's settings.

Done: listen.owner, listen.group and listen.mode are set in a drop-in of the pool. Where the account of nginx's workers is in the socket's group by
now, and they began before that, nginx is reloaded.

A quick fix: chmod 777 on the socket lasts until PHP-FPM starts again, and lets every user of the host run code as the pool.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, PoolAt, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies import remedies
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.panels import writer
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import socket_unit
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import called
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._fpm_start import checked
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._products import product_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._shared_sockets import (
    in_its_image,
    shared_by_host,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._socket_modes import Refused, kept_out, mode_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._worker_groups import Lacked, lacked_group

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.socket_file import SocketFile
    from ansible_collections.webops.bad_gateway.plugins.module_utils._nginx.facts import Worker

SIGNATURE = "unix_socket_permission"


#: launchd's domains of jobs that run as a user.
OF_A_USER = ("gui/", "user/")
NOT_ROOT = "%s does not run as root: it cannot give its socket to another account"


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        host = hop.backend
        if host is None or not hop.has(SIGNATURE) or any(attempt.get("blocked_at") for attempt in hop.tried):
            continue
        refused = kept_out(hop, host)
        lacked = lacked_group(hop, let_in(refused.socket)) if refused else None
        if refused:
            yield began_before(hop, refused, lacked) if lacked else permission(hop, host, refused)


def let_in(socket: SocketFile) -> set[str]:
    """The groups that may connect, by the socket's mode or its ACL."""
    acl = [entry.split(":") for entry in socket.get("acl") or []]
    groups = {name for kind, name, allowed in acl if kind == "g" and name and "w" in allowed}
    if int(socket["mode"] or "0", 8) & 0o020 and socket["group"]:
        groups.add(socket["group"])
    return groups


def began_before(hop: Hop, refused: Refused, lacked: Lacked) -> Finding:
    """The socket is open to a group that the account has by now: nothing has to be changed but the workers."""
    return on_hop(
        hop,
        CAUSE.name,
        (*hop.seen(SIGNATURE), lacked.evidence, Evidence("socket", mode_of(hop, refused))),
        on=hop.proxy.name,
        remedy=lacked.remedy,
        why=lacked.why,
        advice=lacked.advice(hop.proxy.nginx.get("unit")),
    )


def permission(hop: Hop, host: Host, refused: Refused) -> Finding:
    worker = refused.worker
    evidence = (*hop.seen(SIGNATURE), Evidence("socket", mode_of(hop, refused)))
    pool = host.pool_at(hop.real_address)
    if not pool and shared_by_host(hop):
        why = "it is a socket of the host, which the container has as a volume: its owner and mode count there, too"
        return on_hop(hop, CAUSE.name, evidence, why=why, advice=in_its_image(hop, worker, refused.socket))
    if not pool:
        why = "the socket is not PHP-FPM's: let its own service give it to nginx's group"
        return on_hop(hop, CAUSE.name, evidence, why=why, advice=for_others(hop, host, worker))
    written, groups = writer(host, pool.pool["file"]), sorted(let_in(refused.socket) - {"root"})
    if written and groups:
        advice = (joined(worker, groups[0], hop.proxy), *written.advice(host.name))
        return on_hop(hop, CAUSE.name, evidence, why=written.why, advice=advice)
    if (pool.fpm.get("unit") or "").startswith(OF_A_USER):
        return on_hop(hop, CAUSE.name, evidence, why=NOT_ROOT % pool.fpm["unit"], advice=of_a_user(pool))
    remedy = remedies.php_fpm(host, pool.fpm, "restarted", pool=pool.name, settings=opened_to(worker, pool))
    return on_hop(hop, CAUSE.name, evidence, remedy=remedy)


def of_a_user(pool: PoolAt) -> tuple[str, ...]:
    """How nginx gets to the socket of a PHP-FPM that is not root's: both as the same account, or the socket open to all who reach it."""
    return (
        "# let nginx's workers run as the same account: `user NAME staff;` in nginx.conf, and sudo nginx",
        "# or in pool %s, %s: listen.mode = 0666, which opens it to all who may enter its folder; then:"
        % (pool.name, pool.pool["file"]),
        checked(pool.fpm),
        "systemctl restart %s" % shlex.quote(str(pool.fpm["unit"])),
    )


def joined(worker: Worker, group: str, proxy: Host) -> str:
    """How nginx gets into the group that the socket is open to: panels put its account into the group of each client."""
    return (
        "usermod -aG %s %s && nginx -t && systemctl reload nginx   # on %s: the socket is open to this group, which nginx's account is not in"
        % (shlex.quote(group), shlex.quote(worker["user"]), proxy.name)
    )


def opened_to(worker: Worker, pool: PoolAt) -> dict[str, str]:
    """Settings of the pool that let the worker connect: by owner and mode, or by ACL where the pool has one."""
    settings = pool.pool["settings"]
    if "listen.acl_users" in settings or "listen.acl_groups" in settings:
        users = settings["listen.acl_users"]["value"] if "listen.acl_users" in settings else ""
        return {"listen.acl_users": ",".join(user for user in (users, worker["user"]) if user)}
    group = worker.get("group") or worker["user"]
    return {"listen.owner": worker["user"], "listen.group": group, "listen.mode": "0660"}


#: How the mode of a socket is set where its product is not known.
OWN_SETTINGS = "uwsgi chmod-socket = 660, gunicorn --umask 007, supervisor chmod and chown"


def for_others(hop: Hop, host: Host, worker: Worker) -> tuple[str, ...]:
    """How a service that is not PHP-FPM gives its socket to nginx, and keeps it so when it starts again."""
    path, group = hop.real_address.path, worker.get("group") or worker["user"]
    unit = socket_unit(host, hop.real_address) or or_empty(host.unix_listener(hop.real_address)).get("unit") or ""
    look = "stat %s" % shlex.quote(path)
    product = product_of(listener_behind(hop))
    own = (product.socket if product else "").replace("{path}", path) or OWN_SETTINGS
    if "/gitlab" in path:
        own = (
            "web_server['external_users'] = ['%s'] in /etc/gitlab/gitlab.rb, then gitlab-ctl reconfigure"
            % worker["user"]
        )
    if unit.endswith(".socket"):
        both = " ".join([unit, *(or_empty(host.unit(unit)).get("triggers") or [])])
        return (
            look,
            "systemctl edit %s   # below [Socket]: SocketGroup=%s and SocketMode=0660; then: systemctl stop %s; systemctl start %s"
            % (unit, group, both, unit),
        )
    if unit.endswith(".service"):
        by_systemd = "systemctl edit %s   # below [Service]: Group=%s and UMask=0007; then: systemctl restart %s" % (
            unit, group, unit,
        )  # fmt: skip
        ways: tuple[str, ...] = (by_systemd, "# or by its own setting: %s" % own)
        if product and product.socket:
            ways = ("# by its own setting: %s; then: systemctl restart %s" % (own, unit), "# or: " + by_systemd)
        return (look, *ways, "# chmod by hand lasts until the service starts again")
    if host.within:
        return (look, inside(host, listener_behind(hop).get("process") or "", own, worker))
    return (look, "# let whatever makes %s give it to group %s with mode 0660" % (path, group))


def inside(host: Host, process: str, own: str, worker: Worker) -> str:
    """Where a socket of a container is given to its nginx for good: a PHP-FPM there has pools that are not read."""
    called_it = called(host.facts["container"])
    if process.startswith("php-fpm"):
        return (
            "# in its pool in %s (a file of the image or of a volume): listen.owner = %s and listen.mode = 0660; then start it anew"
            % (called_it, worker["user"])
        )
    return (
        "# where it is started in %s (CMD of its image, command: of compose): %s, and as group %s; or open to all. A chmod is gone with the container"
        % (called_it, own, worker.get("group") or worker["user"])
    )


CAUSE = Cause(
    name="socket_permission",
    title="The socket's mode keeps nginx out",
    says="the mode of {subject} keeps {proxy}'s nginx out",
    find=find,
    yields_to=("socket_parent_dir", "selinux_unix_socket", "apparmor_denied"),
)
