# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON of `nft -j list ruleset` in the form of rules.py.

Private to this collection: it may change in any release.
"""

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import (
    VALUE_LIMIT,
    chain,
    chain_id,
    described,
    diverted,
    rule,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import test as test_of

if TYPE_CHECKING:
    from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import Chain, Rule, Test

    Tests = List[Test]

FAMILIES = ("ip", "ip6", "inet", "netdev")
L4 = ("tcp", "udp", "icmp", "icmpv6", "sctp", "dccp", "udplite", "igmp", "ah", "esp", "comp", "gre")
PROTOCOL_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "ipv6-icmp": "icmpv6", "132": "sctp"}
NO_EFFECT = (
    "counter",
    "log",
    "mangle",
    "notrack",
    "set",
    "map",
    "flow",
    "secmark",
    "last",
    "dup",
    "snat",
    "masquerade",
) + (
    "ct helper",
    "ct timeout",
    "ct expectation",
)
DIVERTS = ("dnat", "redirect", "tproxy")
META = {
    "iifname": "iif",
    "iif": "iif",
    "oifname": "oif",
    "oif": "oif",
    "l4proto": "protocol",
    "protocol": "family",
    "nfproto": "family",
}
NFPROTO = {"ipv4": "ip", "ipv6": "ip6", "2": "ip", "10": "ip6"}
CT = {"state": "ct_state", "status": "ct_status"}
PORT_MAX = 65535


class Sets(NamedTuple):
    """Named sets and verdict maps by (family, table, name): their elements as nft lists them."""

    elements: Dict[Tuple[str, str, str], List[Any]]

    def get(self, table: Tuple[str, str], name: str) -> Optional[List[Any]]:
        return self.elements.get((table[0], table[1], name))


def chains_of(listing: Dict[str, Any]) -> "Dict[str, Chain]":
    """All chains of the families that IP packets meet."""
    entries = listing.get("nftables", [])
    sets = Sets({})
    chains: "Dict[str, Chain]" = {}
    for entry in entries:
        for kind in ("set", "map"):
            if kind in entry:
                found = entry[kind]
                sets.elements[found["family"], found["table"], found["name"]] = found.get("elem", [])
        if "chain" in entry and entry["chain"]["family"] in FAMILIES:
            found = entry["chain"]
            made = chain(
                found["family"],
                found["table"],
                found["name"],
                "nft",
                found.get("hook"),
                _number(found.get("prio")),
                found.get("policy"),
            )
            chains[chain_id(found["family"], found["table"], found["name"])] = made
    for entry in entries:
        found = entry.get("rule", {})
        target = chains.get(chain_id(found.get("family", ""), found.get("table", ""), found.get("chain", "")))
        if target is not None:
            target["rules"].extend(_rules(found, sets))
    return chains


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _rules(found: Dict[str, Any], sets: Sets) -> "List[Rule]":
    """One rule of nft is one here, or one for each entry of a verdict map."""
    table = (found["family"], found["table"])
    tests: "Tests" = []
    named = ""
    made: "List[Rule]" = []
    for statement in found.get("expr", []):
        kind, body = next(iter(statement.items()))
        verdict = _verdict(kind, body, table)
        if kind == "match":
            tests = tests + _match(body, table, sets)
            named += " (set %s)" % body["right"][1:] if str(body.get("right")).startswith("@") else ""
        elif kind == "vmap":
            made += [_rule(tests + more, verdict, found) for more, verdict in _verdict_map(body, table, sets)]
        elif verdict:
            made.append(_rule(tests, verdict, found, named))
        elif kind not in NO_EFFECT:
            # limit, connlimit, xt and whatever comes later: it may let the rule go on, or not.
            tests = [*tests, test_of("unknown", [str((body or {}).get("name") or kind) if kind == "xt" else kind])]
    return made


def _rule(tests: "Tests", verdict: str, found: Dict[str, Any], named: str = "") -> "Rule":
    shown = [item for item in tests if item["field"] not in ("protocol", "family") or len(tests) == 1]
    comment = found.get("comment")
    text = described(shown, verdict) + named + (' comment "%s"' % comment if comment else "")
    return rule(tests, verdict, text, found.get("handle"))


def _verdict(kind: str, body: Any, table: Tuple[str, str]) -> Optional[str]:
    if kind in ("accept", "drop", "return"):
        return kind
    if kind in ("jump", "goto"):
        return "%s %s" % (kind, chain_id(table[0], table[1], body["target"]))
    if kind == "reject":
        return "reject:" + _reject_type(body or {})
    if kind in DIVERTS:
        host, port = (body or {}).get("addr", ""), (body or {}).get("port", "")
        plain = isinstance(host, str) and isinstance(port, (int, str)) and (host or kind == "redirect")
        return diverted(host, port) if plain else "divert"
    if kind == "xt":
        # An extension of iptables that nft cannot put into words: a match leaves the verdict to what follows, a target is one.
        return None if (body or {}).get("type") == "match" else "unknown"
    return "unknown" if kind in ("queue", "synproxy") else None


def _reject_type(body: Dict[str, Any]) -> str:
    if body.get("type") == "tcp reset":
        return "tcp-reset"
    return "icmp-%s" % body.get("expr", "port-unreachable")


def _verdict_map(body: Dict[str, Any], table: Tuple[str, str], sets: Sets) -> "List[Tuple[Tests, str]]":
    data = body.get("data")
    entries = sets.get(table, data[1:]) if isinstance(data, str) and data.startswith("@") else (data or {}).get("set")
    if entries is None or len(entries) > VALUE_LIMIT:
        return [([], "unknown")]
    made = []
    for key, outcome in entries:
        kind, inner = next(iter(outcome.items()))
        made.append((_tests(body.get("key"), [key], False), _verdict(kind, inner, table) or "unknown"))
    return made


def _match(body: Dict[str, Any], table: Tuple[str, str], sets: Sets) -> "Tests":
    operator, left, right = body.get("op", "=="), body.get("left"), body.get("right")
    if operator in ("<", "<=", ">", ">="):
        right = _open_range(operator, right)
    if isinstance(right, str) and right.startswith("@"):
        values = sets.get(table, right[1:])
    elif isinstance(right, dict) and "set" in right:
        values = right["set"]
    else:
        values = right if isinstance(right, list) else [right]
    if values is None or len(values) > VALUE_LIMIT:
        return _implied(left) + [test_of("unknown", ["a set that is not known or too large"])]
    if _field(left) == "tcp_flags" and isinstance(right, list):
        values = [",".join(str(word) for word in right)]
    return _tests(left, values, operator == "!=", operator == "in")


def _open_range(operator: str, right: Any) -> Any:
    """dport > 1023 is a range of ports."""
    if not isinstance(right, int):
        return None
    return {
        "range": {"<": [0, right - 1], "<=": [0, right], ">": [right + 1, PORT_MAX], ">=": [right, PORT_MAX]}[operator]
    }


def _tests(left: Any, values: List[Any], negate: bool, any_flag: bool = False) -> "Tests":
    """What a comparison asks, with what it takes for granted (tcp dport: that it is TCP)."""
    field = _field(left)
    texts = [_value(field, value) for value in values]
    if field == "tcp_flags" and not any_flag:
        texts = [text and "%s/%s" % (text, _mask(left)) for text in texts]
    if field == "unknown" or None in texts:
        return _implied(left) + [test_of("unknown", [_name(left)])]
    return _implied(left) + [test_of(field, [text for text in texts if text is not None], negate)]


def _name(left: Any) -> str:
    return " ".join(str(word) for word in _words(left))[:60]


def _words(left: Any) -> List[Any]:
    if isinstance(left, dict):
        return [word for key, value in left.items() for word in [key, *_words(value)]]
    return [word for item in left for word in _words(item)] if isinstance(left, list) else [left]


def _payload(left: Any) -> Optional[Dict[str, Any]]:
    """The packet field of a comparison, also below a mask."""
    if isinstance(left, dict) and "&" in left and isinstance(left["&"], list):
        left = left["&"][0]
    return left["payload"] if isinstance(left, dict) and isinstance(left.get("payload"), dict) else None


def _implied(left: Any) -> "Tests":
    protocol = (_payload(left) or {}).get("protocol")
    if protocol in L4:
        return [test_of("protocol", [protocol])]
    return [test_of("family", [protocol])] if protocol in ("ip", "ip6") else []


def _field(left: Any) -> str:
    if not isinstance(left, dict):
        return "unknown"
    payload = _payload(left)
    if payload is not None:
        return _payload_field(payload, "&" in left)
    kind, body = next(iter(left.items()))
    if kind == "meta":
        return META.get(body.get("key"), "unknown")
    if kind == "ct":
        return CT.get(body.get("key"), "unknown") if "dir" not in body else "unknown"
    if kind == "fib":
        return _fib_field(body)
    return "header" if kind in ("exthdr", "ipv6 option") else "unknown"


def _payload_field(payload: Dict[str, Any], masked: bool) -> str:
    protocol, name = payload.get("protocol"), payload.get("field")
    if protocol == "tcp" and name == "flags":
        return "tcp_flags"
    if masked:
        return "unknown"
    if protocol in ("ip", "ip6") and name in ("saddr", "daddr"):
        return str(name)
    if (protocol, name) == ("icmpv6", "type"):
        return "icmp_type"
    if name in ("sport", "dport"):
        return str(name)
    return "protocol" if (protocol, name) in (("ip", "protocol"), ("ip6", "nexthdr")) else "unknown"


def _fib_field(body: Dict[str, Any]) -> str:
    flags = body.get("flags", [])
    flags = [flags] if isinstance(flags, str) else flags
    if body.get("result") == "type":
        return "dst_type" if "daddr" in flags else "src_type"
    return "reverse_path" if "saddr" in flags and str(body.get("result", "")).startswith("oif") else "unknown"


def _mask(left: Any) -> str:
    """The flags that are looked at; all of them where there is no mask."""
    if "&" not in left:
        return "fin,syn,rst,psh,ack,urg,ecn,cwr"
    mask = left["&"][1]
    return ",".join(word for word in _words(mask) if word != "|")


def _value(field: str, value: Any) -> Optional[str]:
    """One value as text, None where it is of a kind that is not known."""
    if isinstance(value, dict):
        return _compound(field, value)
    if isinstance(value, bool):
        return ("present" if value else "missing") if field in ("reverse_path", "header") else None
    if not isinstance(value, (str, int)) or (isinstance(value, str) and value.startswith("@")):
        return None
    text = str(value).lower() if field.startswith("ct_") else str(value)
    if field == "protocol":
        return PROTOCOL_NUMBERS.get(text, text)
    if field == "family":
        return NFPROTO.get(text, text)
    if field == "reverse_path":
        return text if text in ("missing", "present") else None
    return text


def _compound(field: str, value: Dict[str, Any]) -> Optional[str]:
    kind, body = next(iter(value.items()))
    if kind == "prefix":
        return "%s/%s" % (body["addr"], body["len"])
    if kind == "range":
        return "%s-%s" % (body[0], body[1])
    if kind == "elem":
        return _value(field, body.get("val"))
    if kind == "|":
        return ",".join(str(word) for word in _words(body) if word != "|")
    return None
