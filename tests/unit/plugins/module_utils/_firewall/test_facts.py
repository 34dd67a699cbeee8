# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of packet filters, as real hosts listed them. What they do to a connection is tested with firewall_verdict.py."""

import json
import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import facts as firewall_facts
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import iptables_listing, nft_listing
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import rules as firewall_rules
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.owners import owner_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._host import netlink
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.access import Ran
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost, fixture

NFT = "nft -j list ruleset"
EMPTY = '{"nftables": [{"metainfo": {}}]}'


def nft_rule(*expr):
    """The one rule that such statements of nft make, or none."""
    listing = [
        {"chain": {"family": "inet", "table": "t", "name": "c"}},
        {"rule": {"family": "inet", "table": "t", "chain": "c", "expr": list(expr), "handle": 4}},
    ]
    return nft_listing.chains_of({"nftables": listing})["inet t c"]["rules"]


def match(left, right, op="=="):
    return {"match": {"op": op, "left": left, "right": right}}


def asked(rule):
    return [(item["field"], item["negate"], item["values"]) for item in rule["tests"]]


DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}
FLAGS = {"payload": {"protocol": "tcp", "field": "flags"}}
TCP = ("protocol", False, ["tcp"])


@pytest.mark.parametrize(
    ("statement", "tests"),
    [
        (match(DPORT, 80), [TCP, ("dport", False, ["80"])]),
        (match(DPORT, {"set": [22, {"range": [8000, 8100]}]}, "!="), [TCP, ("dport", True, ["22", "8000-8100"])]),
        (match(DPORT, 1023, ">"), [TCP, ("dport", False, ["1024-65535"])]),
        (match({"payload": {"protocol": "th", "field": "dport"}}, 80), [("dport", False, ["80"])]),
        (match({"meta": {"key": "l4proto"}}, {"set": [6, "udp"]}), [("protocol", False, ["tcp", "udp"])]),
        (match({"meta": {"key": "nfproto"}}, "ipv6"), [("family", False, ["ip6"])]),
        (match({"meta": {"key": "iifname"}}, "eth*"), [("iif", False, ["eth*"])]),
        (
            match({"payload": {"protocol": "ip6", "field": "saddr"}}, {"prefix": {"addr": "fd00::", "len": 8}}),
            [("family", False, ["ip6"]), ("saddr", False, ["fd00::/8"])],
        ),
        (
            match({"ct": {"key": "state"}}, ["established", "related"], "in"),
            [("ct_state", False, ["established", "related"])],
        ),
        (match({"ct": {"key": "status"}}, "dnat", "in"), [("ct_status", False, ["dnat"])]),
        (match({"fib": {"result": "type", "flags": ["daddr"]}}, "local"), [("dst_type", False, ["local"])]),
        (match({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, False), [("reverse_path", False, ["missing"])]),
        (
            match({"&": [FLAGS, ["fin", "syn", "rst", "ack"]]}, "syn"),
            [TCP, ("tcp_flags", False, ["syn/fin,syn,rst,ack"])],
        ),
        (
            match({"&": [FLAGS, {"|": ["fin", {"|": ["syn", "ack"]}]}]}, {"|": ["syn", "ack"]}),
            [TCP, ("tcp_flags", False, ["syn,ack/fin,syn,ack"])],
        ),
        (match(FLAGS, "syn", "in"), [TCP, ("tcp_flags", False, ["syn"])]),
        (match({"exthdr": {"name": "rt"}}, True), [("header", False, ["present"])]),
        (
            match({"payload": {"protocol": "ether", "field": "saddr"}}, "aa:bb"),
            [("unknown", False, ["payload protocol ether field saddr"])],
        ),
        (
            match({"concat": [DPORT, {"meta": {"key": "iifname"}}]}, "@pairs"),
            [("unknown", False, ["a set that is not known or too large"])],
        ),
        (match({"&": [DPORT, 255]}, 80), [TCP, ("unknown", False, ["& payload protocol tcp field dport 255"])]),
        ({"limit": {"rate": 5}}, [("unknown", False, ["limit"])]),
        ({"xt": {"type": "match", "name": "recent"}}, [("unknown", False, ["recent"])]),
        ({"counter": {"packets": 1}}, []),
    ],
)
def test_what_a_statement_of_nft_asks(statement, tests):
    (rule,) = nft_rule(statement, {"drop": None})
    assert (asked(rule), rule["verdict"], rule["handle"]) == (tests, "drop", 4)


@pytest.mark.parametrize(
    ("statement", "verdict"),
    [
        ({"accept": None}, "accept"),
        ({"return": None}, "return"),
        ({"jump": {"target": "x"}}, "jump inet t x"),
        ({"goto": {"target": "x"}}, "goto inet t x"),
        ({"reject": None}, "reject:icmp-port-unreachable"),
        ({"reject": {"type": "tcp reset"}}, "reject:tcp-reset"),
        ({"reject": {"type": "icmpx", "expr": "admin-prohibited"}}, "reject:icmp-admin-prohibited"),
        ({"redirect": {"port": 80}}, "divert::80"),
        ({"dnat": {"family": "ip", "addr": "10.0.0.5", "port": 80}}, "divert:10.0.0.5:80"),
        ({"dnat": {"addr": "fd00::5"}}, "divert:[fd00::5]:"),
        ({"dnat": {"addr": {"range": ["10.0.0.5", "10.0.0.9"]}}}, "divert"),
        ({"tproxy": {"port": 80}}, "divert"),
        ({"queue": {"num": 1}}, "unknown"),
        ({"xt": {"type": "target", "name": "TARPIT"}}, "unknown"),
        ({"xt": None}, "unknown"),
    ],
)
def test_what_a_rule_of_nft_does(statement, verdict):
    (rule,) = nft_rule(statement)
    assert rule["verdict"] == verdict


def test_a_rule_that_decides_nothing_is_none():
    assert nft_rule({"log": {"prefix": "in"}}, {"counter": None}) == []


def test_a_verdict_map_is_a_rule_for_each_entry():
    entries = {"set": [["established", {"accept": None}], ["invalid", {"drop": None}]]}
    rules = nft_rule({"vmap": {"key": {"ct": {"key": "state"}}, "data": entries}})
    assert [(asked(rule), rule["verdict"]) for rule in rules] == [
        ([("ct_state", False, ["established"])], "accept"),
        ([("ct_state", False, ["invalid"])], "drop"),
    ]


def test_a_set_that_is_too_large_is_not_known():
    large = {"set": list(range(firewall_rules.VALUE_LIMIT + 1))}
    assert asked(nft_rule(match(DPORT, large), {"accept": None})[0])[-1][0] == "unknown"


IPSETS = """create f2b-www hash:ip family inet hashsize 1024 maxelem 65536 timeout 600
add f2b-www 10.0.0.9 timeout 598
add f2b-www 10.1.0.0/16
create nets hash:net family inet
add nets 10.0.0.0/8 nomatch
create ports hash:ip,port family inet
add ports 10.0.0.9,tcp:80
"""


@pytest.mark.parametrize(
    ("line", "tests", "verdict"),
    [
        (
            "-s 10.0.0.0/8 ! -d 10.0.0.1/32 -i eth+ -j DROP",
            [("saddr", False, ["10.0.0.0/8"]), ("daddr", True, ["10.0.0.1/32"]), ("iif", False, ["eth*"])],
            "drop",
        ),
        ("-p tcp -m multiport --dports 80,8000:8100 -j ACCEPT", [TCP, ("dport", False, ["80", "8000-8100"])], "accept"),
        ("-p tcp -m tcp --dport 1024: -j ACCEPT", [TCP, ("dport", False, ["1024-65535"])], "accept"),
        ("-p 6 -m tcp --sport :1023 -j ACCEPT", [TCP, ("sport", False, ["0-1023"])], "accept"),
        ("-m conntrack --ctstate NEW,RELATED -j RETURN", [("ct_state", False, ["new", "related"])], "return"),
        (
            "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j DROP",
            [TCP, ("tcp_flags", True, ["syn/fin,syn,rst,ack"])],
            "drop",
        ),
        ("-m rt --rt-type 0 -j DROP", [("header", False, ["rt"])], "drop"),
        ("-m set --match-set banned src -j DROP", [("unknown", False, ["set banned"])], "drop"),
        (
            "-m set --match-set f2b-www src -j REJECT",
            [("saddr", False, ["10.0.0.9", "10.1.0.0/16"])],
            "reject:icmp-port-unreachable",
        ),
        ("-m set ! --match-set f2b-www dst -j DROP", [("daddr", True, ["10.0.0.9", "10.1.0.0/16"])], "drop"),
        ("-m set --match-set f2b-www src,dst -j DROP", [("unknown", False, ["set f2b-www"])], "drop"),
        ("-m set --match-set ports src -j DROP", [("unknown", False, ["set ports"])], "drop"),
        ('-m comment --comment "-j DROP it" -j ACCEPT', [], "accept"),
        ('-j LOG --log-prefix "--dport 80 "', [], "none"),
        ("-j REJECT", [], "reject:icmp-port-unreachable"),
        ("-j REJECT --reject-with icmp6-adm-prohibited", [], "reject:icmp-admin-prohibited"),
        ("-j web", [], "jump ip filter web"),
        ("-g web", [], "goto ip filter web"),
        ("-j TARPIT", [], "unknown"),
        ("-p tcp -j REDIRECT --to-ports 80", [TCP], "divert::80"),
        ("-p tcp -j DNAT --to-destination 172.17.0.2:80", [TCP], "divert:172.17.0.2:80"),
        ("-p tcp -j DNAT --to-destination [fd00::2]:80", [TCP], "divert:[fd00::2]:80"),
        ("-p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9:80", [TCP], "divert"),
        ("-p tcp -j REDIRECT --to-ports 80-90", [TCP], "divert"),
    ],
)
def test_a_line_of_iptables(line, tests, verdict):
    text = "*filter\n:INPUT ACCEPT [0:0]\n:web - [0:0]\n-A INPUT %s\nCOMMIT\n" % line
    sets = iptables_listing.sets_of(IPSETS)
    (rule,) = iptables_listing.chains_of(text, "ip", "", sets)["ip filter INPUT"]["rules"]
    assert (asked(rule), rule["verdict"], rule["text"]) == (tests, verdict, "-A INPUT " + line)


def test_a_set_that_is_too_large_is_unknown(monkeypatch):
    monkeypatch.setattr(iptables_listing, "VALUE_LIMIT", 1)
    text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set f2b-www src -j DROP\nCOMMIT\n"
    chains = iptables_listing.chains_of(text, "ip", "", iptables_listing.sets_of(IPSETS))
    assert asked(chains["ip filter INPUT"]["rules"][0]) == [("unknown", False, ["set f2b-www"])]


def test_a_set_of_nft_is_named():
    match = {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@addr-set-www"}
    table = {"family": "inet", "table": "f2b-table"}
    listing = [
        {"set": {**table, "name": "addr-set-www", "elem": ["10.0.0.9"]}},
        {"chain": {**table, "name": "f2b-chain", "hook": "input", "prio": -1, "policy": "accept"}},
        {"rule": {**table, "chain": "f2b-chain", "handle": 4, "expr": [{"match": match}, {"reject": None}]}},
    ]
    (rule,) = nft_listing.chains_of({"nftables": listing})["inet f2b-table f2b-chain"]["rules"]
    assert rule["text"] == "saddr 10.0.0.9 reject with icmp-port-unreachable (set addr-set-www)"


@pytest.mark.parametrize(
    ("table", "name", "owner"),
    [
        ("filter", "f2b-sshd", "fail2ban"),
        ("f2b-table", "f2b-chain", "fail2ban"),
        ("crowdsec", "crowdsec-chain-input", "crowdsec"),
        ("filter", "CROWDSEC_CHAIN", "crowdsec"),
        ("filter", "DOCKER-USER", "docker"),
        ("nat", "KUBE-SERVICES", "kubernetes"),
        ("filter", "cali-INPUT", "calico"),
        ("filter", "INPUT_imunify360", None),
        ("filter", "imunify360_input", "imunify360"),
        ("filter", "DENYIN", "csf"),
        ("filter", "INPUT", None),
        ("filter", "CC", None),
        ("firewalld", "filter_IN_docker", None),
    ],
)
def test_a_chain_is_known_by_its_name(table, name, owner):
    assert owner_of(firewall_rules.chain("ip", table, name, "iptables")) == owner


def test_base_chains_of_iptables_have_their_place_and_policy():
    chains = iptables_listing.chains_of(fixture("firewall", "ufw_iptables_save.txt"), "ip")
    base = chains["ip filter INPUT"]
    assert (base["hook"], base["priority"], base["policy"]) == ("input", 0, "drop")
    assert (chains["ip filter ufw-user-input"]["hook"], chains["ip filter ufw-user-input"]["policy"]) == (None, None)


def test_tables_that_iptables_cannot_tell_are_left_to_nft():
    text = "# Table `nat' contains incompatible base-chains, use 'nft' tool to list them.\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"
    assert iptables_listing.chains_of(text, "ip") == {}


@given(some.lists(some.text(alphabet=string.printable, max_size=30), max_size=8))
def test_no_save_text_stops_the_look(lines):
    text = "*filter\n:INPUT ACCEPT [0:0]\n" + "".join("-A INPUT %s\n" % " ".join(line.split()) for line in lines)
    assert set(firewall_rules.reduced(iptables_listing.chains_of(text, "ip"))) == {"chains", "truncated"}


class TestReduced:
    def test_only_what_leads_in_and_is_about_tcp_or_finds_neighbours_is_kept(self):
        chains = firewall_rules.reduced(nft_listing.chains_of(json.loads(fixture("firewall", "firewalld.json"))))[
            "chains"
        ]
        assert "inet firewalld filter_FORWARD" in chains
        assert "inet firewalld filter_IN_public_log" not in chains
        assert [rule["text"] for rule in chains["inet firewalld filter_IN_public_allow"]["rules"]] == [
            "tcp dport 22 accept",
            "saddr 10.89.77.13 tcp dport 9000 accept",
        ]
        assert [rule["text"] for rule in chains["inet firewalld filter_IN_public"]["rules"]] == [
            "jump filter_INPUT_POLICIES_pre",
            "jump filter_IN_public_allow",
            "protocol icmp,icmpv6 accept",
            "reject with icmp-admin-prohibited",
        ]

    def test_base_chains_come_as_packets_meet_them(self):
        chains = firewall_rules.reduced(nft_listing.chains_of(json.loads(fixture("firewall", "nftables.json"))))[
            "chains"
        ]
        assert list(chains) == ["ip nat pre", "inet filter input", "inet filter special", "inet filter forward"]

    def test_what_is_cut_off_does_not_look_open(self):
        base = firewall_rules.chain("ip", "filter", "INPUT", "iptables", "input", 0, "accept")
        base["rules"] = [firewall_rules.rule([], "accept", "x") for _number in range(firewall_rules.RULE_LIMIT + 5)]
        rules = firewall_rules.reduced({"ip filter INPUT": base})
        assert rules["truncated"]
        assert [rule["verdict"] for rule in rules["chains"]["ip filter INPUT"]["rules"]][-2:] == ["accept", "unknown"]


class TestCollect:
    @pytest.fixture
    def host(self, tmp_path, monkeypatch):
        made = FakeHost(tmp_path, {NFT: EMPTY})
        for name in ("nft", "iptables-save", "ip6tables-save"):
            made.program("/usr/sbin/" + name)
        made.process(1, "/sbin/init", parent=0)
        monkeypatch.setattr(netlink, "has_nft_base_chains", lambda: True)
        return made

    def collect(self, host):
        return firewall_facts.firewall_facts(host, Processes(host))

    def test_a_host_without_rules_costs_no_command(self, host, monkeypatch):
        monkeypatch.setattr(netlink, "has_nft_base_chains", lambda: False)
        found = self.collect(host)
        assert (found["tool"], found["active"], found["rules"]["chains"], host.commands) == ("none", False, {}, [])

    def test_firewalld_is_never_asked(self, host):
        host.process(
            65, "/usr/bin/python3 /usr/sbin/firewalld --nofork --nopid", name="firewalld", exe="/usr/bin/python3.11"
        )
        host.write("/usr/lib/firewalld/zones/public.xml", '<zone target="%%REJECT%%">')
        host.answers[NFT] = fixture("firewall", "firewalld.json")
        found = self.collect(host)
        assert (found["tool"], found["default_zone"], host.commands) == ("firewalld", "public", [NFT.split()])
        assert found["zones"] == {
            "web": {"interfaces": [], "sources": ["10.89.78.0/24"], "target": "default"},
            "public": {"interfaces": [], "sources": [], "target": "REJECT"},
        }

    def test_a_zone_that_lets_nothing_in_is_seen(self, host):
        """firewalld 2 shares out in INPUT_POLICIES; a zone that drops all has no rules of its own."""
        host.process(
            65, "/usr/bin/python3 /usr/sbin/firewalld --nofork --nopid", name="firewalld", exe="/usr/bin/python3.11"
        )
        host.answers[NFT] = fixture("firewall", "firewalld2.json")
        found = self.collect(host)
        assert found["default_zone"] == "public"
        assert {name: zone["sources"] for name, zone in found["zones"].items()} == {
            "drop": ["10.89.77.11"],
            "public": [],
        }

    def test_ufw_owns_its_rules_in_iptables_words(self, host):
        host.write("/etc/ufw/ufw.conf", "# on\nENABLED=yes\n")
        host.answers.update(
            {NFT: fixture("firewall", "ufw_nft.json"), "iptables-save": fixture("firewall", "ufw_iptables_save.txt")}
        )
        host.answers["ip6tables-save"] = fixture("firewall", "ufw_ip6tables_save.txt")
        found = self.collect(host)
        assert found["tool"] == "ufw"
        assert {chain["syntax"] for chain in found["rules"]["chains"].values()} == {"iptables"}

    def test_ufw_that_is_off_owns_nothing(self, host):
        host.write("/etc/ufw/ufw.conf", "ENABLED=no\n")
        host.answers.update(
            {NFT: fixture("firewall", "ufw_nft.json"), "iptables-save": fixture("firewall", "ufw_iptables_save.txt")}
        )
        host.answers["ip6tables-save"] = ""
        assert self.collect(host)["tool"] != "ufw"

    def test_rules_of_nft_are_nftables(self, host):
        host.answers.update(
            {
                NFT: fixture("firewall", "nftables.json"),
                "iptables-save": "# Table `nat' contains incompatible base-chains\n*nat\nCOMMIT\n",
            }
        )
        found = self.collect(host)
        assert (found["tool"], list(found["rules"]["chains"])) == (
            "nftables",
            ["ip nat pre", "inet filter input", "inet filter special", "inet filter forward"],
        )

    def test_rules_of_iptables_are_iptables(self, host):
        host.answers.update(
            {NFT: fixture("firewall", "iptables_nft.json"), "iptables-save": fixture("firewall", "iptables_save.txt")}
        )
        host.answers["ip6tables-save"] = fixture("firewall", "ip6tables_save.txt")
        found = self.collect(host)
        assert found["tool"] == "iptables"
        assert found["rules"]["chains"]["ip6 filter INPUT"]["policy"] == "drop"
        assert ["ipset", "save"] not in host.commands

    def test_the_members_of_sets_are_asked_where_a_rule_names_one(self, host):
        host.answers.update({NFT: fixture("firewall", "iptables_nft.json"), "ip6tables-save": "", "ipset save": IPSETS})
        host.answers["iptables-save"] = (
            "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m set --match-set f2b-www src -j DROP\nCOMMIT\n"
        )
        (rule,) = self.collect(host)["rules"]["chains"]["ip filter INPUT"]["rules"]
        assert rule["tests"] == [firewall_rules.test("saddr", ["10.0.0.9", "10.1.0.0/16"])]

    def test_tables_of_programs_that_stand_beside_any_tool_are_nobodys_tool(self, host):
        table = {"family": "ip", "table": "crowdsec", "chain": "crowdsec-chain-input"}
        base = {"family": "ip", "table": "crowdsec", "name": "crowdsec-chain-input", "hook": "input", "prio": -10}
        drop = {**table, "handle": 3, "expr": [{"drop": None}]}
        host.answers[NFT] = json.dumps({"nftables": [{"chain": {**base, "policy": "accept"}}, {"rule": drop}]})
        assert self.collect(host)["tool"] != "nftables"

    def test_a_host_that_only_passes_packets_on_has_no_filter_of_its_own(self, host):
        base = {"family": "ip", "table": "filter", "name": "FORWARD", "hook": "forward", "prio": 0, "policy": "drop"}
        host.answers[NFT] = json.dumps({"nftables": [{"chain": base}]})
        host.answers["iptables-save"] = (
            "*filter\n:FORWARD DROP [0:0]\n:DOCKER-USER - [0:0]\n-A FORWARD -j DOCKER-USER\n-A DOCKER-USER -j RETURN\nCOMMIT\n"
        )
        found = self.collect(host)
        assert (found["tool"], list(found["rules"]["chains"])) == (
            "none",
            ["ip filter FORWARD", "ip filter DOCKER-USER"],
        )

    def test_rules_of_the_older_kernel_interface_are_added(self, host, monkeypatch):
        monkeypatch.setattr(netlink, "has_nft_base_chains", lambda: False)
        host.write("/proc/net/ip_tables_names", "filter\n")
        host.program("/usr/sbin/iptables-legacy-save")
        host.answers["iptables-legacy-save"] = (
            "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 7080 -j REJECT\nCOMMIT\n"
        )
        found = self.collect(host)
        assert (found["tool"], list(found["rules"]["chains"])) == ("iptables", ["ip filter/legacy INPUT"])

    @pytest.mark.parametrize(
        "answer",
        [
            Ran(1, "", "Operation not permitted (you must be root)\n", None),
            Ran(None, "", "", "nft: no answer"),
            Ran(0, "{", "", None),
        ],
    )
    def test_rules_that_cannot_be_read_are_unknown(self, host, answer):
        host.answers[NFT] = answer
        assert self.collect(host) is None
        assert host.unknown[0]["missing"] == "firewall"

    def test_without_root_the_kernel_does_not_tell(self, host, monkeypatch):
        def refuse():
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(netlink, "has_nft_base_chains", refuse)
        assert self.collect(host) is None
        assert host.unknown == [{"missing": "firewall", "why": "nftables: Operation not permitted"}]

    def test_rules_without_a_tool_to_list_them_are_unknown(self, host):
        for name in ("nft", "iptables-save", "ip6tables-save"):
            os.remove(host.path("/usr/sbin/" + name))
        assert self.collect(host) is None

    def test_firewalld_beside_ufw_is_in_charge_as_well(self, host):
        host.process(
            65, "/usr/bin/python3 /usr/sbin/firewalld --nofork --nopid", name="firewalld", exe="/usr/bin/python3.11"
        )
        host.write("/etc/ufw/ufw.conf", "ENABLED=yes\n")
        both = json.loads(fixture("firewall", "ufw_nft.json"))["nftables"]
        both += json.loads(fixture("firewall", "firewalld.json"))["nftables"]
        host.answers.update(
            {NFT: json.dumps({"nftables": both}), "iptables-save": fixture("firewall", "ufw_iptables_save.txt")}
        )
        host.answers["ip6tables-save"] = fixture("firewall", "ufw_ip6tables_save.txt")
        found = self.collect(host)
        assert (found["tool"], found["beside"], found["default_zone"]) == ("ufw", ["firewalld"], "public")
