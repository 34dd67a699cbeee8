# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an nginx in a container can pass on to: the other containers of its host, by name and own port, and the host itself.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import re
import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import covers, read_address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host, or_empty
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _compose as compose
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import (
    named_at,
    written_by,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._binds import bound
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_starts import start_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import (
    called,
    client_of,
    containers_of,
    stopped_at,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import reload_nginx

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.listeners import TcpListener

#: Where Nginx Proxy Manager writes what is set in its pages.
OF_PAGES = re.compile(r"/data/nginx/")
#: Networks in which no container knows another one by name.
UNNAMED = {"bridge", "host", "none", "podman"}
#: The host's address in the network that docker's containers have by themselves, to which host-gateway leads.
OF_DOCKER = "172.17.0.1"
#: By the engine: the name that a container may have for its host.
HOSTS_NAME = {"podman": "host.containers.internal"}
HOSTS_OWN = "host.docker.internal"


#: What starts the others in a container, and serves nobody.
KEEPERS = frozenset(
    ("sh", "bash", "tini", "dumb-init", "docker-init", "catatonit", "s6-svscan", "s6-supervise", "s6-linux-init-s", "runsvdir", "runsv", "supervisord", "cron",
     "crond", "sleep", "tail", "nginx")
)  # fmt: skip


#: Those of them that start programs which serve: an image that has one is meant to have more than nginx.
STARTERS = frozenset(("s6-svscan", "runsvdir", "supervisord"))


class Inside(t.NamedTuple):
    """A container, and its own port for what was asked."""

    container: Container
    port: int


def others_at(proxy: Host, port: int) -> list[Inside]:
    """The containers beside an nginx's own that run and listen on a port, or are reached by that port of the host; first of all those in a network of it."""
    found = []
    for one in containers_of(proxy):
        own = (one["ports"] or {}).get(str(port))
        open_ports = [read_address(each["address"]) for each in one.get("listens") or []]
        listens = [each.port for each in open_ports if not each.is_loopback]
        if one["running"] and one["name"] != proxy.facts["container"]["name"] and (own or port in listens):
            found.append(Inside(one, own or port))
    return [one for one in found if in_common(proxy.facts["container"], one.container)] or found


def in_common(own: Container, other: Container) -> set[str]:
    """The networks of both in which containers find each other by name."""
    return set(own.get("networks") or []) & set(other.get("networks") or []) - UNNAMED


def name_for(own: Container, other: Container) -> str:
    """The name by which one container asks another: that of its service, in a network of a project that both belong to."""
    service, project = (or_empty(other.get("compose")).get(one) for one in ("service", "project"))
    same = project is not None and project == or_empty(own.get("compose")).get("project")
    return str(service) if same and service in (other.get("aliases") or []) else other["name"]


def inside_with_nginx(hop: Hop) -> list[str]:
    """The other programs in an nginx's own container, or what should have started them; empty where another one of its host has the port that is asked for."""
    proxy, asked = hop.proxy, hop.tried_addresses or [hop.address]
    if proxy.within is None or hop.is_unix or hop.backend is not proxy or not all(one.is_loopback for one in asked):
        return []
    port = hop.address.port
    if others_at(proxy, port) or on_host(proxy, port) or stopped_at(proxy.within, hop.address):
        return []
    programs = proxy.facts["container"].get("programs") or []
    return [one for one in programs if one not in KEEPERS] or [one for one in programs if one in STARTERS]


def programs_kept(own: Container, host: Host) -> tuple[str, ...]:
    """The command that shows how the programs are which supervisord starts in a container; nothing where it has none."""
    if "supervisord" not in (own.get("programs") or []):
        return ()
    client, name = client_of(own) or "docker", shlex.quote(own["name"])
    return (
        "%s exec %s supervisorctl status   # on %s: which of its programs does not run, and by which command"
        % (client, name, host.name),
    )


def on_host(proxy: Host, port: int) -> TcpListener | None:
    """Who listens on a port of the host itself; None where nobody does. One who is open to others comes first."""
    listeners = proxy.within.tcp_listeners(port) if proxy.within else []
    return min(listeners, key=lambda one: not covers(one["address"], "192.0.2.1"), default=None)


def write_instead(hop: Hop, instead: str) -> tuple[str, ...]:
    """How another address is written where an nginx in a container has this one."""
    where, written = named_at(hop), written_by(hop)
    if written and written.said == "npm":
        name, _colon, port = instead.rpartition(":")
        return (
            "# in Nginx Proxy Manager's page, of that proxy host: Forward Hostname / IP: %s, Forward Port: %s (it writes %s anew)"
            % (name, port, written.path),
        )
    if written and not written.is_its_owners:
        return written.advice(hop.proxy.name, ("# %s in place of %s at %s" % (instead, hop.address.bare, where),))
    return (
        "# write %s in place of %s at %s in the container (its volume on the host, or what makes its image), then:"
        % (instead, hop.address.bare, where),
        reload_nginx(hop),
    )


def way_to(hop: Hop, to: Inside) -> tuple[str, ...]:
    """How nginx's container is to ask another one: by name, in a network that both have."""
    own, other = hop.proxy.facts["container"], to.container
    return (*join(hop.proxy, other), *write_instead(hop, "%s:%d" % (name_for(own, other), to.port))) if own else ()


def join(proxy: Host, other: Container) -> tuple[str, ...]:
    """The command that puts nginx's container into a network of another one, where it has none of them, or only the one in which names are not known."""
    own, on = proxy.facts["container"], proxy.within.name if proxy.within else proxy.name
    mine, theirs = ([one for one in each.get("networks") or [] if one not in UNNAMED] for each in (own, other))
    if in_common(own, other) or own.get("host_network") or not other.get("networks"):
        return ()
    client, name = client_of(own) or "docker", shlex.quote(own["name"])
    if theirs:
        setting = "networks: [default, %s], and at the end of the file networks: {%s: {external: true}}" % (
            theirs[0],
            theirs[0],
        )
        lasting = compose.edit(own, setting, on)
        once = ", until it is made anew" if lasting else ""
        return ("%s network connect %s %s   # on %s%s" % (client, shlex.quote(theirs[0]), name, on, once), *lasting)
    if mine:
        return ("%s network connect %s %s   # on %s" % (client, shlex.quote(mine[0]), shlex.quote(other["name"]), on),)
    return (
        "%s network create shared; %s network connect shared %s; %s network connect shared %s   # on %s: names are not known in the default bridge"
        % (client, client, name, client, shlex.quote(other["name"]), on),
    )


def way_to_host(hop: Hop, listens: TcpListener) -> tuple[str, ...]:
    """How nginx's container is to ask its host."""
    engine, port = hop.proxy.facts["container"]["engine"], hop.address.port
    name = HOSTS_NAME.get(engine, HOSTS_OWN)
    made = () if engine in HOSTS_NAME else named_host(hop.proxy.facts["container"], hop.proxy.within or hop.proxy)
    host = hop.proxy.within or hop.proxy
    open_to = (
        () if covers(listens["address"], "192.0.2.1") else bound(listens, OF_DOCKER, "the container's network", host)
    )
    return (*open_to, *write_instead(hop, "%s:%d" % (name, port)), *made)


def named_host(own: Container, on: Host) -> tuple[str, ...]:
    """What gives a container of docker a name for its host."""
    given = "%s:host-gateway" % HOSTS_OWN
    return compose.edit(own, "extra_hosts: ['%s'] (where that name is not known yet)" % given, on.name) or (
        "# where that name is not known: --add-host %s (compose: extra_hosts: ['%s'])" % (given, given),
    )


def named(proxy: Host, name: str) -> Container | None:
    """The container of the host that has a name, as a container or as a service of compose."""
    known = containers_of(proxy)
    return next((one for one in known if name in (one["name"], *(one.get("aliases") or []))), None)


def unknown_name(proxy: Host, name: str) -> tuple[str, tuple[str, ...]]:
    """Why nginx in a container finds no other one by a name, and what to do."""
    own, on = proxy.facts["container"], proxy.within.name if proxy.within else proxy.name
    other, client = named(proxy, name), client_of(own) or "docker"
    if name == HOSTS_OWN:
        return (
            "docker gives its containers the name %s only where they are made with it (on Linux), in /etc/hosts, which `resolver` does not read"
            % name,
            (
                *named_host(own, proxy.within or proxy),
                "# and ask it by its name itself, not by a variable: nginx then looks it up when it starts, in /etc/hosts, too",
            ),
        )
    if other is None:
        return (
            "no container of %s has the name %s, or it is in no network of %s" % (on, name, called(own)),
            (
                "%s ps -a --format '{{.Names}}  {{.Status}}  {{.Networks}}'   # on %s: is there %s, and in a network of %s?"
                % (client, on, name, own["name"]),
                "# a service is found by the name that compose has for it, in networks that both have: networks: in compose.yaml",
            ),
        )
    if not other["running"]:
        ended = " (%s)" % other["ended"] if other["ended"] else ""
        return "%s does not run%s" % (called(other), ended), start_of(other, proxy.within or proxy)
    return (
        "%s runs, and is in no network of %s" % (called(other), called(own)),
        join(proxy, other)
        or ("%s network ls; %s inspect %s   # on %s" % (client, client, shlex.quote(other["name"]), on),),
    )
