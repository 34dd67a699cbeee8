# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers behind a hop: who has the address, who should answer on the port, and their engine's own commands.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _compose as compose
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_units import with_option
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._exit_codes import exit_words
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import Listener

#: Interfaces of networks that engines make for their containers.
_BRIDGE = re.compile(
    r"docker\d|br-[0-9a-f]{12}$|podman\d|cni|nerdctl\d|lxcbr\d|lxdbr\d|incusbr\d|cbr0|flannel|cali|weave"
)
#: Programs that listen for containers, and the client of their engine.
PUBLISHERS = ((re.compile(r"docker-proxy"), "docker"), (re.compile(r"rootlessport|pasta|slirp4netns|conmon"), "podman"))
DOCKER, DAEMON = "docker.service", "dockerd"
_ALONE = re.compile(r"exit code (\d+)$")
SHOWN = 5
#: As many restarts by an engine are a loop.
RESTARTS = 3
CLIENTS = {"docker": "docker", "podman": "podman", "containerd": "nerdctl"}


def client_of(container: Container) -> str | None:
    """The client of a container's engine, called as the user whose own it is; None where that is not known."""
    client, user = CLIENTS.get(container["engine"]), container.get("user")
    return "sudo -iu %s %s" % (shlex.quote(user), client) if client and user else client


def is_container_network(interface: str) -> bool:
    """Whether an interface of a host leads to a network of its containers."""
    return _BRIDGE.match(interface) is not None


def containers_of(host: Host | None) -> list[Container]:
    """The containers of a host; of a container, those of its host."""
    on = host.within or host if host else None
    return on.facts.get("containers") or [] if on else []


def at_address(hop: Hop) -> Container | None:
    """The container of the proxy's own host that has the hop's address."""
    return next((one for one in containers_of(hop.proxy) if hop.destination.host in (one["addresses"] or ())), None)


def stopped_at(host: Host, address: Address) -> Container | None:
    """The container that does not run and has this port of the host: published, or in the host's own network, where it is the only such one."""
    found = [one for one in containers_of(host) if not one["running"] and str(address.port) in (one["ports"] or ())]
    published = [one for one in found if not one.get("host_network")]
    return published[0] if published else found[0] if len(found) == 1 else None


def unpublished(host: Host, address: Address) -> Container | None:
    """The only container that runs, has a port of this number inside and publishes none of its ports there."""
    found = [one for one in containers_of(host) if one["running"] and address.port in (one.get("unpublished") or ())]
    return found[0] if len(found) == 1 else None


def not_published(hop: Hop, host: Host, container: Container, cause: str, seen: tuple[Evidence, ...]) -> Finding:
    """The finding that a container runs and its engine lets nobody of the host in by the port that is asked."""
    port, name = hop.real_address.port, shlex.quote(container["name"])
    return on_hop(
        hop,
        cause,
        (
            *seen,
            Evidence("socket", "nothing listens on port %d of %s" % (port, host.name)),
            Evidence("process", "%s runs and has a port %d inside" % (called(container), port)),
        ),
        why="%s runs, and its port %d is not published: no port of %s leads there"
        % (called(container), port, host.name),
        advice=(
            "docker port %s   # on %s: which of its ports are published" % (name, host.name),
            *published_anew(container, "%s:%d:%d" % (at_which(hop, host), port, port), host),
        ),
    )


def at_which(hop: Hop, host: Host) -> str:
    """The address of a host at which a port has to be published for the proxy: the loopback's is enough where nginx is on that host itself, in no container."""
    asked = hop.destination.host
    return "127.0.0.1" if hop.proxy is host else "[%s]" % asked if ":" in asked else asked


def published_anew(container: Container, leads: str, host: Host) -> tuple[str, ...]:
    """How a container is made anew with a port published. leads: ADDRESS:PORT:OWN_PORT."""
    note = "`expose` publishes nothing"
    by_unit = with_option(host, container, "-p " + leads)
    return (
        by_unit
        or compose.edit(container, "ports: ['%s'] (%s)" % (leads, note), host.name)
        or (
            "# make %s anew with -p %s where it is made (compose: ports: ['%s']; %s)"
            % (shlex.quote(container["name"]), leads, leads, note),
        )
    )


def behind(host: Host | None, listener: Listener) -> Container | None:
    """The container for which a process of the host listens: by its ID, or by the port where it is a program of an engine that does so for several."""
    pid, port = listener.get("pid"), str(listener.get("port"))
    known = containers_of(host)
    found = [one for one in known if pid is not None and pid in (one["proxies"] or ())]
    if not found and (listener.get("process") == DAEMON or engine_of(listener)):
        found = [one for one in known if one["running"] and port in (one["ports"] or ())]
    return found[0] if found else None


def engine_of(listener: Listener) -> str | None:
    """The engine whose program has a port of the host for a container; None for other listeners."""
    return next((one for pattern, one in PUBLISHERS if pattern.match(listener.get("process") or "")), None)


def called(container: Container) -> str:
    return "container %s (%s)" % (container["name"], container["engine"])


def state(container: Container) -> str:
    """What is known of a container that does not answer, in words."""
    ended = " (%s)" % with_meaning(container["ended"]) if container["ended"] else ""
    if is_restarted(container):
        return "%s ends each time soon after it is started%s: %s has started it again %d times" % (
            called(container), ended, container["engine"], container["restarts"],
        )  # fmt: skip
    if not container["running"]:
        return "%s does not run%s" % (called(container), ended)
    return "%s %s" % (called(container), "is paused" if container.get("paused") else "runs" + health(container))


def with_meaning(ended: str) -> str:
    """How a container has ended, with what its exit code means where nothing else says why."""
    code = _ALONE.match(ended)
    meaning = exit_words(None, int(code.group(1))) if code else ""
    return "%s, %s" % (ended, meaning) if meaning else ended


def health(container: Container) -> str:
    """What its engine's own check of a container says against it, as the end of a sentence."""
    return ", and its healthcheck says %s" % container["health"] if container.get("health") == "unhealthy" else ""


def is_restarted(container: Container) -> bool:
    """Whether a container's engine starts it again and again, as it ends each time: it may just run for a moment, or wait for its next start."""
    return (container.get("restarts") or 0) >= RESTARTS


def last_words(container: Container) -> tuple[Evidence, ...]:
    """What a container said before it ended."""
    said = container.get("last_words") or []
    return tuple(Evidence("backend_log", "%s says: %s" % (called(container), line), 0.3) for line in said)


def with_last_words(words: str, container: Container) -> str:
    """The same words, and what its log ends with."""
    said = container.get("last_words") or []
    return "%s; its log ends with: %s" % (words, " / ".join(said)) if said else words


def state_on(container: Container, host: Host) -> str:
    """The same, with whether its engine runs at all: how it ended says nothing then, as its engine has ended it."""
    if not engine_is_down(container, host):
        return state(container)
    active = or_empty(host.unit(DOCKER)).get("active")
    return "%s does not run; docker itself does not run: %s is %s" % (called(container), DOCKER, active)


def log_of(container: Container, on: str) -> str:
    """The command that shows a container's own log."""
    client, name = client_of(container), shlex.quote(container["name"])
    if client is None:
        return "# see the log of %s on %s" % (called(container), on)
    return "%s logs --since 1h %s   # on %s" % (client, name, on)


def down_beside(own: Container, host: Host) -> list[Container]:
    """The containers of a host that do not run, and are in a network of another one."""
    networks = set(own.get("networks") or []) - {"bridge", "host", "none"}
    return [one for one in containers_of(host) if not one["running"] and networks & set(one.get("networks") or [])]


def engine_is_down(container: Container, host: Host) -> bool:
    """Whether the daemon does not run without which no container of docker does."""
    unit = host.unit(DOCKER)
    return container["engine"] == "docker" and unit is not None and unit.get("active") in ("inactive", "failed")


def publisher(listener: Listener, port: int, on: str) -> str | None:
    """The command that shows whose port an engine's own program listens on, where that is not known; None for other listeners."""
    engine = engine_of(listener)
    if engine is None:
        return None
    user = listener.get("user") or "root"
    shown = ports_of(engine, port, user)
    return "%s   # on %s: whose port it is; then %s logs NAME" % (shown, on, engine)


def ports_of(engine: str, port: int, user: str | None = None) -> str:
    """The command that shows which container has a port of the host. podman knows no filter for that."""
    as_user = "" if user in (None, "root") else "sudo -iu %s " % shlex.quote(str(user))
    if engine != "podman":
        return "%s%s ps -a --filter publish=%d" % (as_user, engine, port)
    return "%spodman ps -a --format '{{.Names}}  {{.Status}}  {{.Ports}}' | grep -w %d" % (as_user, port)
