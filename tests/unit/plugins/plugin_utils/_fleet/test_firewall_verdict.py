# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verdicts on real rulesets, each compared once with what the kernel of that host did to a real connection."""

import errno
import ipaddress
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import (
    firewalld,
    iptables_listing,
    nft_listing,
)
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import rules as firewall_rules
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Host
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet import icmp_types
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import (
    verdict,
    verdict_on,
    zone_of,
)
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import packet_to
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import fixture

WEB, THIRD, APP = "10.89.77.11", "10.89.77.13", "10.89.77.12"
REFUSED, NO_ROUTE, TIMED_OUT = errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ETIMEDOUT


def facts(tool, name, family="ip"):
    text = fixture("firewall", name)
    chains = (
        nft_listing.chains_of(json.loads(text)) if name.endswith(".json") else iptables_listing.chains_of(text, family)
    )
    zones = firewalld.zones(Host("/nonexistent"), chains) if tool == "firewalld" else {}
    rules = firewall_rules.reduced(chains)
    return {"tool": tool, "rules": rules, "zones": zones, "default_zone": "public" if zones else None}


CASES = [
    # firewalld: everything that its zone does not name is rejected, as ICMP says; what another zone's source may, others may not.
    ("firewalld", "firewalld.json", WEB, 7080, "reject", NO_ROUTE),
    ("firewalld", "firewalld.json", WEB, 22, "accept", None),
    ("firewalld", "firewalld.json", WEB, 9000, "reject", NO_ROUTE),
    ("firewalld", "firewalld.json", THIRD, 9000, "accept", None),
    ("firewalld", "firewalld.json", "10.89.78.5", 7080, "accept", None),
    ("firewalld", "firewalld.json", "10.89.78.5", 22, "reject", NO_ROUTE),
    ("firewalld", "firewalld.json", "fd00::11", 7080, "reject", errno.EACCES),
    # firewalld 2: a zone for one source that drops all, beside the default one.
    ("firewalld", "firewalld2.json", WEB, 7080, "drop", TIMED_OUT),
    ("firewalld", "firewalld2.json", THIRD, 7080, "reject", NO_ROUTE),
    ("firewalld", "firewalld2.json", THIRD, 22, "accept", None),
    # nftables: sets, ranges, maps, a policy, TCP flags, an interface that the facts do not settle, a rate.
    ("nftables", "nftables.json", WEB, 22, "accept", None),
    ("nftables", "nftables.json", WEB, 8050, "accept", None),
    ("nftables", "nftables.json", WEB, 7080, "reject", NO_ROUTE),
    ("nftables", "nftables.json", WEB, 7081, "reject", REFUSED),
    ("nftables", "nftables.json", WEB, 7082, "unknown", None),
    ("nftables", "nftables.json", WEB, 7083, "accept", None),
    ("nftables", "nftables.json", WEB, 7084, "accept", None),
    ("nftables", "nftables.json", WEB, 7070, "unknown", None),
    ("nftables", "nftables.json", WEB, 9000, "drop", TIMED_OUT),
    ("nftables", "nftables.json", THIRD, 9000, "accept", None),
    ("nftables", "nftables.json", "fd00::11", 9000, "drop", TIMED_OUT),
    ("nftables", "nftables.json", WEB, 9100, "accept", None),
    ("nftables", "nftables.json", WEB, 9101, "drop", TIMED_OUT),
    ("nftables", "nftables.json", THIRD, 9101, "accept", None),
    ("nftables", "nftables.json", WEB, 9200, "unknown", None),
    ("nftables", "nftables.json", WEB, 65500, "accept", None),
    ("nftables", "nftables.json", "10.66.200.1", 80, "drop", TIMED_OUT),
    ("nftables", "nftables.json", "10.67.0.9", 80, "drop", TIMED_OUT),
    ("nftables", "nftables.json", "10.67.0.10", 80, "accept", None),
    ("nftables", "nftables.json", "10.68.0.1", 80, "reject", REFUSED),
    # ufw: its default, its deny, reject and limit.
    ("ufw", "ufw_iptables_save.txt", WEB, 7080, "drop", TIMED_OUT),
    ("ufw", "ufw_iptables_save.txt", WEB, 7081, "drop", TIMED_OUT),
    ("ufw", "ufw_iptables_save.txt", WEB, 7082, "reject", REFUSED),
    ("ufw", "ufw_iptables_save.txt", WEB, 443, "accept", None),
    ("ufw", "ufw_iptables_save.txt", WEB, 22, "unknown", None),
    ("ufw", "ufw_iptables_save.txt", THIRD, 9000, "accept", None),
    # iptables: chains of one's own, negation, ranges of addresses, a rate, a redirection.
    ("iptables", "iptables_save.txt", WEB, 7080, "reject", NO_ROUTE),
    ("iptables", "iptables_save.txt", WEB, 80, "accept", None),
    ("iptables", "iptables_save.txt", "11.0.0.1", 80, "drop", TIMED_OUT),
    ("iptables", "iptables_save.txt", "192.168.1.1", 80, "reject", NO_ROUTE),
    ("iptables", "iptables_save.txt", THIRD, 9000, "accept", None),
    ("iptables", "iptables_save.txt", "10.89.77.14", 9000, "reject", NO_ROUTE),
    ("iptables", "iptables_save.txt", WEB, 25, "unknown", None),
    ("iptables", "iptables_save.txt", WEB, 9200, "unknown", None),
    # What nft cannot show of iptables' rules is not guessed.
    ("iptables", "iptables_nft.json", WEB, 7080, "unknown", None),
]


@pytest.mark.parametrize(("tool", "ruleset", "source", "port", "action", "number"), CASES)
def test_a_connection_meets_the_rules(tool, ruleset, source, port, action, number):
    found = verdict(facts(tool, ruleset), source, APP if "." in source else "fd00::12", port)
    assert (found.action, found.errno) == (action, number)


def test_ipv6_meets_its_own_rules():
    firewall = facts("ufw", "ufw_ip6tables_save.txt", "ip6")
    assert verdict(firewall, "fd00::11", "fd00::12", 443).action == "accept"
    assert verdict(firewall, "fd00::11", "fd00::12", 7080).action == "drop"
    assert verdict(firewall, WEB, APP, 7080).action == "accept"


def test_the_rule_that_decides_is_named_with_its_place():
    found = verdict(facts("nftables", "nftables.json"), WEB, APP, 7080)
    assert (found.rule_text, found.tool, found.handle) == (
        "tcp dport 7080 reject with icmp-admin-prohibited",
        "nftables",
        28,
    )
    assert found.place == {"zone": "", "family": "inet", "table": "filter", "chain": "input"}
    policy = verdict(facts("nftables", "nftables.json"), WEB, APP, 1)
    assert (policy.rule_text, policy.handle) == ("policy drop of chain input", None)


@pytest.mark.parametrize(
    ("name", "source", "zone"),
    [
        ("firewalld.json", WEB, "public"),
        ("firewalld.json", "10.89.78.5", "web"),
        ("firewalld2.json", WEB, "drop"),
        ("firewalld2.json", THIRD, "public"),
    ],
)
def test_a_rule_of_firewalld_has_its_zone(name, source, zone):
    found = verdict(facts("firewalld", name), source, APP, 8888)
    assert (found.tool, found.zone, found.place["zone"]) == ("firewalld", zone, zone)


def test_a_refusal_beside_the_owners_rules_is_not_the_owners():
    firewall = facts("firewalld", "nftables.json")
    assert verdict(firewall, WEB, APP, 7080).tool == "nftables"
    assert verdict(facts("ufw", "iptables_save.txt"), "11.0.0.1", APP, 80).tool == "iptables"
    assert verdict(facts("ufw", "ufw_iptables_save.txt"), WEB, APP, 7081).tool == "ufw"


def test_a_host_without_rules_accepts():
    found = verdict({"tool": "none", "rules": {"chains": {}, "truncated": False}}, WEB, APP, 7080)
    assert (found.action, found.chain, found.errno) == ("accept", None, None)


def ruleset(*chains):
    return {
        "tool": "nftables",
        "rules": {
            "chains": {firewall_rules.chain_id("inet", "t", chain["name"]): chain for chain in chains},
            "truncated": False,
        },
    }


def chain(name, *rules, hook=None, priority=0, policy=None):
    made = firewall_rules.chain("inet", "t", name, "nft", hook, priority, policy)
    made["rules"] = [firewall_rules.rule(tests, decision, decision) for tests, decision in rules]
    return made


EVERY = []
UNKNOWN = [firewall_rules.test("unknown", ["xt"])]
ETH1 = [firewall_rules.test("iif", ["eth1"])]


@pytest.mark.parametrize(
    ("chains", "action"),
    [
        # Each base chain has to accept; what comes first decides among refusals.
        ([chain("a", (EVERY, "accept"), hook="input"), chain("b", (EVERY, "drop"), hook="input", priority=5)], "drop"),
        (
            [
                chain("a", (EVERY, "reject:tcp-reset"), hook="input", priority=5),
                chain("b", (EVERY, "drop"), hook="prerouting", priority=9),
            ],
            "drop",
        ),
        ([chain("a", (EVERY, "drop"), hook="forward")], "accept"),
        # jump comes back, goto does not, return ends the chain.
        (
            [
                chain("a", (EVERY, "jump inet t s"), (EVERY, "drop"), hook="input"),
                chain("s", (EVERY, "return"), (EVERY, "accept")),
            ],
            "drop",
        ),
        (
            [
                chain("a", (EVERY, "goto inet t s"), (EVERY, "drop"), hook="input", policy="accept"),
                chain("s", (EVERY, "return")),
            ],
            "accept",
        ),
        ([chain("a", (EVERY, "jump inet t gone"), (EVERY, "drop"), hook="input")], "drop"),
        ([chain("a", (EVERY, "return"), hook="input", policy="drop")], "drop"),
        # What cannot be judged matters only where it decides.
        ([chain("a", (UNKNOWN, "accept"), (EVERY, "drop"), hook="input")], "unknown"),
        ([chain("a", (UNKNOWN, "drop"), (EVERY, "drop"), hook="input")], "drop"),
        ([chain("a", (UNKNOWN, "return"), (EVERY, "accept"), hook="input", policy="accept")], "accept"),
        (
            [chain("a", (UNKNOWN, "jump inet t s"), (EVERY, "drop"), hook="input"), chain("s", (EVERY, "accept"))],
            "unknown",
        ),
        ([chain("a", (EVERY, "unknown"), (EVERY, "drop"), hook="input")], "unknown"),
        ([chain("a", (EVERY, "divert"), hook="prerouting"), chain("b", (EVERY, "drop"), hook="input")], "unknown"),
        (
            [
                chain("a", (UNKNOWN, "accept"), (EVERY, "drop"), hook="prerouting"),
                chain("b", (EVERY, "drop"), hook="input"),
            ],
            "drop",
        ),
        # Facts that are not sound do not hang the run.
        ([chain("a", (EVERY, "jump inet t a"), hook="input")], "unknown"),
    ],
)
def test_chains_are_walked_as_the_kernel_walks_them(chains, action):
    assert verdict(ruleset(*chains), WEB, APP, 7080).action == action


@pytest.mark.parametrize(("likelier", "text"), [("drop", "drop"), ("reject", "reject:tcp-reset")])
def test_where_rules_may_refuse_in_two_ways_the_one_that_is_seen_counts(likelier, text):
    rules = ruleset(chain("a", (UNKNOWN, "drop"), (EVERY, "reject:tcp-reset"), hook="input"))
    found = verdict(rules, WEB, APP, 7080, likelier=likelier)
    assert (found.action, found.rule_text) == (likelier, text)


def test_a_refusal_that_no_rule_makes_is_not_taken_for_seen():
    rules = ruleset(chain("a", (EVERY, "reject:tcp-reset"), hook="input"))
    assert verdict(rules, WEB, APP, 7080, likelier="drop").action == "reject"


@pytest.mark.parametrize(
    ("interface", "action"), [("eth1", "accept"), ("eth0", "drop"), ("lo", "drop"), (None, "unknown")]
)
def test_an_interface_is_used_where_it_is_known(interface, action):
    firewall = ruleset(chain("a", (ETH1, "accept"), (EVERY, "drop"), hook="input"))
    assert verdict(firewall, WEB, APP, 7080, interface).action == action


@pytest.mark.parametrize(
    ("field", "values", "holds"),
    [
        ("tcp_flags", ["syn/fin,syn,rst,ack"], True),
        ("tcp_flags", ["fin,syn/fin,syn"], False),
        ("tcp_flags", ["0/fin"], True),
        ("tcp_flags", ["syn"], True),
        ("tcp_flags", ["ack,fin"], False),
        ("sport", ["1024-65535"], True),
        ("sport", ["0-1023"], False),
        ("sport", ["40000"], None),
        ("daddr", ["10.89.77.0/24"], True),
        ("daddr", ["224.0.0.251"], False),
        ("saddr", ["not an address"], None),
        ("saddr", ["fd00::/8"], False),
        ("dport", ["http"], None),
        ("dst_type", ["local"], True),
        ("dst_type", ["multicast"], False),
        ("reverse_path", ["missing"], False),
        ("header", ["rt"], False),
        ("header", ["missing"], True),
        ("oif", ["eth0"], None),
        ("ct_state", ["established", "related"], False),
    ],
)
def test_what_a_test_says_of_a_new_connection(field, values, holds):
    for negate in (False, True):
        firewall = ruleset(chain("a", ([firewall_rules.test(field, values, negate)], "drop"), hook="input"))
        wanted = "unknown" if holds is None else ("drop" if holds != negate else "accept")
        assert verdict(firewall, WEB, APP, 7080).action == wanted


ADDRESSES = some.ip_addresses(v=4)


@given(ADDRESSES, some.integers(8, 32), ADDRESSES)
def test_networks_and_ranges_mean_the_same(base, length, source):
    network = ipaddress.ip_network("%s/%d" % (base, length), strict=False)
    texts = (str(network), "%s-%s" % (network[0], network[-1]))
    actions = {
        verdict(
            ruleset(chain("a", ([firewall_rules.test("saddr", [text])], "drop"), hook="input")), str(source), APP, 80
        ).action
        for text in texts
    }
    assert actions == {"drop" if source in network else "accept"}


def test_a_source_goes_before_an_interface_and_the_default_takes_the_rest():
    firewall = {
        "default_zone": "public",
        "zones": {
            "trusted": {"interfaces": ["eth1"], "sources": []},
            "web": {"interfaces": [], "sources": ["10.89.78.0/24"]},
        },
    }
    assert zone_of(firewall, "10.89.78.5", "eth1") == "web"
    assert zone_of(firewall, WEB, "eth1") == "trusted"
    assert zone_of(firewall, WEB, "eth0") == "public"


SAVED = """*filter
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 7081 -j DROP
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -i eth0 -j ACCEPT
-A OUTPUT -p tcp -m addrtype --dst-type LOCAL -j DROP
-A OUTPUT -d 10.89.77.12/32 -p tcp -m tcp --dport 7080 -j REJECT --reject-with tcp-reset
COMMIT
"""


@pytest.mark.parametrize(
    "port,leaves,action",
    [(7080, True, "reject"), (7080, False, "accept"), (7081, True, "accept"), (7081, False, "drop")],
)
def test_the_way_out_is_walked_apart_from_the_way_in(port, leaves, action):
    rules = firewall_rules.reduced(iptables_listing.chains_of(SAVED, "ip"))
    found = verdict({"tool": "iptables", "rules": rules}, WEB, APP, port, leaves=leaves)
    assert (found.action, found.tool if action != "accept" else "iptables") == (action, "iptables")


#: As docker writes them, with two published ports, and a chain of an administrator before its own.
DOCKER = """*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 172.17.0.3:443
-A PREROUTING -p tcp -m tcp --dport 81 -j REDIRECT --to-ports 8181
-A PREROUTING -p tcp -m tcp --dport 82 -j DNAT --to-destination 10.89.77.12:8282
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -p tcp -m tcp --dport 8181 -j DROP
-A INPUT -p tcp -m tcp --dport 8282 -j REJECT --reject-with tcp-reset
-A INPUT -p tcp -m tcp --dport 80 -j DROP
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -s 10.89.77.11/32 -p tcp -m conntrack --ctstate DNAT -m tcp --dport 443 -j DROP
-A DOCKER-USER -j RETURN
COMMIT
"""
SYSTEM = {"interfaces": {"lo": ["127.0.0.1/8"], "eth0": ["10.89.77.12/24"], "docker0": ["172.17.0.1/16"]}}


class TestTheWayThrough:
    def found(self, port, saved=DOCKER, source=WEB, **given):
        rules = firewall_rules.reduced(iptables_listing.chains_of(saved, "ip"))
        return verdict({"tool": "none", "rules": rules}, source, APP, port, "eth0", system=given.get("system", SYSTEM))

    def test_a_published_port_leads_to_its_container(self):
        found = self.found(8080)
        assert (found.action, found.chain, found.through) == ("accept", "DOCKER", "172.17.0.2:80")

    def test_a_chain_of_the_way_through_refuses(self):
        found = self.found(8443)
        assert (found.action, found.chain, found.owner) == ("drop", "DOCKER-USER", "docker")
        assert (found.through, found.port, found.where) == (
            "172.17.0.3:443",
            443,
            "table ip filter, chain DOCKER-USER",
        )

    def test_the_policy_of_the_way_through_refuses(self):
        found = self.found(8443, source=THIRD)
        assert (found.action, found.rule_text, found.owner) == ("drop", "policy drop of chain FORWARD", None)

    @pytest.mark.parametrize(("port", "action", "behind"), [(81, "drop", 8181), (82, "reject", 8282)])
    def test_another_port_of_the_host_itself_is_on_its_way_in(self, port, action, behind):
        found = self.found(port)
        assert (found.action, found.port, found.through) == (action, behind, None)

    @pytest.mark.parametrize(
        "target",
        ["-j DNAT --to-destination 172.17.0.2-172.17.0.9", "-m statistic --mode random -j REDIRECT --to-ports 9"],
    )
    def test_where_it_leads_is_not_guessed(self, target):
        saved = DOCKER.replace("-j REDIRECT --to-ports 8181", target)
        assert self.found(81, saved).action == "unknown"

    def test_without_the_interfaces_nothing_is_said(self):
        assert self.found(8080, system=None).action == "unknown"

    def test_an_interface_that_is_not_known_leaves_the_way_through_open(self):
        found = self.found(8080, system={"interfaces": {"eth0": ["10.89.77.12/24"]}})
        assert (found.action, found.through) == ("unknown", "172.17.0.2:80")


SOLICITATION = packet_to("fd00::11", "ff02::1:ff00:12", 0, "eth0")._replace(icmp=icmp_types.SOLICIT)


@pytest.mark.parametrize(
    ("rule", "action"),
    [
        ("", "drop"),
        ("-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT", "drop"),
        ("-A INPUT -p tcp -m tcp --dport 7080 -j ACCEPT", "drop"),
        ("-A INPUT -m conntrack --ctstate NEW -j ACCEPT", "drop"),
        ("-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT", "accept"),
        ("-A INPUT -p ipv6-icmp -j ACCEPT", "accept"),
        ("-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135/0 -j ACCEPT", "accept"),
        ("-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -m hl --hl-eq 255 -j ACCEPT", "unknown"),
    ],
)
def test_whether_a_neighbour_may_ask(rule, action):
    chains = iptables_listing.chains_of("*filter\n:INPUT DROP [0:0]\n%s\nCOMMIT\n" % rule, "ip6")
    assert verdict_on({"tool": "iptables", "rules": firewall_rules.reduced(chains)}, SOLICITATION).action == action


@pytest.mark.parametrize(("tool", "name"), [("firewalld", "firewalld.json"), ("ufw", "ufw_nft.json")])
def test_tools_that_know_ipv6_let_neighbours_ask(tool, name):
    assert verdict_on(facts(tool, name, "ip6"), SOLICITATION).action in ("accept", "unknown")


def test_nft_names_types_of_icmpv6():
    match = {"op": "==", "left": {"payload": {"protocol": "icmpv6", "field": "type"}}, "right": "nd-neighbor-solicit"}
    base = {"family": "ip6", "table": "filter"}
    listing = [
        {"chain": {**base, "name": "input", "hook": "input", "prio": 0, "policy": "drop"}},
        {"rule": {**base, "chain": "input", "handle": 1, "expr": [{"match": match}, {"accept": None}]}},
    ]
    firewall = {"tool": "nftables", "rules": firewall_rules.reduced(nft_listing.chains_of({"nftables": listing}))}
    assert verdict_on(firewall, SOLICITATION).action == "accept"
    assert verdict_on(firewall, SOLICITATION._replace(icmp=icmp_types.ADVERT)).action == "drop"
