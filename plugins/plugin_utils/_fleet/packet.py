# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first packet of a TCP connection, or one by which an IPv6 neighbour is found, and whether the tests of a firewall's rule hold for it.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import typing as t

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.icmp_types import ICMP_TYPES

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Rule
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.system import System

Number = ipaddress.IPv4Address | ipaddress.IPv6Address

#: What is so for the first packet of any TCP connection to this host, by the field of a test.
FIRST_PACKET = {
    "protocol": "tcp",
    "ct_state": "new",
    "ct_status": "",
    "dst_type": "local",
    "src_type": "unicast",
    "reverse_path": "present",
    "header": "missing",
}
#: The same on its way out of the host that sends it.
FIRST_PACKET_OUT = {**FIRST_PACKET, "dst_type": "unicast", "src_type": "local"}
UNPRIVILEGED, HIGHEST_PORT = 1024, 65535


class Packet(t.NamedTuple):
    """A packet from source to port of destination. None: not known."""

    source: Number
    destination: Number | None
    port: int
    interface: str | None
    leaves: bool = False  # it is on its way out of the host whose rules are walked, instead of in
    passes: bool = False  # it is on its way through that host, to another one or to a container
    diverted: bool = False  # that host has rewritten where it goes
    out: str | None = None  # where it passes: the interface that it leaves by
    icmp: int = 0  # the type of an ICMPv6 packet; 0: it is TCP

    @property
    def family(self) -> str:
        """The family of nftables that it belongs to."""
        return "ip" if self.source.version == 4 else "ip6"


def packet_to(source: str, destination: str, port: int, interface: str | None = None, leaves: bool = False) -> Packet:
    """The packet that opens a connection. A destination that is a name is not known."""
    try:
        target: Number | None = ipaddress.ip_address(destination)
    except ValueError:
        target = None
    return Packet(ipaddress.ip_address(source), target, port, interface, leaves)


def diverted_to(packet: Packet, verdict: str, system: System) -> Packet | None:
    """What becomes of a packet by a rule that rewrites where it goes (divert:HOST:PORT); None where that is not known."""
    host, colon, port = verdict.partition(":")[2].rpartition(":")
    if not colon:
        return None
    target = ipaddress.ip_address(host.strip("[]")) if host else packet.destination
    onward = packet._replace(destination=target, port=int(port or packet.port), diverted=True)
    way = "lo" if not host else interface_of(system, str(target), "")
    return onward if way == "lo" else onward._replace(passes=True, out=way)


def interface_of(system: System, source: str, destination: str) -> str | None:
    """The interface that a connection from source comes in by, as far as the addresses say: lo for this host's own, else the one whose
    network holds the source, else the one that has the destination. None where that is none or several."""
    interfaces = system.get("interfaces") or {}
    client = ipaddress.ip_address(source)
    if client.is_loopback or any(source == address.split("/")[0] for own in interfaces.values() for address in own):
        return "lo"
    near = [
        name
        for name, own in interfaces.items()
        if any(client in ipaddress.ip_network(address, strict=False) for address in own)
    ]
    holding = [name for name, own in interfaces.items() if any(destination == address.split("/")[0] for address in own)]
    found = near or holding
    return found[0] if len(found) == 1 else None


def applies(rule: Rule, packet: Packet) -> bool | None:
    """Whether all tests of a rule hold for the packet; None where that hangs on one that cannot be judged."""
    known: bool | None = True
    for test in rule["tests"]:
        holds = _holds(test["field"], test["values"], packet)
        if holds is not None and holds == test["negate"]:
            return False
        if holds is None:
            known = None
    return known


def is_within(number: Number, value: str) -> bool | None:
    """Whether an address is the one named, in the network, or in the range; None where the value is none of these."""
    try:
        if "/" in value:
            return number in ipaddress.ip_network(value, strict=False)
        low, dash, high = value.partition("-")
        if not dash:
            return number == ipaddress.ip_address(low)
        first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
        return number.version == first.version and int(first) <= int(number) <= int(last)
    except ValueError:
        return None


def _holds(field: str, values: t.Sequence[str], packet: Packet) -> bool | None:
    """Whether a test without its negation holds for the packet; None: cannot be said."""
    known = _known_of(packet)
    if packet.diverted and field in ("ct_state", "ct_status") and "dnat" in values:
        return True
    if packet.passes and field == "dst_type":
        return "unicast" in values
    if field in known:
        return known[field] in values
    judge = _JUDGES.get(field)
    answers = [judge(packet, value) for value in values] if judge else [None]
    if True in answers:
        return True
    return None if None in answers else False


def _known_of(packet: Packet) -> t.Mapping[str, str]:
    """What is so for the packet, by the field of a test."""
    known = FIRST_PACKET_OUT if packet.leaves else FIRST_PACKET
    if not packet.icmp:
        return known
    group = {"dst_type": "multicast"} if packet.destination and packet.destination.is_multicast else {}
    return {**known, "protocol": "icmpv6", "ct_state": "untracked", **group}


def _is_of_icmp_type(packet: Packet, value: str) -> bool | None:
    types = _range(str(ICMP_TYPES.get(value, value.partition("/")[0])))
    return None if types is None else types[0] <= packet.icmp <= types[1]


def _is_of_family(packet: Packet, value: str) -> bool | None:
    return value == packet.family


def _has_flags(_packet: Packet, value: str) -> bool | None:
    """SYN alone is set."""
    flags, slash, mask = value.partition("/")
    wanted = set(flags.split(","))
    return wanted & set(mask.split(",")) == {"syn"} & set(mask.split(",")) if slash else "syn" in wanted


def _goes_to_port(packet: Packet, value: str) -> bool | None:
    ports = _range(value)
    return None if ports is None else ports[0] <= packet.port <= ports[1]


def _comes_from_port(_packet: Packet, value: str) -> bool | None:
    """Clients take any port above the privileged ones."""
    ports = _range(value)
    if ports is None:
        return None
    low, high = ports
    if low <= UNPRIVILEGED and high >= HIGHEST_PORT:
        return True
    return False if high < UNPRIVILEGED else None


def _range(value: str) -> tuple[int, int] | None:
    """The lowest and the highest port of a value; None where it is not in numbers."""
    low, dash, high = value.partition("-")
    if not low.isdecimal() or (dash and not high.isdecimal()):
        return None
    return int(low), int(high if dash else low)


def _comes_from(packet: Packet, value: str) -> bool | None:
    return is_within(packet.source, value)


def _goes_to(packet: Packet, value: str) -> bool | None:
    return is_within(packet.destination, value) if packet.destination else None


def _comes_in_by(packet: Packet, value: str) -> bool | None:
    return False if packet.leaves else _is_interface(packet, value)


def _goes_out_by(packet: Packet, value: str) -> bool | None:
    if packet.passes:
        return None if packet.out is None else fnmatch.fnmatchcase(packet.out, value)
    return _is_interface(packet, value) if packet.leaves else None


def _is_interface(packet: Packet, value: str) -> bool | None:
    if packet.interface is None:
        # Whoever asks for this host's own connections says "lo".
        return False if value == "lo" else None
    return fnmatch.fnmatchcase(packet.interface, value)


_JUDGES: dict[str, t.Callable[[Packet, str], bool | None]] = {
    "family": _is_of_family,
    "saddr": _comes_from,
    "daddr": _goes_to,
    "sport": _comes_from_port,
    "dport": _goes_to_port,
    "iif": _comes_in_by,
    "oif": _goes_out_by,
    "tcp_flags": _has_flags,
    "icmp_type": _is_of_icmp_type,
}
