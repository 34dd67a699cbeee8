# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of containers that no container has any more: it has ended, or has another one since it was started again.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.finding import Evidence, Finding
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.hop import Hop
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.host import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes import _containers as containers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._address_edits import named_at, origin
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._beside_container import in_common
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._container_starts import start_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._findings import on_hop

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.containers import Container


#: Where a port is looked for that nobody has.
FREE_PORTS = tuple(range(8080, 8180))


def stopped_by_name(hop: Hop) -> Container | None:
    """The container that an nginx in another one asks for by a name, where it does not run: its engine then knows neither its name nor its address, and
    nginx goes on asking the address that it had."""
    name, own = hop.address.host, hop.proxy.facts.get("container")
    if own is None or hop.proxy.within is None or hop.tried or not hop.address.is_name:
        return None
    known = [one for one in containers.containers_of(hop.proxy) if name in (one["name"], *(one.get("aliases") or []))]
    # Of podman's that do not run, no file names the networks.
    found = [one for one in known if in_common(own, one) or not one["running"] and not one.get("networks")]
    return found[0] if found and not any(one["running"] for one in found) else None


def does_not_run(hop: Hop, container: Container, cause: str, seen: tuple[Evidence, ...]) -> Finding:
    """The finding that the container which nginx asks for by name does not run."""
    engine = hop.proxy.within or hop.proxy
    text = "%s is %s, in a network of %s" % (
        hop.address.host,
        containers.called(container),
        hop.proxy.facts["container"]["name"],
    )
    state = containers.state_on(container, engine)
    return on_hop(
        hop,
        cause,
        (*seen, Evidence("process", text, 0.8), Evidence("process", state), *containers.last_words(container)),
        on=hop.proxy.name,
        says="%s, which %s asks for, does not run" % (containers.called(container), hop.proxy.name),
        why=containers.with_last_words("%s, and nginx goes on asking the address that it had" % state, container),
        advice=(*start_of(container, engine), by_its_name(hop)),
    )


def is_kept_apart(hop: Hop, own: Container, interface: str, cause: str, seen: tuple[Evidence, ...]) -> Finding:
    """A container of the proxy's own host has the address, in a network on the host's own interface: by macvlan and ipvlan, these two never meet."""
    proxy, address, network = hop.proxy.name, hop.destination.host, ", ".join(own.get("networks") or []) or "NETWORK"
    has = "%s of %s has the address %s, in the network %s" % (containers.called(own), proxy, address, network)
    return on_hop(
        hop,
        cause,
        (*seen, Evidence("process", has, 0.8)),
        on=proxy,
        says="%s has %s, and is kept apart from its own host" % (containers.called(own), address),
        why="%s, on %s of the host itself (macvlan or ipvlan): the kernel lets no packet pass between such a container and its own host, while other hosts"
        " get through. No firewall refuses it" % (has, interface),
        advice=(
            "%s network inspect -f '{{.Driver}} {{.Options.parent}}' %s   # on %s: macvlan or ipvlan?"
            % (containers.client_of(own) or "docker", network, proxy),
            "ip link add shim0 link %s type macvlan mode bridge; ip address add FREE_ADDRESS/32 dev shim0; ip link set shim0 up; ip route add %s dev shim0"
            "   # on %s, where it is macvlan; FREE_ADDRESS: one that nobody has in that network"
            % (interface, address, proxy),
            "# that is gone after a boot: write it in the host's own settings of networks (a unit with Type=oneshot, systemd-networkd, `up` lines of ifupdown)",
            "# or a network of the engine's own for it besides (networks: [%s, default]), with its port published at 127.0.0.1 and named at %s"
            % (network, named_at(hop)),
        ),
    )


def no_container_has_it(hop: Hop, address: str, interface: str, cause: str, seen: tuple[Evidence, ...]) -> Finding:
    """The address belongs to a network of the proxy's own containers."""
    proxy, known, engine = hop.proxy.name, containers.containers_of(hop.proxy), hop.proxy.within or hop.proxy
    had = next((one for one in known if address in one["addresses"]), None)
    down = [had] if had else [one for one in known if not one["running"]]
    now = [
        "%s has %s" % (one["name"], ", ".join(one["addresses"])) for one in known if one["running"] and one["addresses"]
    ]
    states = "; ".join(containers.state_on(one, engine) for one in down[:3])
    return on_hop(
        hop,
        cause,
        seen,
        on=proxy,
        says="no container on %s has the address %s" % (proxy, address),
        why="%s is an address of a container network (%s), and no container has it now: a container gets another one each time it starts (%s)%s"
        % (address, interface, origin(hop), "; " + states if states else ""),
        advice=(
            *(
                start_of(down[0], engine)
                if len(down) == 1
                else ("docker ps -a   # on %s: which container is gone?" % engine.name,)
            ),
            *(("# addresses now: %s" % "; ".join(now[:5]),) if now else ()),
            by_its_name(hop),
        ),
    )


def by_its_name(hop: Hop) -> str:
    """What leads to a container wherever it gets its address from."""
    if hop.proxy.within:
        whom = (
            "127.0.0.11" if hop.proxy.facts["container"]["engine"] == "docker" else "THE_NAMESERVER_OF_ITS_RESOLV_CONF"
        )
        return "# ask it by its name at %s: with `resolver %s valid=10s` and the name in a variable, nginx follows it" % (
            named_at(hop), whom,
        )  # fmt: skip
    free = _free_port(hop.proxy, hop.address.port)
    return "# publish its port (-p 127.0.0.1:%d:%d) and pass on to 127.0.0.1:%d at %s, or give it a fixed address" % (
        free, hop.address.port, free, named_at(hop),
    )  # fmt: skip


def _free_port(host: Host, wanted: int) -> int:
    """The port itself where nobody on the host has it, else the first that is free."""
    return next((port for port in (wanted, *FREE_PORTS) if not host.tcp_listeners(port)), wanted)
