# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How nftables opens a port and closes it again, in the words that real hosts took."""

import shlex
import subprocess

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import nftables
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Answer, Found
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.firewall_openings import (
    SOURCES,
    WANTED,
    edited,
    judged_by,
)

RULES = [
    'ip saddr 192.0.2.10 tcp dport 7080 accept comment "webops.bad_gateway"',
    'ip saddr 198.51.100.0/24 tcp dport 7080 accept comment "webops.bad_gateway"',
    'ip6 saddr 2001:db8::7 tcp dport 7080 accept comment "webops.bad_gateway"',
]
LISTED = "table inet filter {\n\tchain input {\n\t\ttype filter hook input priority filter; policy drop;\n%s\t}\n}\n"


def listed(rules, code=0, err=""):
    return Found(["/etc/nftables.conf"], [Answer(code, LISTED % "".join("\t\t%s\n" % rule for rule in rules), err)])


def test_the_rules_of_a_host_are_in_the_words_of_nft():
    assert nftables.rules(WANTED) == RULES


@pytest.mark.parametrize(
    ("there", "missing"),
    [([], RULES), (RULES[:1], RULES[1:]), (RULES, []), ([RULES[0] + " # handle 4"], RULES)],
)
def test_only_what_is_missing_is_inserted(there, missing):
    commands = nftables.opening(WANTED, listed(there)).commands
    assert commands == [["nft", "insert", "rule", "inet", "filter", "input", rule] for rule in missing]


def test_the_family_that_a_plan_leaves_open_is_inet():
    assert nftables.reads(WANTED._replace(family="")) == [["nft", "list", "chain", "inet", "filter", "input"]]


@pytest.mark.parametrize("before", ["", "flush ruleset\n", "flush ruleset", "flush ruleset\n\n\n"])
def test_the_block_goes_to_the_end_of_the_file_once(before):
    (edit,) = nftables.opening(WANTED, listed([])).edits
    after = edited(edit, before)
    marker = "webops.bad_gateway: 7080 in inet filter input for 192.0.2.10, 198.51.100.0/24, 2001:db8::7"
    block = ["# BEGIN " + marker] + ["insert rule inet filter input " + rule for rule in RULES] + ["# END " + marker]
    assert after == before.rstrip("\n") + "\n" + "\n".join(block) + "\n"
    assert edited(edit, after) == after
    assert edited(edit, after + "# more\n") == after + "# more\n"
    assert (edit.path, judged_by(edit)) == ("/etc/nftables.conf", "nft -c -f")


def test_others_get_a_block_of_their_own():
    (first,) = nftables.opening(WANTED._replace(sources=SOURCES[:1]), listed([])).edits
    (second,) = nftables.opening(WANTED._replace(sources=SOURCES[1:2]), listed([])).edits
    assert edited(second, edited(first, "")).count("# BEGIN ") == 2


def test_an_opening_that_would_not_last_is_refused():
    with pytest.raises(ValueError, match="No file that nftables loads its rules from .*Set firewall_port_file"):
        nftables.opening(WANTED, listed([])._replace(files=[]))


def test_the_file_that_is_named_is_the_only_one():
    assert nftables.boot_files(WANTED._replace(file="/etc/fw.nft")) == ["/etc/fw.nft"]


def test_a_chain_that_can_not_be_listed_is_said():
    with pytest.raises(ValueError, match="nft can't list the chain inet filter input: Error: No such file"):
        nftables.opening(WANTED, listed([], 1, "Error: No such file\n"))


@pytest.mark.parametrize("family", ["bridge", "inet; flush ruleset"])
def test_a_family_that_filters_nothing_for_a_host_is_refused(family):
    with pytest.raises(ValueError, match="no family"):
        nftables.reads(WANTED._replace(family=family))


def test_the_undo_deletes_the_rule_by_its_number(tmp_path):
    """The shell text does what it says, with an nft that lists a chain and notes what it is told to run."""
    chain = [RULES[0] + " # handle 7", RULES[0].replace("192.0.2.10", "192a0b2c10") + " # handle 8"]
    chain += ['log prefix "x" ' + RULES[0] + " # handle 9", "tcp dport 22 accept # handle 3"]
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


def test_a_rule_that_is_not_there_deletes_nothing(tmp_path):
    nft = tmp_path / "nft"
    nft.write_text('#!/bin/sh\n[ "$1" = -f ] && exec cat\necho "tcp dport 22 accept # handle 3"\n')
    nft.chmod(0o755)
    for argv in nftables.undo(WANTED):
        done = subprocess.run(argv, env={"PATH": "%s:/usr/bin:/bin" % tmp_path}, stdout=subprocess.PIPE, check=True)
        assert done.stdout == b""
