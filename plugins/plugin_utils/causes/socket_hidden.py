# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit's property hides the socket: nginx's shows its workers something else in that place, or the daemon's keeps the place for the daemon alone.

Signatures: unix_socket_missing, unix_socket_permission, stale_unix_socket.

Looked at: the properties of both units, the socket as the host, as nginx's workers and as the daemon see it.

Done: nothing is changed: the property and the drop-in that would lift it are named.

A quick fix: chmod and chown change nothing for a socket that nginx does not see; a restart of the daemon makes it in the same hidden place.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Cause, Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._sandbox import ROOTS, hidden_folder
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._socket_in_run import socket_in_run

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import UnixListener
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit import Unit
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.unit_sandbox import SandboxSetting

MISSING, STALE = "unix_socket_missing", "stale_unix_socket"
SIGNATURES = (MISSING, "unix_socket_permission")
#: The mode of what systemd puts in the place of a folder that it hides.
INACCESSIBLE = "0000"


class Hidden(t.NamedTuple):
    """A property of a unit, and what it hides."""

    setting: SandboxSetting
    folder: str

    @property
    def name(self) -> str:
        return self.setting["setting"]


def find(fleet: Fleet) -> t.Iterator[Finding]:
    for hop in fleet.sick_hops():
        listener = hop.backend.unix_listener(hop.real_address) if hop.is_unix and hop.backend else None
        if not listener or not hop.backend:
            continue
        if is_there(listener):
            unit = hop.proxy.nginx.get("unit") or ""
            hidden = hiding(hop.proxy.unit(unit), listener["path"])
            if hidden and hop.has(*SIGNATURES) and not may_be_seen(hop):
                yield unseen(hop, listener, unit, hidden)
        elif hop.has(MISSING, STALE):
            unit = listener.get("unit") or ""
            hidden = hiding(hop.backend.unit(unit), listener["path"])
            if hidden:
                yield kept_inside(hop, listener, unit, hidden)


def is_there(listener: UnixListener) -> bool:
    """Whether the host has the socket that the daemon listens on."""
    file = or_empty(listener.get("file"))
    return bool(file.get("exists")) and file.get("same") is not False


def may_be_seen(hop: Hop) -> bool:
    """Whether a worker was refused at the host's own folder or socket: what the unit hides is not in force yet, or has nothing to do with it."""
    return any(
        attempt.get("errno") == 13 and or_empty(attempt.get("blocked_at")).get("mode") != INACCESSIBLE
        for attempt in hop.tried
    )


def hiding(unit: Unit | None, path: str) -> Hidden | None:
    """The property of a unit that hides a path; None where none does."""
    for one in or_empty(unit).get("sandbox") or []:
        folder = hidden_folder(one, path)
        if folder:
            return Hidden(one, folder)
    return None


def unseen(hop: Hop, listener: UnixListener, unit: str, hidden: Hidden) -> Finding:
    daemon = listener.get("unit") or listener.get("process") or "the daemon"
    setting = "%s=%s" % (hidden.name, hidden.setting["value"])
    place = "%s:%d" % (hidden.setting["file"], hidden.setting["line"])
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(*SIGNATURES),
            Evidence("socket", "%s listens on %s, which nginx's workers do not see" % (daemon, listener["path"])),
            Evidence("unit", "%s of %s hides %s from nginx (%s)" % (setting, unit, hidden.folder, place)),
        ),
        on=hop.proxy.name,
        why="%s of %s shows nginx something else in the place of %s, where the socket of %s lies"
        % (setting, unit, hidden.folder, daemon),
        advice=(*(() if hidden.name in ROOTS else to_run(hop, daemon)), *to_bind(listener["path"], unit, hidden)),
    )


def kept_inside(hop: Hop, listener: UnixListener, unit: str, hidden: Hidden) -> Finding:
    """The daemon has made its socket where only the processes of its own unit see it."""
    path, name = listener["path"], "%s=%s" % (hidden.name, hidden.setting["value"])
    place, folder = "%s:%d" % (hidden.setting["file"], hidden.setting["line"]), path.rpartition("/")[0]
    open_it = (
        "systemctl edit %s   # on %s: below [Service], BindPaths=%s, the host's own folder; it has to be there"
        % (shlex.quote(unit), hop.on, folder),
        "# or take %s out of %s= at %s" % (hidden.folder, hidden.name, place),
    )
    if hidden.name == "RootDirectory":
        real = hidden.setting["value"].rstrip("/") + path
        open_it = (
            "# write %s instead of %s at %s: so nginx sees it" % (real, path, named_at(hop)),
            *open_it[:1],
        )
    return on_hop(
        hop,
        CAUSE.name,
        (
            *hop.seen(MISSING, STALE),
            Evidence("socket", "%s listens on %s, and there is no such socket for other processes" % (unit, path)),
            Evidence("unit", "%s of %s keeps %s for itself (%s)" % (name, unit, hidden.folder, place)),
        ),
        why="%s of %s gives it a %s of its own, in which its socket lies: nobody else sees it"
        % (name, unit, "root folder" if hidden.name in ROOTS else hidden.folder),
        advice=(
            *open_it,
            "systemctl daemon-reload; systemctl restart %s   # on %s, after that; a restart alone changes nothing"
            % (shlex.quote(unit), hop.on),
        ),
    )


def to_run(hop: Hop, daemon: str) -> tuple[str, ...]:
    return (
        *socket_in_run(hop, daemon),
        "systemctl restart %s; nginx -t && systemctl reload nginx   # requests fail between the two" % daemon,
    )


def to_bind(path: str, unit: str, hidden: Hidden) -> tuple[str, ...]:
    """How nginx gets to see the folder of the socket alone. What is made inaccessible stays so for all below it."""
    leave = "# leave %s as it is; no chmod or ACL helps, as nginx does not get as far as the real folder" % hidden.name
    if hidden.name == "InaccessiblePaths":
        return (leave,)
    also = "ProtectHome=tmpfs and " if hidden.name == "ProtectHome" else ""
    return (
        "systemctl edit %s   # %s the folder of the socket alone: below [Service], %sBindPaths=%s"
        % (unit, "let nginx see" if hidden.name in ROOTS else "or let nginx see", also, path.rpartition("/")[0]),
        "nginx -t && systemctl restart %s   # after that: only a restart gives its workers the new view" % unit,
        "# no chmod or ACL helps: nginx does not get as far as the real folder" if also else leave,
    )


CAUSE = Cause(
    name="socket_hidden",
    title="A unit's property hides the socket from nginx",
    says="a property of a unit on {on} hides {subject} from nginx",
    find=find,
    outdoes=(
        "backend_not_listening",
        "backend_port_closed",
        "backend_start_fails",
        "php_fpm_socket_dir_missing",
        "php_fpm_stopped",
        "socket_parent_dir",
        "socket_path_mismatch",
        "socket_permission",
        "stale_unix_socket",
    ),
)
