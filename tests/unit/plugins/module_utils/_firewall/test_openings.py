# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each tool opens a port and closes it again: pure functions, in the words that real hosts took."""

import re
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import firewalld, iptables, nftables, ufw
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Answer, Found, Wanted, name
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import TOOLS

SOURCES = ["192.0.2.10", "198.51.100.0/24", "2001:db8::7"]
WANTED = Wanted(7080, SOURCES, zone="internal", priority=-1, family="inet", table="filter", chain="input")
NFT_RULES = [
    'ip saddr 192.0.2.10 tcp dport 7080 accept comment "webops.bad_gateway"',
    'ip saddr 198.51.100.0/24 tcp dport 7080 accept comment "webops.bad_gateway"',
    'ip6 saddr 2001:db8::7 tcp dport 7080 accept comment "webops.bad_gateway"',
]
IPTABLES_RULES = [
    'input -s 192.0.2.10/32 -p tcp -m tcp --dport 7080 -m comment --comment "webops.bad_gateway" -j ACCEPT',
    'input -s 198.51.100.0/24 -p tcp -m tcp --dport 7080 -m comment --comment "webops.bad_gateway" -j ACCEPT',
    'input -s 2001:db8::7/128 -p tcp -m tcp --dport 7080 -m comment --comment "webops.bad_gateway" -j ACCEPT',
]
RICH = 'rule priority="-1" family="%s" source address="%s" port port="7080" protocol="tcp" accept'
RICH_RULES = [RICH % ("ipv4", SOURCES[0]), RICH % ("ipv4", SOURCES[1]), RICH % ("ipv6", SOURCES[2])]
LISTED = "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n%s\t}\n}\n"


def listed(rules, code=0, err=""):
    return Found(["/etc/nftables.conf"], [Answer(code, LISTED % "".join("\t\t%s\n" % rule for rule in rules), err)])


def edited(edit, text):
    """What ansible.builtin.replace makes of a file's text."""
    return re.sub(edit.regexp, edit.replace, text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("tool", "rules"),
    [
        ("firewalld", RICH_RULES),
        ("ufw", ["allow proto tcp from %s to any port 7080" % source for source in SOURCES]),
        ("nftables", NFT_RULES),
        ("iptables", IPTABLES_RULES),
    ],
)
def test_rules_are_in_the_words_of_the_tool(tool, rules):
    assert TOOLS[tool].rules(WANTED) == rules


def test_a_rich_rule_without_a_priority_is_one_of_older_firewalld():
    (rule,) = firewalld.rules(WANTED._replace(priority=0, sources=SOURCES[:1]))
    assert rule.startswith('rule family="ipv4" ')


@pytest.mark.parametrize("tool", ["firewalld", "ufw"])
def test_what_a_module_drives_has_nothing_to_run(tool):
    opening = TOOLS[tool].opening(WANTED, Found([], []))
    assert (TOOLS[tool].reads(WANTED), opening.edits, opening.commands) == ([], [], [])


def test_the_copy_that_firewalld_makes_of_a_zone_is_put_back_with_it():
    files = firewalld.opening(WANTED, Found([], [])).files
    assert files == ["/etc/firewalld/zones/internal.xml", "/etc/firewalld/zones/internal.xml.old"]


def test_firewalld_forgets_a_rule_now_and_for_good():
    zone = ["firewall-cmd", "--zone=internal"]
    permanent = ["firewall-cmd", "--permanent", "--zone=internal"]
    removals = ["--remove-rich-rule=" + rule for rule in RICH_RULES]
    assert firewalld.undo(WANTED) == [zone + [word] for word in removals] + [permanent + [word] for word in removals]


def test_ufw_deletes_its_rules():
    assert ufw.undo(WANTED)[2] == [
        "ufw",
        "delete",
        "allow",
        "proto",
        "tcp",
        "from",
        "2001:db8::7",
        "to",
        "any",
        "port",
        "7080",
    ]


class TestNftables:
    @pytest.mark.parametrize(
        ("there", "missing"),
        [([], NFT_RULES), (NFT_RULES[:1], NFT_RULES[1:]), (NFT_RULES, []), ([NFT_RULES[0] + " # handle 4"], NFT_RULES)],
    )
    def test_only_what_is_missing_is_inserted(self, there, missing):
        commands = nftables.opening(WANTED, listed(there)).commands
        assert commands == [["nft", "insert", "rule", "inet", "filter", "input", rule] for rule in missing]

    def test_the_family_that_a_plan_leaves_open_is_inet(self):
        assert nftables.reads(WANTED._replace(family="")) == [["nft", "list", "chain", "inet", "filter", "input"]]

    @pytest.mark.parametrize("before", ["", "flush ruleset\n", "flush ruleset", "flush ruleset\n\n\n"])
    def test_the_block_goes_to_the_end_of_the_file_once(self, before):
        (edit,) = nftables.opening(WANTED, listed([])).edits
        after = edited(edit, before)
        marker = "webops.bad_gateway: 7080 in inet filter input for 192.0.2.10, 198.51.100.0/24, 2001:db8::7"
        block = (
            ["# BEGIN " + marker]
            + ["insert rule inet filter input " + rule for rule in NFT_RULES]
            + ["# END " + marker]
        )
        assert after == before.rstrip("\n") + "\n" + "\n".join(block) + "\n"
        assert edited(edit, after) == after
        assert edited(edit, after + "# more\n") == after + "# more\n"
        assert (edit.path, edit.validate) == ("/etc/nftables.conf", "nft -c -f %s")

    def test_others_get_a_block_of_their_own(self):
        (first,) = nftables.opening(WANTED._replace(sources=SOURCES[:1]), listed([])).edits
        (second,) = nftables.opening(WANTED._replace(sources=SOURCES[1:2]), listed([])).edits
        assert edited(second, edited(first, "")).count("# BEGIN ") == 2

    def test_an_opening_that_would_not_last_is_refused(self):
        with pytest.raises(ValueError, match="No file that nftables loads its rules from .*Set firewall_port_file"):
            nftables.opening(WANTED, listed([])._replace(files=[]))

    def test_the_file_that_is_named_is_the_only_one(self):
        assert nftables.boot_files(WANTED._replace(file="/etc/fw.nft")) == ["/etc/fw.nft"]

    def test_a_chain_that_can_not_be_listed_is_said(self):
        with pytest.raises(ValueError, match="nft can't list the chain inet filter input: Error: No such file"):
            nftables.opening(WANTED, listed([], 1, "Error: No such file\n"))

    @pytest.mark.parametrize("family", ["bridge", "inet; flush ruleset"])
    def test_a_family_that_filters_nothing_for_a_host_is_refused(self, family):
        with pytest.raises(ValueError, match="no family"):
            nftables.reads(WANTED._replace(family=family))

    def test_the_undo_deletes_the_rule_by_its_number(self, tmp_path):
        """The shell text does what it says, with an nft that lists a chain and notes what it is told to run."""
        chain = [NFT_RULES[0] + " # handle 7", NFT_RULES[0].replace("192.0.2.10", "192a0b2c10") + " # handle 8"]
        chain += ['log prefix "x" ' + NFT_RULES[0] + " # handle 9", "tcp dport 22 accept # handle 3"]
        nft = tmp_path / "nft"
        listing = shlex.quote(LISTED % "".join("\t\t%s\n" % rule for rule in chain))
        nft.write_text("#!/bin/sh\n[ \"$1\" = -f ] && exec cat\nprintf '%%s' %s\n" % listing)
        nft.chmod(0o755)
        (argv,) = nftables.undo(WANTED._replace(sources=SOURCES[:1]))
        done = subprocess.run(
            argv,
            env={"PATH": "%s:/usr/bin:/bin" % tmp_path},
            stdout=subprocess.PIPE,
            universal_newlines=True,
            check=True,
        )
        assert done.stdout == "delete rule inet filter input handle 7\n"


class TestIptables:
    V4 = "# Generated\n*nat\n:INPUT ACCEPT [0:0]\nCOMMIT\n*filter\n:input DROP [0:0]\n-A input -p tcp -j REJECT\nCOMMIT\n"
    FOUND = Found(
        ["/etc/iptables/rules.v4", "/etc/sysconfig/iptables", "/etc/iptables/rules.v6"],
        [Answer(1, "", "iptables: Bad rule"), Answer(0, "", ""), Answer(1, "", "ip6tables: Bad rule")],
    )

    def test_what_is_asked_inserted_and_deleted_is_one_rule(self):
        expected = [
            [command, "-w", "10", "OPTION", *shlex.split(rule)]
            for command, rule in zip(["iptables", "iptables", "ip6tables"], IPTABLES_RULES)
        ]
        for option, commands in (("-C", iptables.reads(WANTED)), ("-D", iptables.undo(WANTED))):
            assert commands == [[word.replace("OPTION", option) for word in argv] for argv in expected]
        inserted = iptables.opening(WANTED, self.FOUND).commands
        assert inserted == [[word.replace("OPTION", "-I") for word in expected[number]] for number in (0, 2)]

    def test_each_kind_of_address_has_its_file(self):
        opening = iptables.opening(WANTED, self.FOUND)
        assert opening.files == ["/etc/iptables/rules.v4", "/etc/iptables/rules.v6"]
        assert [(edit.path, edit.validate) for edit in opening.edits] == [
            ("/etc/iptables/rules.v4", "iptables-restore --test %s"),
            ("/etc/iptables/rules.v4", "iptables-restore --test %s"),
            ("/etc/iptables/rules.v6", "ip6tables-restore --test %s"),
        ]

    def test_a_host_that_keeps_no_rules_has_no_file(self):
        opening = iptables.opening(WANTED, self.FOUND._replace(files=[]))
        assert (opening.files, opening.edits, len(opening.commands)) == ([], [], 2)

    def test_the_file_that_is_named_is_the_only_one(self):
        wanted = WANTED._replace(file="/etc/fw")
        assert iptables.boot_files(wanted) == iptables.opening(wanted, self.FOUND).files == ["/etc/fw"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (V4, V4.replace("-A input -p", "-A %s\n-A input -p" % IPTABLES_RULES[0])),
            (
                V4.replace("-A input -p tcp -j REJECT\n", ""),
                V4.replace("-A input -p tcp -j REJECT", "-A " + IPTABLES_RULES[0]),
            ),
            (V4.replace("*filter", "*mangle"), V4.replace("*filter", "*mangle")),
        ],
        ids=["before the rules of the chain", "at the end of the table", "there is no such table"],
    )
    def test_where_the_rule_goes_in_the_file(self, before, after):
        edit = iptables.opening(WANTED, self.FOUND).edits[0]
        assert edited(edit, before) == after
        assert edited(edit, after) == after

    def test_an_iptables_that_can_not_tell_is_said(self):
        answers = [Answer(4, "", "Another app is currently holding the xtables lock\n")] * 3
        with pytest.raises(ValueError, match="-C input .*: Another app is currently holding the xtables lock"):
            iptables.opening(WANTED, self.FOUND._replace(answers=answers))


@pytest.mark.parametrize(
    "text", ["input", "INPUT", "ufw-before-input", "f2b-sshd", "my_zone", "cali:pi", "a/b", "0day"]
)
def test_names(text):
    assert name(text, "chain") == text


@pytest.mark.parametrize("text", ["", "-F", "a b", "a;b", "a'b", "../x", "a/../b", "a\n", "$(id)", "é", '"a"', "/a"])
def test_what_is_no_name(text):
    with pytest.raises(ValueError, match="is no name of a chain"):
        name(text, "chain")


@pytest.mark.parametrize("tool", ["firewalld", "nftables", "iptables"])
@given(text=some.text(alphabet="ab-;'\"$()` \n\\/.", max_size=6))
def test_no_name_reaches_a_shell_unless_it_is_one(tool, text):
    """Whatever the name: it is refused, or each command splits again into the words that it was made of."""
    wanted = WANTED._replace(zone=text, table=text, chain=text)
    try:
        commands = TOOLS[tool].undo(wanted)
    except ValueError:
        return
    for argv in commands:
        assert argv[:2] != ["sh", "-c"] or shlex.split(argv[2])[:8] == [
            "nft",
            "-a",
            "list",
            "chain",
            "inet",
            text,
            text,
            "|",
        ]


def test_a_rule_that_is_not_there_deletes_nothing(tmp_path):
    nft = tmp_path / "nft"
    nft.write_text('#!/bin/sh\n[ "$1" = -f ] && exec cat\necho "tcp dport 22 accept # handle 3"\n')
    nft.chmod(0o755)
    for argv in nftables.undo(WANTED):
        done = subprocess.run(argv, env={"PATH": "%s:/usr/bin:/bin" % tmp_path}, stdout=subprocess.PIPE, check=True)
        assert done.stdout == b""
