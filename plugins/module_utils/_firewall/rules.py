# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one form in which the facts have the rules of nftables and iptables, and which rules are left out of it.

The ID of a chain is "FAMILY TABLE NAME". A rule applies where each of its tests holds; a test holds where any of its values fits (negate: none fits).

    field           values
    family          ip, ip6
    protocol        tcp, udp, icmp, ...
    saddr, daddr    10.0.0.1, 10.0.0.0/8, 10.0.0.1-10.0.0.9
    sport, dport    80, 8000-8100
    iif, oif        eth0, eth*
    ct_state        new, established, related, invalid, untracked
    ct_status       dnat, snat, ...
    tcp_flags       syn/fin,syn,rst,ack (exactly these are set of those that are looked at), or syn,ack (any of these is set)
    dst_type        local, unicast, broadcast, multicast, ...   (src_type likewise)
    reverse_path    missing: there is no way back to the source
    icmp_type       of ICMPv6: 135, nd-neighbor-solicit, ...
    header          an extension header of IPv6 or its type; missing: there is none, as in a plain TCP connection
    unknown         what could not be understood; whether it holds is not known

    verdict         accept, drop, reject:TYPE, jump ID, goto ID, return, unknown (what happens is not known),
                    divert:HOST:PORT (rewritten to these; an empty HOST is this host, an empty PORT the same port), divert (to what is not known)

Only chains that a packet on its way in, out or through meets are kept, and in them only rules that can decide about a TCP connection, or about ICMPv6,
by which hosts find each other before they can have one.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Dict, Iterable, List, Optional, Set

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import bracketed

if TYPE_CHECKING:  # Python 3.6 has no TypedDict, and at run time the facts are plain dicts
    from typing import TypedDict

    class Test(TypedDict):
        """What a packet must be, so that a rule applies to it."""

        field: str
        negate: bool
        values: List[str]

    class Rule(TypedDict):
        """One rule: what it does to the packets that all its tests fit."""

        tests: List[Test]
        verdict: str
        text: str  # for people
        handle: Optional[int]  # nft's number of the rule; None for iptables

    class Chain(TypedDict):
        """The rules of one chain, in order."""

        family: str  # ip | ip6 | inet | netdev
        table: str
        name: str
        syntax: str  # nft | iptables
        hook: Optional[str]  # ingress | prerouting | input | forward | output | postrouting; None: only jumps lead here
        priority: int
        policy: Optional[str]  # accept | drop; None: it has none
        rules: List[Rule]

    class Rules(TypedDict):
        """All chains that a TCP connection to or from the host meets, by their ID."""

        chains: Dict[str, Chain]
        truncated: bool  # whether there are more rules than are kept


HOOKS = ("ingress", "prerouting", "input")
WAY_OUT = ("output", "postrouting")
WAY_THROUGH = ("forward",)
PROTOCOLS = ("tcp", "icmpv6")
RULE_LIMIT = 2000
VALUE_LIMIT = 5000
TEXT_VALUES = 6


def chain_id(family: str, table: str, name: str) -> str:
    return "%s %s %s" % (family, table, name)


def test(field: str, values: Iterable[object], negate: bool = False) -> "Test":
    return {"field": field, "negate": negate, "values": [str(value) for value in values]}


def chain(
    family: str,
    table: str,
    name: str,
    syntax: str,
    hook: Optional[str] = None,
    priority: int = 0,
    policy: Optional[str] = None,
) -> "Chain":
    return {
        "family": family,
        "table": table,
        "name": name,
        "syntax": syntax,
        "hook": hook,
        "priority": priority,
        "policy": policy,
        "rules": [],
    }


def rule(tests: "List[Test]", verdict: str, text: str, handle: Optional[int] = None) -> "Rule":
    return {"tests": tests, "verdict": verdict, "text": text, "handle": handle}


def diverted(host: str, port: object) -> str:
    """The verdict of a rule that rewrites where a packet goes."""
    return "divert:%s:%s" % (bracketed(host), port)


def described(tests: "List[Test]", verdict: str) -> str:
    """A rule in words, for listings that have it as data only."""
    words = []
    for item in tests:
        values = item["values"][:TEXT_VALUES] + (["..."] if len(item["values"]) > TEXT_VALUES else [])
        name = {"dport": "tcp dport", "sport": "tcp sport"}.get(item["field"], item["field"].replace("_", " "))
        words += [name, "!=" if item["negate"] else "", ",".join(values)]
    target = target_of(verdict)
    name, _colon, kind = (verdict.split(" ")[0] + " " + target.split(" ", 2)[2] if target else verdict).partition(":")
    return " ".join(word for word in words + [name, "with " + kind if kind else ""] if word)


def filtering(chains: "Dict[str, Chain]") -> "List[Chain]":
    """The chains that decide which packets get in."""
    return [
        entry
        for entry in chains.values()
        if entry["hook"] == "input" or (entry["table"] == "filter" and entry["hook"] not in (None, *WAY_THROUGH))
    ]


def target_of(verdict: str) -> Optional[str]:
    """ID of the chain that a verdict goes on in."""
    kind, _blank, target = verdict.partition(" ")
    return target if kind in ("jump", "goto") else None


def reduced(chains: "Dict[str, Chain]") -> "Rules":
    """The chains that matter to a TCP connection to or from this host, bounded."""
    for entry in chains.values():
        entry["rules"] = [item for item in entry["rules"] if any(_is_about(item, name) for name in PROTOCOLS)]
    _drop_empty_jumps(chains)
    kept: "Dict[str, Chain]" = {}
    count = 0
    for name in _reachable(chains):
        kept[name] = chains[name]
        count += len(chains[name]["rules"])
    return {"chains": kept, "truncated": False} if count <= RULE_LIMIT else _cut(kept)


def _cut(chains: "Dict[str, Chain]") -> "Rules":
    """Too many rules: what is cut off must not look as if it let everything pass."""
    left = RULE_LIMIT
    for entry in chains.values():
        if len(entry["rules"]) > left:
            entry["rules"] = entry["rules"][:left] + [
                rule([], "unknown", "more than %d rules: the rest was not read" % RULE_LIMIT)
            ]
        left = max(0, left - len(entry["rules"]))
    return {"chains": chains, "truncated": True}


def _is_about(item: "Rule", protocol: str) -> bool:
    if item["verdict"] == "none":
        return False
    return not any(
        part["field"] == "protocol" and ((protocol in part["values"]) == part["negate"]) for part in item["tests"]
    )


def _drop_empty_jumps(chains: "Dict[str, Chain]") -> None:
    """A jump to a chain without rules comes straight back; firewalld makes dozens of them."""
    while True:
        empty = {"jump " + name for name, entry in chains.items() if not entry["rules"]}
        found = False
        for entry in chains.values():
            kept = [item for item in entry["rules"] if item["verdict"] not in empty]
            found = found or len(kept) < len(entry["rules"])
            entry["rules"] = kept
        if not found:
            return


def _reachable(chains: "Dict[str, Chain]") -> List[str]:
    """Base chains of the way in, out and through that have something to say, in the order that packets meet them, each with what it leads to."""
    hooks = HOOKS + WAY_OUT + WAY_THROUGH
    bases = [
        name
        for name, entry in chains.items()
        if entry["hook"] in hooks and (entry["rules"] or entry["policy"] == "drop")
    ]
    bases.sort(key=lambda name: (hooks.index(chains[name]["hook"]), chains[name]["priority"]))
    order: List[str] = []
    seen: Set[str] = set()
    pending = list(reversed(bases))
    while pending:
        name = pending.pop()
        if name in chains and name not in seen:
            seen.add(name)
            order.append(name)
            pending.extend(
                target for target in (target_of(item["verdict"]) for item in chains[name]["rules"]) if target
            )
    return order
