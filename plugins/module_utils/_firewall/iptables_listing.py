# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of iptables-save and ip6tables-save in the form of rules.py.

Private to this collection: it may change in any release.
"""

import re
import shlex
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import (
    VALUE_LIMIT,
    chain,
    chain_id,
    diverted,
    rule,
    test,
)

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain, Test

# Where the built-in chains of each table stand in a packet's way: (hook, priority).
BASE_CHAINS = {
    ("raw", "PREROUTING"): ("prerouting", -300),
    ("mangle", "PREROUTING"): ("prerouting", -150),
    ("nat", "PREROUTING"): ("prerouting", -100),
    ("mangle", "INPUT"): ("input", -150),
    ("filter", "INPUT"): ("input", 0),
    ("security", "INPUT"): ("input", 50),
    ("nat", "INPUT"): ("input", 100),
    ("mangle", "FORWARD"): ("forward", -150),
    ("filter", "FORWARD"): ("forward", 0),
    ("security", "FORWARD"): ("forward", 50),
    ("raw", "OUTPUT"): ("output", -300),
    ("mangle", "OUTPUT"): ("output", -150),
    ("filter", "OUTPUT"): ("output", 0),
    ("security", "OUTPUT"): ("output", 50),
}
# Option -> field. All of these take one value, or several with commas between.
FIELDS = {
    "-s": "saddr",
    "--source": "saddr",
    "--src-range": "saddr",
    "-d": "daddr",
    "--destination": "daddr",
    "--dst-range": "daddr",
    "-i": "iif",
    "--in-interface": "iif",
    "-o": "oif",
    "--out-interface": "oif",
    "-p": "protocol",
    "--protocol": "protocol",
    "--sport": "sport",
    "--sports": "sport",
    "--source-port": "sport",
    "--dport": "dport",
    "--dports": "dport",
    "--destination-port": "dport",
    "--ctstate": "ct_state",
    "--state": "ct_state",
    "--ctstatus": "ct_status",
    "--icmpv6-type": "icmp_type",
    "--dst-type": "dst_type",
    "--src-type": "src_type",
}
# Matches that say all they have to say by the options above, or nothing that matters.
PLAIN_MATCHES = {
    "set",
    "tcp",
    "udp",
    "icmp",
    "icmp6",
    "multiport",
    "state",
    "conntrack",
    "addrtype",
    "iprange",
    "comment",
}
# Extension headers of IPv6 that a plain TCP connection does not have.
HEADER_MATCHES = {"rt", "hbh", "dst", "frag", "ah", "esp", "ipv6header", "mh"}
NO_EFFECT = {
    "LOG",
    "NFLOG",
    "ULOG",
    "MARK",
    "CONNMARK",
    "CT",
    "NOTRACK",
    "TCPMSS",
    "DSCP",
    "TOS",
    "TTL",
    "HL",
    "CLASSIFY",
    "CHECKSUM",
    "SET",
    "TRACE",
    "AUDIT",
} | {"SECMARK", "CONNSECMARK", "RATEEST", "SNAT", "MASQUERADE"}
# The one word behind these may look like an option and is none.
FREE_TEXT = {"--comment", "--log-prefix", "--nflog-prefix"}
DIVERTS = {"DNAT", "REDIRECT", "TPROXY", "NETMAP"}
_PLAIN_TARGET = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::([0-9]+))?\Z")
_INCOMPATIBLE = re.compile(r"^# Table `(\w+)'.*incompatible", re.MULTILINE)
_REJECT_NAMES = {
    "tcp-rst": "tcp-reset",
    "icmp6-adm-prohibited": "icmp-admin-prohibited",
    "adm-prohibited": "icmp-admin-prohibited",
}


class Words(NamedTuple):
    """A rule's options in order: (option, value, negated)."""

    items: List[Any]

    def value(self, *options: str) -> Optional[str]:
        return next((value for option, value, _negate in self.items if option in options), None)


def incompatible(text: str) -> Set[str]:
    """Tables that iptables-save says it cannot list, because nft rules were put into them."""
    return set(_INCOMPATIBLE.findall(text))


def chains_of(
    text: str, family: str, kernel: str = "", sets: "Optional[Mapping[str, List[str]]]" = None
) -> "Dict[str, Chain]":
    """The chains of one save, family being ip or ip6.

    kernel sets the IDs of two kernel interfaces with the same tables apart. sets: the members of sets, as sets_of() reads them.
    """
    skipped = incompatible(text)
    chains: "Dict[str, Chain]" = {}
    table = ""
    for line in text.splitlines():
        if line.startswith("*"):
            table = line[1:].strip()
        elif table in skipped:
            continue
        elif line.startswith(":"):
            name, policy = line[1:].split()[:2]
            hook, priority = BASE_CHAINS.get((table, name), (None, 0))
            known_policy = policy.lower() if policy in ("ACCEPT", "DROP") else None
            chains[chain_id(family, table + kernel, name)] = chain(
                family, table, name, "iptables", hook, priority, known_policy
            )
        elif line.startswith("-A "):
            _append(chains, family, table + kernel, line, sets or {})
    return chains


def _append(chains: "Dict[str, Chain]", family: str, table: str, line: str, sets: "Mapping[str, List[str]]") -> None:
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    target = chains.get(chain_id(family, table, words[1]))
    if target is not None:
        parsed = _parse(words[2:])
        target["rules"].append(rule(_tests(parsed, sets), _verdict(parsed, chains, family, table), line))


def _parse(words: List[str]) -> Words:
    """Options with their values, up to the next option; "!" stands before the option (or, in old saves, before the value)."""
    items: List[Any] = []
    negate = False
    for word in words:
        if items and items[-1][0] in FREE_TEXT and items[-1][1] is None:
            items[-1][1] = word
        elif word == "!":
            negate = True
        elif word.startswith("-") and not re.match(r"-\d", word):
            items.append([word, None, negate])
            negate = False
        elif items:
            items[-1][1] = word if items[-1][1] is None else items[-1][1] + " " + word
            items[-1][2] = items[-1][2] or negate
            negate = False
    return Words([tuple(item) for item in items])


def _of_set(value: str, sets: "Mapping[str, List[str]]", negate: bool) -> "Test":
    """A test of a set of addresses, whose members ipset lists; unknown where they are too many, or more than addresses."""
    name, _blank, directions = value.partition(" ")
    field = {"src": "saddr", "dst": "daddr"}.get(directions)
    members = sets.get(name)
    if field and members is not None and len(members) <= VALUE_LIMIT:
        return test(field, members, negate)
    return test("unknown", ["set " + name])


def sets_of(saved: str) -> "Dict[str, List[str]]":
    """The members of each set of addresses or networks in the text of `ipset save`."""
    found: "Dict[str, List[str]]" = {}
    for line in saved.splitlines():
        words = line.split()
        if words[:1] == ["create"] and words[2:3] in (["hash:ip"], ["hash:net"]):
            found[words[1]] = []
        elif words[:1] == ["add"] and words[1] in found and "nomatch" not in words:
            found[words[1]].append(words[2])
    return found


def _tests(words: Words, sets: "Mapping[str, List[str]]") -> "List[Test]":
    tests = []
    for option, value, negate in words.items:
        if option in FIELDS:
            tests.append(test(FIELDS[option], _values(FIELDS[option], value or ""), negate))
        elif option == "--match-set":
            tests.append(_of_set(value or "", sets, negate))
        elif option == "--ports":
            tests.append(test("unknown", ["ports " + (value or "")]))
        elif option in ("--tcp-flags", "--syn"):
            mask, flags = (value or "FIN,SYN,RST,ACK SYN").lower().split(" ")[:2]
            tests.append(test("tcp_flags", ["%s/%s" % (flags, mask)], negate))
        elif option in ("-m", "--match") and value not in PLAIN_MATCHES:
            tests.append(test("header" if value in HEADER_MATCHES else "unknown", [value]))
        elif option in ("--tcp-option", "--ctdir", "--limit-iface-in", "--ctproto", "--ctorigsrc", "--ctorigdst"):
            tests.append(test("unknown", [option]))
    return tests


def _values(field: str, text: str) -> List[str]:
    values = text.split(",")
    if field in ("sport", "dport"):
        # 8000:8100, and open ranges :1023 and 1024:
        return [re.sub(r"^-", "0-", re.sub(r"-$", "-65535", value.replace(":", "-"))) for value in values]
    if field in ("iif", "oif"):
        return [re.sub(r"\+$", "*", value) for value in values]
    if field == "protocol":
        return [
            {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "ipv6-icmp": "icmpv6"}.get(
                value.lower(), value.lower()
            )
            for value in values
        ]
    return values if field in ("saddr", "daddr") else [value.lower() for value in values]


def _verdict(words: Words, chains: "Dict[str, Chain]", family: str, table: str) -> str:
    target, onward = words.value("-j", "--jump"), words.value("-g", "--goto")
    if onward:
        return "goto " + chain_id(family, table, onward)
    if target is None or target in NO_EFFECT:
        return "none"
    if target in ("ACCEPT", "DROP", "RETURN"):
        return target.lower()
    if target == "REJECT":
        kind = words.value("--reject-with") or "icmp-port-unreachable"
        return "reject:" + _REJECT_NAMES.get(kind, re.sub(r"^icmp6-", "icmp-", kind))
    if target in DIVERTS:
        to = _PLAIN_TARGET.match(words.value("--to-destination") or "")
        if to:
            return diverted(to.group(1) or to.group(2), to.group(3) or "")
        port = words.value("--to-ports") or ""
        return diverted("", port) if target == "REDIRECT" and port.isdecimal() else "divert"
    # Chains are declared before the rules of their table.
    return "jump " + chain_id(family, table, target) if chain_id(family, table, target) in chains else "unknown"
