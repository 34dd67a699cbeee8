# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that compose has made: the file to edit, the service in it, and the command that puts an edit in force.

What is set at such a container itself (docker network connect, docker update) is lost with the next `up` that makes it anew.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import posixpath
import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Compose, Container

#: Files of compose that are searched in one command.
SHOWN = 5
#: Where Portainer keeps the files of its stacks, in a container of its own.
PORTAINER = "/data/compose/"


def command(container: Container, what: str) -> str | None:
    """A command of compose for a container's service; None where its file is not known, or not on its host."""
    made = container.get("compose")
    if not made or not made["files"]:
        return None
    files = [word for path in made["files"] for word in ("-f", path)]
    if container["engine"] == "podman":
        as_user = ["sudo", "-iu", str(container["user"])] if container.get("user") else []
        return shlex.join(
            [
                *as_user,
                "podman-compose",
                "-p",
                made["project"] or "",
                *files,
                *what.split(),
                made["service"] or "SERVICE",
            ]
        )
    program = ["docker-compose"] if (made["version"] or "").startswith("1.") else ["docker", "compose"]
    return shlex.join([*program, *_project(made), *files, *what.split(), made["service"] or "SERVICE"])


def _project(made: Compose) -> list[str]:
    """The options without which compose would take the same files for another project."""
    folder = posixpath.dirname(made["files"][0])
    # As compose makes a name of a folder's.
    same = re.sub(r"[^a-z0-9_-]", "", posixpath.basename(folder).lower()).lstrip("_-")
    options = [] if made["project"] in (None, same) else ["-p", made["project"]]
    return options if (made["folder"] or folder) == folder else [*options, "--project-directory", made["folder"]]


def up(container: Container, on: str, why: str = "", option: str = "") -> tuple[str, ...]:
    """The command that starts a container, or makes it anew where its file has changed; empty where compose did not make it."""
    made = container.get("compose")
    typed = command(container, "up -d %s" % option)
    if typed:
        return ("%s   # on %s%s" % (typed, on, why),)
    if not made:
        return ()
    by = "Portainer's stack %s" % made["project"] if (made["folder"] or "").startswith(PORTAINER) else "what deploys it"
    return (
        "# its compose file (project %s, in %s) is not on %s: %s starts it and makes it anew"
        % (made["project"], made["folder"] or "a folder that is not named", on, by),
    )


def of_compose_at(host: Host, port: int) -> tuple[str, ...]:
    """How a container is found that is no more: its file may still say that it publishes a port. Nothing where compose has made none on the host."""
    known = [or_empty(one.get("compose")).get("files") or [] for one in host.facts.get("containers") or []]
    files = list(dict.fromkeys(path for paths in known for path in paths))
    if not files:
        return ()
    shown = shlex.join(files[:SHOWN])
    return (
        "grep -nw %d %s   # on %s: was it a container's that is no more? Then: docker compose -f FILE up -d SERVICE"
        % (port, shown, host.name),
    )


def source_of(hop: Hop, number: int, file: str) -> tuple[str, ...]:
    """How it is found where a number comes from that a file of nginx's container has: compose may have built it into the image. Nothing of a volume's file."""
    own, host = hop.proxy.facts.get("container"), hop.proxy.within
    made = own.get("compose") if own else None
    if own is None or host is None or not made or not made["files"]:
        return ()
    if any(file.startswith(one.rstrip("/") + "/") for one in own.get("volumes") or ()):
        return ()
    files = [posixpath.join(posixpath.dirname(made["files"][0]), ".env"), *made["files"][:SHOWN]]
    return (
        "grep -nwI %d %s   # on %s: is it from there? Then there, and: %s"
        % (number, shlex.join(files), host.name, command(own, "up -d --build")),
    )


def edit(container: Container, setting: str, on: str) -> tuple[str, ...]:
    """Where a setting of a container is written, and the command that puts it in force; empty where compose did not make it."""
    made = container.get("compose")
    if not made:
        return ()
    where = made["files"][-1] if made["files"] else "its compose file"
    return (
        "# in %s on %s, service %s: %s, then:" % (where, on, made["service"], setting),
        *up(container, on),
    )
