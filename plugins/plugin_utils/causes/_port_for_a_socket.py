# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application that listens on a port, where its user's folder is to have its socket.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_owner import (
    asked_address,
    owner_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._places import is_same_place
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._who_should_listen import NO_SITE, by_variable

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import TcpListener

_FOLDER_OF_RUN = re.compile(r"(?P<folder>(?:/var)?/run/(?P<name>[\w.@-]+(?:/[\w.@-]+)*))/[^/]+$")


def of_its_user(fleet: Fleet, hop: Hop, host: Host) -> TcpListener | None:
    """The only program of the user in whose folder a socket is asked for, that listens on a port which nothing asks for; else None."""
    if not hop.is_unix or owner_of(fleet, host, asked_address(hop)).unit is not None:
        return None
    asked, folders = [other.real_address for other in fleet.asked_of(host)], hop.real_address.path.split("/")
    found = {}
    for one in or_empty(host.facts.get("listeners")).get("tcp") or []:
        place, process = Address(one["address"], one["port"]), one.get("process") or ""
        is_free = not any(is_same_place(place, other) for other in asked) and not by_variable(place, hop)
        if one.get("user") in folders and one.get("user") != "root" and is_free and not NO_SITE.search(process):
            found[one["port"]] = one
    return found.popitem()[1] if len(found) == 1 else None


def on_a_port(hop: Hop, theirs: TcpListener, cause: str, seen: tuple[Evidence, ...]) -> Finding:
    """The finding of an application that should have a socket in its user's folder, and listens on a port."""
    path, process, user = hop.real_address.path, theirs.get("process") or "a program", theirs.get("user")
    says = "%s (pid %s) of user %s, in whose folder that socket is asked for, listens on port %d, which nothing asks for" % (
        process, theirs.get("pid"), user, theirs["port"],
    )  # fmt: skip
    return on_hop(
        hop,
        cause,
        (*seen, Evidence("socket", "nothing listens on %s" % path), Evidence("process", says)),
        says="the application behind %s listens on port %d, and not there" % (hop.address, theirs["port"]),
        why="%s, and on no socket" % says,
        advice=(
            *folder_first(path, theirs.get("unit") or "", hop.backend.name if hop.backend else ""),
            "# let it listen on the path in place of the port (%s), and start it anew%s"
            % (by_path(process, path), " (pm2 restart NAME, as %s)" % user if process.startswith("node") else ""),
            "# it has to be open to nginx: mode 0666, or 0660 with nginx's group, and each folder above with x for all",
            "# or write %s in place of %s at %s, if that port is the site's: many servers have ports of other protocols beside"
            % (Address("127.0.0.1", theirs["port"]).bare, hop.address, named_at(hop)),
        ),
    )


def folder_first(path: str, unit: str, on: str) -> tuple[str, ...]:
    """How a folder of /run that may be missing is made: a server that has the socket in its settings makes no folder for it, and some say nothing of that."""
    found = _FOLDER_OF_RUN.match(path)
    if not (found and unit.endswith(".service")):
        return ()
    return (
        "ls -ld %s   # on %s: is it there? A server need not say that it could not make its socket"
        % (shlex.quote(found["folder"]), on),
        "# if not: RuntimeDirectory=%s in [Service] of %s (systemctl edit) makes it at each start, then systemctl restart %s; else:"
        % (found["name"], unit, unit),
    )


def by_path(process: str, path: str) -> str:
    """How a program is set to listen on a socket's path, by its name."""
    if process.startswith("node"):
        return "server.listen('%s'), with PORT=%s in its environment where it reads that" % (path, path)
    if process.startswith(("ruby", "puma", "bundle", "unicorn")):
        return "unicorn -c, or puma -C, with `listen` or `bind` for it in that file; rails server alone has a port (its unit, Procfile or run file)"
    return "the option or setting by which it binds: --bind, -b, --uds, listen, socket"
