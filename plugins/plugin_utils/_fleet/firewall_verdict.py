# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's packet filter does to a new TCP connection, and the rule that decides it.

Where a test cannot be judged and the connection would end in different ways, the verdict is `unknown`: a rule of this collection then says nothing.

Private to this collection: it may change in any release.
"""

from __future__ import annotations

import errno
import fnmatch
import ipaddress
import typing as t

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import bracketed
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import firewalld
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.owners import owner_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import maker_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.chain_walk import End, ends_of
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import (
    Packet,
    applies,
    diverted_to,
    is_within,
    packet_to,
)

if t.TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.facts import FirewallFacts
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain, Rule
    from ansible_collections.webops.bad_gateway.plugins.module_utils._host.system import System

REFUSALS = ("drop", "reject")
#: Extensions that count connections: a proxy makes those of all visitors from one address.
COUNTING = frozenset(("recent", "connlimit", "hashlimit", "limit", "ct count"))
#: What connect() says at the other end, by ICMP type, for IPv4 and IPv6 (Linux, icmp_err_convert and icmpv6_err_convert).
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


class Verdict(t.NamedTuple):
    """action: accept | drop | reject | unknown. The rest is about the rule that decides; None where a policy does or nothing is known."""

    action: str
    rule_text: str
    chain: str | None = None  # name of the chain
    table: str | None = None
    family: str | None = None  # of the table: ip, ip6, inet, netdev
    tool: str | None = None  # whose rule it is
    handle: int | None = None  # nftables only; None for a policy
    zone: str | None = None  # firewalld only
    errno: int | None = None  # what connect() at the source says; ETIMEDOUT for drop, None for accept
    owner: str | None = None  # the program whose chain it is, beside the tool in charge: fail2ban, docker, ...
    port: int = 0  # the port that the packet is for there
    counted: str = ""  # of an unknown one: the rule that refuses an address that connects too often
    through: str | None = (
        None  # the address that the host passes the packet on to, where that is another host or a container
    )

    @property
    def where(self) -> str:
        """The table and the chain that decide, in words."""
        return "table %s %s, chain %s" % (self.family, self.table, self.chain) if self.chain else "no chain"

    def names(self, source: str | None) -> bool:
        """Whether the rule that decides is about this one address of who connects."""
        words = self.rule_text.split()
        named = [after for word, after in zip(words, words[1:]) if word in ("-s", "saddr")]
        return any(one.partition("/")[0] == source and one.partition("/")[2] in ("", "32", "128") for one in named)

    @property
    def place(self) -> dict[str, str]:
        """Where the role firewall_port has to put an opening, by the names of its variables."""
        return {
            "zone": self.zone or "",
            "family": self.family or "",
            "table": self.table or "",
            "chain": self.chain or "",
        }


def verdict(
    firewall: FirewallFacts,
    source: str,
    destination: str,
    port: int,
    interface: str | None = None,
    leaves: bool = False,
    system: System | None = None,
    likelier: str = "drop",
) -> Verdict:
    """Whether a new TCP connection from source to port of destination gets into this host, or, where it leaves, out of it.

    system: of the host. With it, a packet whose address is rewritten is followed: to another port, or through the host.
    likelier: the refusal that the proxy sees, for rules that may refuse in both ways, as a limit of packets is reached or not.
    """
    return verdict_on(firewall, packet_to(source, destination, port, interface, leaves), system, likelier)


def verdict_on(
    firewall: FirewallFacts, packet: Packet, system: System | None = None, likelier: str = "drop"
) -> Verdict:
    """Whether a packet gets past this host's rules."""
    chains = (firewall.get("rules") or {}).get("chains") or {}
    ends = ends_of(chains, packet)
    if list(ends) == ["divert"] and system is not None:
        rewrites = ends["divert"]
        rewritten = chains[rewrites.chain]["rules"][rewrites.position or 0]["verdict"]
        packet = diverted_to(packet, rewritten, system) or packet
        ends = ends_of(chains, packet) if packet.diverted else ends
    if "divert" in ends:
        ends["unknown"] = ends.pop("divert")
    actions = set(ends)
    if actions <= {"accept"}:
        action, end = "accept", ends.get("accept")
    elif actions <= set(REFUSALS):
        action = likelier if likelier in ends else next(iter(ends))
        end = ends[action]
    else:
        action, end = "unknown", next(ends[name] for name in ("drop", "reject", "unknown") if name in ends)
    if end is None:
        return Verdict("accept", "no rule", through=_through(packet))
    decided = _decided(firewall, chains[end.chain], action, end, packet, certain=len(actions) == 1)
    refuses = action == "unknown" and end.action in REFUSALS
    return decided._replace(counted=_counted(chains, end, packet)) if refuses else decided


def _counted(chains: t.Mapping[str, Chain], end: End, packet: Packet) -> str:
    """The rule that counts connections and by which the packet ends there, or is led there; empty where it is another one that is not known."""
    rules = chains[end.chain]["rules"]
    own = [rules[end.position]] if end.position is not None else []
    leads = ["jump " + end.chain, "goto " + end.chain]
    led = [rule for chain in chains.values() for rule in chain["rules"] if rule["verdict"] in leads]
    return next((rule["text"] for rule in own + led if _counts(rule) and applies(rule, packet) is None), "")


def _counts(rule: Rule) -> bool:
    return any(test["field"] == "unknown" and COUNTING.intersection(test["values"]) for test in rule["tests"])


def in_charge(firewall: FirewallFacts) -> list[str]:
    """The tools that an opening has to go to: each of them where it refuses."""
    return [firewall.get("tool", "none"), *(firewall.get("beside") or ())]


def zone_of(firewall: FirewallFacts, source: str, interface: str | None) -> str | None:
    """firewalld's zone for traffic from source: sources go before interfaces, and the default zone takes what is left."""
    zones = firewall.get("zones") or {}
    for name, zone in zones.items():
        if any(is_within(ipaddress.ip_address(source), value) for value in zone["sources"]):
            return name
    for name, zone in zones.items():
        if interface and any(fnmatch.fnmatchcase(interface, pattern) for pattern in zone["interfaces"]):
            return name
    return firewall.get("default_zone")


def _decided(firewall: FirewallFacts, chain: Chain, action: str, end: End, packet: Packet, certain: bool) -> Verdict:
    """The verdict of the rule, or of the chain's policy, at which the packet ends. certain: whether every way ends so."""
    rule = chain["rules"][end.position] if end.position is not None else None
    tool = maker_of(chain, in_charge(firewall))
    return Verdict(
        action=action,
        rule_text=rule["text"] if rule else "policy %s of chain %s" % (chain["policy"] or "accept", chain["name"]),
        chain=chain["name"],
        table=chain["table"],
        family=chain["family"],
        tool=tool,
        handle=rule["handle"] if rule else None,
        zone=_zone(firewall, chain, packet) if tool == "firewalld" else None,
        errno=_errno(action, rule, packet) if certain else None,
        owner=owner_of(chain),
        port=packet.port,
        through=_through(packet),
    )


def _through(packet: Packet) -> str | None:
    return "%s:%d" % (bracketed(str(packet.destination)), packet.port) if packet.passes else None


def _zone(firewall: FirewallFacts, chain: Chain, packet: Packet) -> str | None:
    """The zone of firewalld whose chain it is, else the one that the packet belongs to."""
    return firewalld.zone_of_chain(chain["name"]) or zone_of(firewall, str(packet.source), packet.interface)


def _errno(action: str, rule: Rule | None, packet: Packet) -> int | None:
    """What connect() says at the source; None where that is not known, or nothing."""
    if action == "drop":
        return errno.ETIMEDOUT
    if action != "reject" or rule is None:
        return None
    ipv4, ipv6 = ERRNOS.get(rule["verdict"].partition(":")[2], (None, None))
    return ipv6 if packet.source.version == 6 else ipv4
