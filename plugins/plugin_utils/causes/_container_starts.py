# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a container that does not run is started, by its engine's own commands or those of compose.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import NEVER_STARTED
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _compose as compose
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import (
    DOCKER,
    called,
    client_of,
    engine_is_down,
    is_restarted,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._last_words import what_to_do
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._units import start_command

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container

FOR_MEMORY = "killed for memory"


def start_of(container: Container, host: Host) -> tuple[str, ...]:
    """The commands that show why a container ended, and start it; first its engine, where that does not run."""
    client, name, on = client_of(container), shlex.quote(container["name"]), host.name
    ended = container["ended"] or ""
    if client is None:
        return ("# start %s on %s" % (called(container), on),)
    if engine_is_down(container, host):
        return (
            "journalctl -u docker -n 50 --no-pager   # on %s: why docker itself does not run" % on,
            "%s   # on %s: containers with a restart policy come back with it"
            % (start_command(DOCKER, host.unit(DOCKER)), on),
            "docker ps -a; docker start %s   # on %s, after that, if it is not up; docker update --restart unless-stopped %s for good"
            % (name, on, name),
        )
    if is_restarted(container):
        return (
            "%s logs --tail 50 %s   # on %s: why does it end each time?" % (client, name, on),
            *mends(container, on),
            *(
                compose.up(
                    container,
                    on,
                    ", once that is mended: it makes it anew where its image, environment or mounts changed",
                )
                or (
                    "%s restart %s   # on %s, once that is mended; made anew where its image, environment or mounts changed"
                    % (client, name, on),
                )
            ),
        )
    why = "%s logs --tail 50 %s   # on %s: why did it end?" % (client, name, on)
    return (
        *(() if NEVER_STARTED in ended else (why, *mends(container, on))),
        *(more_memory(container, on) if FOR_MEMORY in ended else ()),
        *(by_its_unit(container, on) or compose.up(container, on) or ("%s start %s   # on %s" % (client, name, on),)),
        *at_boot(container),
    )


def mends(container: Container, on: str) -> tuple[str, ...]:
    """What its last words ask for; nothing where they are not known."""
    return what_to_do(" / ".join(container.get("last_words") or []), on, manager="container")


def by_its_unit(container: Container, on: str) -> tuple[str, ...]:
    """The command that starts a container by the unit that runs it, which knows nothing of one that is started behind its back; empty where none runs it."""
    unit, user = container.get("unit"), container.get("user")
    as_user = "--user -M %s@ " % shlex.quote(user) if user else ""
    return ("systemctl %sstart %s   # on %s" % (as_user, shlex.quote(unit), on),) if unit else ()


def at_boot(container: Container) -> tuple[str, ...]:
    """What starts one of podman's with each boot: podman itself does not."""
    if container["engine"] != "podman" or container.get("unit"):
        return ()
    enabled = "systemctl enable podman-restart"
    if container.get("user"):
        user = shlex.quote(str(container["user"]))
        enabled = "loginctl enable-linger %s; systemctl --user -M %s@ enable podman-restart" % (user, user)
    return (
        "# after a boot podman itself starts none: %s for those made with --restart=always, or a unit (a .container file)"
        % enabled,
    )


def more_memory(container: Container, on: str) -> tuple[str, ...]:
    """What lets a container have more memory than killed it."""
    setting = "mem_limit (or deploy: resources: limits: memory) above what it needs, if it has one"
    return compose.edit(container, setting, on)[:1] or (
        "docker stats --no-stream; free -m   # on %s: is there memory for a larger limit? docker update --memory SIZE --memory-swap SIZE %s"
        % (on, shlex.quote(container["name"])),
    )


def start_beside(container: Container, own: Container, host: Host) -> tuple[str, ...]:
    """How one is started that another may wait for, and comes with each boot."""
    client, name = client_of(container) or "docker", shlex.quote(container["name"])
    lasting = "; for good: docker update --restart unless-stopped %s" % name if client == "docker" else ""
    return (
        "%s start %s   # on %s: in a network of %s, and does not run%s%s"
        % (client, name, host.name, own["name"], " (%s)" % container["ended"] if container["ended"] else "", lasting),
    )
