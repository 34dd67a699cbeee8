# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's packet filter does to a new TCP connection, found by walking its rules as the kernel would.

A test that cannot be judged (an extension, an interface that is not known) is taken both ways. Where both ways end alike that is the
verdict, else it is `unknown`: a rule of this collection then says nothing.

Private to this collection: it may change in any release.
"""

import errno
import fnmatch
import ipaddress
import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import HOOKS, WAY_OUT

Facts = Dict[str, Any]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

REFUSALS = ("drop", "reject")
# What connect() says at the other end, by ICMP code and family (Linux, icmp_err_convert and icmpv6_err_convert).
ERRNOS = {
    "tcp-reset": (errno.ECONNREFUSED, errno.ECONNREFUSED),
    "icmp-port-unreachable": (errno.ECONNREFUSED, errno.ECONNREFUSED),
    "icmp-admin-prohibited": (errno.EHOSTUNREACH, errno.EACCES),
    "icmp-host-prohibited": (errno.EHOSTUNREACH, errno.EACCES),
    "icmp-host-unreachable": (errno.EHOSTUNREACH, errno.EHOSTUNREACH),
    "icmp-addr-unreachable": (errno.EHOSTUNREACH, errno.EHOSTUNREACH),
    "icmp-net-unreachable": (errno.ENETUNREACH, errno.ENETUNREACH),
    "icmp-net-prohibited": (errno.ENETUNREACH, errno.ENETUNREACH),
    "icmp-no-route": (errno.ENETUNREACH, errno.ENETUNREACH),
    "icmp-proto-unreachable": (errno.ENOPROTOOPT, errno.ENOPROTOOPT),
}


# What is so for the first packet of any TCP connection to this host, by field.
FIRST_PACKET = {
    "protocol": "tcp",
    "ct_state": "new",
    "ct_status": "",
    "dst_type": "local",
    "src_type": "unicast",
    "reverse_path": "present",
    "header": "missing",
}
# The same on its way out of the host that sends it.
FIRST_PACKET_OUT = {**FIRST_PACKET, "dst_type": "unicast", "src_type": "local"}
UNPRIVILEGED, HIGHEST_PORT = 1024, 65535
_ZONE = re.compile(r"(?:filter_)?IN_((?!policy_).+?)(?:_(?:pre|log|deny|allow|post))?$")


class Verdict(NamedTuple):
    """action: accept | drop | reject | unknown. The rest tells of the rule that decides, None where a policy does or nothing is known."""

    action: str
    rule_text: str
    chain: Optional[str]  # name of the chain
    table: Optional[str]
    family: Optional[str]  # of the table: ip, ip6, inet, netdev
    tool: Optional[str]  # whose rule it is: firewalld, ufw, nftables, iptables
    handle: Optional[int]  # nftables only; None for a policy
    zone: Optional[str]  # firewalld only
    errno: Optional[int]  # what connect() at the source says; ETIMEDOUT for drop, None for accept

    @property
    def place(self) -> Dict[str, str]:
        """Where the role firewall_port has to put an opening, by the names of its variables."""
        return {
            "zone": self.zone or "",
            "family": self.family or "",
            "table": self.table or "",
            "chain": self.chain or "",
        }


class Packet(NamedTuple):
    source: Address
    destination: Optional[Address]
    port: int
    interface: Optional[str]
    leaves: bool = False


class End(NamedTuple):
    """One way that the walk through a chain can end. action "" is: back to the caller."""

    action: str
    chain: str
    position: Optional[int]


def verdict(
    firewall: Facts, source: str, destination: str, port: int, interface: Optional[str] = None, leaves: bool = False
) -> Verdict:
    """Whether a new TCP connection from source to port of destination gets into this host, or, where it leaves, out of it."""
    packet = _packet(source, destination, port, interface, leaves)
    chains: Dict[str, Facts] = (firewall.get("rules") or {}).get("chains") or {}
    hooks = WAY_OUT if leaves else HOOKS
    bases = [name for name, chain in chains.items() if chain["hook"] in hooks and _sees(chain, packet)]
    bases.sort(key=lambda name: (hooks.index(chains[name]["hook"]), chains[name]["priority"]))
    walk = _Walk(chains, packet)
    met: Dict[str, End] = {}
    for name in bases:
        ends = walk.base(name)
        for end in ends:
            # Of refusals the first tells; of chains that let it pass, the last.
            if end.action == "accept" or end.action not in met:
                met[end.action] = end
        if not any(end.action == "accept" for end in ends):
            # Nothing gets past this chain, so that what stands behind it does not matter.
            met.pop("accept", None)
            break
    return _told(firewall, chains, met, packet)


def interface_of(system: Facts, source: str, destination: str) -> Optional[str]:
    """The interface that a connection from source comes in by, as the addresses tell it: lo for this host's own, else the one whose
    network holds the source, else the one that has the destination. None where that is none or several."""
    interfaces: Dict[str, List[str]] = system.get("interfaces") or {}
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


def zone_of(firewall: Facts, source: str, interface: Optional[str]) -> Optional[str]:
    """firewalld's zone for traffic from source: sources go before interfaces, and the default zone takes what is left."""
    zones: Dict[str, Facts] = firewall.get("zones") or {}
    for name, zone in zones.items():
        if any(_address_fits(ipaddress.ip_address(source), value) for value in zone["sources"]):
            return name
    for name, zone in zones.items():
        if interface and any(fnmatch.fnmatchcase(interface, pattern) for pattern in zone["interfaces"]):
            return name
    return firewall.get("default_zone")


def _packet(source: str, destination: str, port: int, interface: Optional[str], leaves: bool) -> Packet:
    try:
        target: Optional[Address] = ipaddress.ip_address(destination)
    except ValueError:
        target = None
    return Packet(ipaddress.ip_address(source), target, port, interface, leaves)


def _sees(chain: Facts, packet: Packet) -> bool:
    return chain["family"] in ("inet", "netdev", _family(packet))


def _family(packet: Packet) -> str:
    return "ip" if packet.source.version == 4 else "ip6"


class _Walk:
    """Chains walked for one packet; each chain once, whoever jumps to it."""

    def __init__(self, chains: Dict[str, Facts], packet: Packet) -> None:
        self.chains = chains
        self.packet = packet
        self.done: Dict[str, Set[End]] = {}

    def base(self, name: str) -> List[End]:
        """The ways that a base chain ends; falling off its end or returning from it is its policy."""
        policy = self.chains[name]["policy"] or "accept"
        return [End(policy, name, None) if end.action == "" else end for end in sorted(self.chain(name), key=repr)]

    def chain(self, name: str) -> Set[End]:
        if name not in self.chains:
            # Left out because it holds no rule about TCP.
            return {End("", name, None)}
        if name not in self.done:
            # A loop cannot be in force; this ends one in facts that are not sound.
            self.done[name] = {End("unknown", name, None)}
            self.done[name] = self._rules(name)
        return self.done[name]

    def _rules(self, name: str) -> Set[End]:
        ends: Set[End] = set()
        for index, rule in enumerate(self.chains[name]["rules"]):
            fits = _fits(rule, self.packet)
            if fits is False:
                continue
            outcome = self._outcome(rule["verdict"], name, index)
            # A jump that comes back goes on with the next rule of this chain.
            onward = End("", "", index) in outcome
            ends |= outcome - {End("", "", index)}
            if fits and not onward:
                return ends
        return ends | {End("", name, None)}

    def _outcome(self, verdict_text: str, name: str, index: int) -> Set[End]:
        kind, _blank, target = verdict_text.partition(" ")
        if kind == "jump":
            return {End("", "", index) if end.action == "" else end for end in self.chain(target)}
        if kind == "goto":
            return {End("", name, None) if end.action == "" else end for end in self.chain(target)}
        if kind == "return":
            return {End("", name, None)}
        return {End("unknown" if kind == "divert" else kind.partition(":")[0], name, index)}


def _fits(rule: Facts, packet: Packet) -> Optional[bool]:
    """Whether all tests hold; None where that hangs on one that cannot be judged."""
    known: Optional[bool] = True
    for item in rule["tests"]:
        holds = _holds(item["field"], item["values"], packet)
        if holds is not None and holds == item["negate"]:
            return False
        if holds is None:
            known = None
    return known


def _holds(field: str, values: List[str], packet: Packet) -> Optional[bool]:
    """Whether a test without its negation holds for the first packet of a TCP connection; None: cannot be said."""
    known = FIRST_PACKET_OUT if packet.leaves else FIRST_PACKET
    if field in known:
        return known[field] in values
    judge = _JUDGES.get(field)
    answers = [judge(packet, value) for value in values] if judge else [None]
    if True in answers:
        return True
    return None if None in answers else False


def _family_fits(packet: Packet, value: str) -> bool:
    return value == _family(packet)


def _flags_fit(_packet: Packet, value: str) -> bool:
    """SYN alone is set."""
    flags, slash, mask = value.partition("/")
    wanted = set(flags.split(","))
    return wanted & set(mask.split(",")) == {"syn"} & set(mask.split(",")) if slash else "syn" in wanted


def _port_fits(packet: Packet, value: str) -> Optional[bool]:
    low, high = _range(value)
    return None if low is None or high is None else low <= packet.port <= high


def _source_port_fits(_packet: Packet, value: str) -> Optional[bool]:
    """Clients take any port above the privileged ones."""
    low, high = _range(value)
    if low is None or high is None:
        return None
    if low <= UNPRIVILEGED and high >= HIGHEST_PORT:
        return True
    return False if high < UNPRIVILEGED else None


def _range(value: str) -> Tuple[Optional[int], Optional[int]]:
    low, dash, high = value.partition("-")
    if not low.isdecimal() or (dash and not high.isdecimal()):
        return None, None
    return int(low), int(high if dash else low)


def _source_fits(packet: Packet, value: str) -> Optional[bool]:
    return _address_fits(packet.source, value)


def _destination_fits(packet: Packet, value: str) -> Optional[bool]:
    return _address_fits(packet.destination, value) if packet.destination else None


def _address_fits(address: Address, value: str) -> Optional[bool]:
    """Whether an address is the one named, in the network, or in the range."""
    try:
        if "/" in value:
            return address in ipaddress.ip_network(value, strict=False)
        low, dash, high = value.partition("-")
        if not dash:
            return address == ipaddress.ip_address(low)
        first, last = ipaddress.ip_address(low), ipaddress.ip_address(high)
        return address.version == first.version and int(first) <= int(address) <= int(last)
    except ValueError:
        return None


def _comes_in_by(packet: Packet, value: str) -> Optional[bool]:
    return False if packet.leaves else _interface_fits(packet, value)


def _goes_out_by(packet: Packet, value: str) -> Optional[bool]:
    return _interface_fits(packet, value) if packet.leaves else None


def _interface_fits(packet: Packet, value: str) -> Optional[bool]:
    if packet.interface is None:
        # Whoever asks for this host's own connections says "lo".
        return False if value == "lo" else None
    return fnmatch.fnmatchcase(packet.interface, value)


_JUDGES: Dict[str, Callable[[Packet, str], Optional[bool]]] = {
    "family": _family_fits,
    "saddr": _source_fits,
    "daddr": _destination_fits,
    "sport": _source_port_fits,
    "dport": _port_fits,
    "iif": _comes_in_by,
    "oif": _goes_out_by,
    "tcp_flags": _flags_fit,
}


def _told(firewall: Facts, chains: Dict[str, Facts], met: Dict[str, End], packet: Packet) -> Verdict:
    actions = set(met)
    if actions <= {"accept"}:
        action, end = "accept", met.get("accept")
    elif actions <= set(REFUSALS):
        action, end = next(iter(met.items()))
    else:
        action, end = "unknown", next(met[name] for name in ("drop", "reject", "unknown") if name in met)
    if end is None:
        return Verdict("accept", "no rule", None, None, None, None, None, None, None)
    return _explained(firewall, chains[end.chain], action, end, packet, certain=len(actions) == 1)


def _explained(firewall: Facts, chain: Facts, action: str, end: End, packet: Packet, certain: bool) -> Verdict:
    rule = chain["rules"][end.position] if end.position is not None else None
    text = rule["text"] if rule else "policy %s of chain %s" % (chain["policy"] or "accept", chain["name"])
    tool = _tool(firewall, chain)
    zone = _ZONE.match(chain["name"]) if tool == "firewalld" else None
    return Verdict(
        action=action,
        rule_text=text,
        chain=chain["name"],
        table=chain["table"],
        family=chain["family"],
        tool=tool,
        handle=rule["handle"] if rule else None,
        zone=zone.group(1)
        if zone
        else (zone_of(firewall, str(packet.source), packet.interface) if tool == "firewalld" else None),
        errno=_errno(action, rule, packet) if certain else None,
    )


def _tool(firewall: Facts, chain: Facts) -> str:
    """Whose rule it is: that of the owner only where it stands in the owner's chains."""
    owner = firewall.get("tool")
    if chain["syntax"] == "nft":
        return "firewalld" if chain["table"] == "firewalld" else "nftables"
    if owner == "ufw" and (chain["name"].startswith("ufw") or chain["hook"]):
        return "ufw"
    if owner == "firewalld" and (_ZONE.match(chain["name"]) or chain["hook"]):
        return "firewalld"
    return "iptables"


def _errno(action: str, rule: Optional[Facts], packet: Packet) -> Optional[int]:
    if action == "drop":
        return errno.ETIMEDOUT
    if action != "reject" or rule is None:
        return None
    return ERRNOS.get(rule["verdict"].partition(":")[2], (None, None))[packet.source.version == 6]
