# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways into a container by a port that its engine publishes: which of them lead to nobody, and what is to be changed then.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import (
    Address,
    bracketed,
    is_any,
    read_address,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _compose as compose
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._backend import engines_host, listener_behind
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_starts import start_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._containers import (
    DAEMON,
    behind,
    called,
    client_of,
    containers_of,
    is_restarted,
    log_of,
    state,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._explanation import NOTHING, Explanation
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container


def published_in_vain(host: Host, address: Address) -> Container | None:
    """The only container that runs and publishes a port of its host on which nobody listens: docker's rules alone lead there (userland-proxy)."""
    port = str(address.port)
    found = [one for one in containers_of(host) if one["running"] and (one["ports"] or {}).get(port)]
    return found[0] if len(found) == 1 and not found[0].get("host_network") else None


def held_for(host: Host, address: Address) -> Container | None:
    """The container in which nothing listens where a port of the host leads that its engine's own program has: rules lead past that program to it, from other
    hosts with docker's proxy, too."""
    listener = host.tcp_listener(address.host, address.port)
    if listener is None or listener.get("process") not in HOLDERS:
        return None
    found = behind(host, listener)
    inside = (found["ports"] or {}).get(str(address.port)) if found else None
    if found is None or inside is None:
        return None
    return None if inside in {one.port for one in _own_ports(found) if not one.is_loopback} else found


def without_a_way(hop: Hop, host: Host, container: Container, cause: str, seen: tuple[Evidence, ...]) -> Finding:
    """The finding that a container publishes the port, and neither docker's own proxy nor a rule of its leads there, or nobody listens in it."""
    port, own = hop.real_address.port, _own_ports(container)
    inside = container["ports"][str(port)]
    other = listens_on_another(hop, container, inside)
    nobody = Evidence("socket", "nothing of %s itself listens on port %d" % (host.name, port))
    sharing = sharing_its_network(hop, host, container, inside)
    if not container.get("published", True):
        networks = ", ".join(container.get("networks") or []) or "none"
        why = "%s is in no network from which docker publishes a port (%s): an internal one, or none" % (
            called(container),
            networks,
        )
        setting = "networks: one without `internal: true` besides"
        advice = compose.edit(container, setting, host.name) or (
            "docker network create shared; docker network connect shared %s; docker restart %s   # on %s"
            % (shlex.quote(container["name"]), shlex.quote(container["name"]), host.name),
        )
    elif sharing.words:
        why, advice = sharing.words, sharing.advice
    elif own and not other.words:
        gone = _rules_gone(container, port, host.name)
        why = "%s listens on %d, and no way leads there: %s" % (called(container), inside, gone.words)
        advice = (*way_inside(container, host.name, inside), *gone.advice)
    else:
        why = other.words or "port %d leads to port %d of %s, in which nothing is seen to listen" % (
            port, inside, called(container),
        )  # fmt: skip
        advice = (log_of(container, host.name), *(other.advice or (ask_inside(container, host.name, inside),)))
    return on_hop(
        hop,
        cause,
        (
            *seen,
            *(() if host.tcp_listeners(port) else (nobody,)),
            Evidence("process", "%s runs and publishes its port %d as %d" % (called(container), inside, port)),
        ),
        says="port %d of %s is published from a container, and leads to nobody" % (port, host.name),
        why=why,
        advice=advice,
    )


def sharing_its_network(hop: Hop, host: Host, container: Container, inside: int) -> Explanation:
    """That a container which has the network of this one, in which it should listen, does not run, or has that of an earlier one."""
    known = containers_of(host)
    mine = [one for one in known if one.get("shares") == container["name"] and not one["running"]]
    names = {one["name"] for one in known}
    lost = [one for one in known if one.get("shares") and one["shares"] not in names]
    if _own_ports(container) or not (mine or lost):
        return NOTHING
    leads = "port %d leads to port %d of %s, in which nothing listens" % (
        hop.real_address.port,
        inside,
        called(container),
    )
    if mine:
        return Explanation(
            words="%s: %s, which has its network, too" % (leads, state(mine[0])), advice=start_of(mine[0], host)
        )
    anew = compose.up(lost[0], host.name, option="--force-recreate") or (
        "# make %s anew with --network container:%s, too: started again alone, it keeps the network that is no more"
        % (shlex.quote(lost[0]["name"]), shlex.quote(container["name"])),
    )
    return Explanation(
        words="%s: %s has the network of a container that is no more, as %s may have been made anew since"
        % (leads, called(lost[0]), container["name"]),
        advice=anew,
    )


def _rules_gone(container: Container, port: int, on: str) -> Explanation:
    """That the rule of an engine is gone which leads from a port of the host to a container, and how it is laid anew."""
    if container["engine"] == "podman":
        return Explanation(
            words="podman's rules for port %d are gone" % port,
            advice=(
                "podman network reload %s   # on %s: lays them anew, where a firewall that was started or loaded again took them away (all containers: --all)"
                % (shlex.quote(container["name"]), on),
            ),
        )
    return Explanation(
        words="docker has no proxy of its own for port %d, and its rule for it is gone" % port,
        advice=(
            "iptables -t nat -S DOCKER | grep -w %d; grep -E 'iptables|userland-proxy' /etc/docker/daemon.json   # on %s: is its rule there? docker makes none"
            ' with "iptables": false, and then needs its proxy ("userland-proxy": true)' % (port, on),
        ),
    )


def _own_ports(container: Container) -> list[Address]:
    """Where a container listens with a port."""
    return [one for one in map(_address, container.get("listens") or []) if not one.is_unix]


def _address(listens: t.Mapping[str, t.Any]) -> Address:
    return read_address(listens["address"])


def let_it_listen(hop: Hop, port: int) -> str:
    """What lets a program in a container listen on all of its addresses."""
    if hop.family == "fastcgi":
        return (
            "# let PHP-FPM listen on all addresses inside: `listen = %d` in the pool (docker's images have that in php-fpm.d/zz-docker.conf, which a folder or"
            " file of one's own mounted over it takes away)" % port
        )
    return "# let it listen on 0.0.0.0:%d inside (HOST=0.0.0.0, --host 0.0.0.0, --bind 0.0.0.0:%d)" % (port, port)


def let_it_have(hop: Hop, port: int, there: int) -> str:
    """What lets a program in a container have the port that is asked for, in place of the one that it has there."""
    if hop.family == "fastcgi":
        return (
            "# or `listen = %d` in a file of the pool that is read last: docker's images set %d in php-fpm.d/zz-docker.conf"
            % (port, there)
        )
    return "# or let it have port %d inside, by its own setting (PORT=%d in its environment, where it reads that)" % (
        port,
        port,
    )


def not_yet(container: Container, now: float) -> Explanation:
    """Of a container that was just started and listens nowhere so far: that it may only need time, and what lets nginx wait for it."""
    since = container.get("since")
    age = max(0.0, now - since) if since and now else None
    if age is None or age > STARTING or container.get("listens") or is_restarted(container):
        return NOTHING
    return Explanation(
        words="%s has been running for %.0f s, and nothing in it listens yet" % (called(container), age),
        advice=(PATIENCE, COMES_AFTER),
    )


def ask_inside(container: Container, on: str, port: int) -> str:
    """The command that shows whether anything listens on a port in a container, whose engine takes connections all the same."""
    client, name = client_of(container) or "docker", shlex.quote(container["name"])
    return (
        "nsenter -t $(%s inspect -f '{{.State.Pid}}' %s) -n ss -ltnp   # on %s: does anything listen on port %d in it, and not on 127.0.0.1 alone?"
        % (client, name, on, port)
    )


#: Programs of engines that have a port of the host for a container: docker's own without its proxy, and podman's, take no connection there.
HOLDERS = (DAEMON, "docker-proxy", "conmon")
#: Seconds in which what a container runs may still be on its way to listening: databases are waited for, and what was built is made anew.
STARTING = 180.0
PATIENCE = "# it may only need time: ask the site again in a minute or two; making it anew would begin anew"
COMES_AFTER = "# so that nginx comes after it each time (compose): a healthcheck for it, and depends_on with condition: service_healthy for nginx's service"
DOTNET = "# images of .NET 8 and later listen on 8080, those before on 80: ASPNETCORE_HTTP_PORTS=80 in its environment keeps that"


def listens_on_another(hop: Hop, container: Container, inside: int) -> Explanation:
    """Where a container listens instead of the port that its engine leads to; nothing where it does listen there, or nowhere that is seen."""
    ports, published = _own_ports(container), hop.real_address.port
    there = sorted({one.port for one in ports if not one.is_loopback})
    if not ports or inside in there:
        return NOTHING
    leads = "port %d leads to port %d of %s" % (published, inside, called(container))
    if not there:
        where = ", ".join(dict.fromkeys(one.bare for one in ports))
        words = "%s, which listens on %s alone" % (leads, where)
        return Explanation(words=words, advice=(let_it_listen(hop, inside),))
    to = 8080 if 8080 in there else there[0]
    as_dotnet = (DOTNET,) if inside == 80 and to == 8080 else ()
    at = str(listener_behind(hop).get("address") or "::")
    mapped = "%d:%d" % (published, to) if is_any(at) else "%s:%d:%d" % (bracketed(at), published, to)
    on = engines_host(hop).name
    publish = compose.edit(container, "ports: ['%s'], as that is the port that it has" % mapped, on) or (
        "# publish the port that it has: -p %s (`ports` of its compose file), and make the container anew" % mapped,
    )
    words = "%s, where nothing listens: it listens on %s" % (leads, ", ".join(map(str, there)))
    return Explanation(words=words, advice=(*publish, *as_dotnet))


def way_inside(container: Container, on: str, port: int) -> tuple[str, ...]:
    """Whether the host itself gets into a container of docker: rules of a firewall that were written anew lack docker's own."""
    if container["engine"] != "docker" or not container["addresses"]:
        return ()
    return (
        "curl -sSm3 -o /dev/null http://%s/   # on %s: does the host itself get into it?"
        % (Address(container["addresses"][0], port).bare, on),
        "# if not: docker's rules are gone (iptables -S DOCKER), as csf -r, iptables-restore or a reload of firewalld wrote all anew:"
        ' systemctl restart docker; with csf DOCKER = "1" in csf.conf',
    )


def lets_in(hop: Hop, container: Container) -> tuple[str, ...]:
    """Whom a PHP-FPM in a container lets in: by its engine, connections come from another address than 127.0.0.1."""
    if hop.family != "fastcgi":
        return ()
    name = shlex.quote(container["name"])
    return (
        "%s logs %s 2>&1 | grep -F 'Connection disallowed'   # on %s: listen.allowed_clients of its pool leaves out what comes from outside of the container"
        % (client_of(container) or "docker", name, hop.on),
    )
