# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How iptables opens a port and closes it again, in the words that real hosts took."""

import shlex

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import iptables
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Answer, Found
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.firewall_openings import (
    WANTED,
    edited,
    judged_by,
)

RULES = [
    'input -s 192.0.2.10/32 -p tcp -m tcp --dport 7080 -m comment --comment "webops.bad_gateway" -j ACCEPT',
    'input -s 198.51.100.0/24 -p tcp -m tcp --dport 7080 -m comment --comment "webops.bad_gateway" -j ACCEPT',
    'input -s 2001:db8::7/128 -p tcp -m tcp --dport 7080 -m comment --comment "webops.bad_gateway" -j ACCEPT',
]
V4 = "# Generated\n*nat\n:INPUT ACCEPT [0:0]\nCOMMIT\n*filter\n:input DROP [0:0]\n-A input -p tcp -j REJECT\nCOMMIT\n"
FOUND = Found(
    ["/etc/iptables/rules.v4", "/etc/sysconfig/iptables", "/etc/iptables/rules.v6"],
    [Answer(1, "", "iptables: Bad rule"), Answer(0, "", ""), Answer(1, "", "ip6tables: Bad rule")],
)


def test_what_is_asked_inserted_and_deleted_is_one_rule():
    expected = [
        [command, "-w", "10", "OPTION", *shlex.split(rule)]
        for command, rule in zip(["iptables", "iptables", "ip6tables"], RULES)
    ]
    for option, commands in (("-C", iptables.reads(WANTED)), ("-D", iptables.undo(WANTED))):
        assert commands == [[word.replace("OPTION", option) for word in argv] for argv in expected]
    inserted = iptables.opening(WANTED, FOUND).commands
    assert inserted == [[word.replace("OPTION", "-I") for word in expected[number]] for number in (0, 2)]


def test_the_rules_are_as_iptables_prints_them():
    assert iptables.rules(WANTED) == RULES


def test_each_kind_of_address_has_its_file():
    opening = iptables.opening(WANTED, FOUND)
    assert opening.files == ["/etc/iptables/rules.v4", "/etc/iptables/rules.v6"]
    assert [(edit.path, judged_by(edit)) for edit in opening.edits] == [
        ("/etc/iptables/rules.v4", "iptables-restore --test"),
        ("/etc/iptables/rules.v4", "iptables-restore --test"),
        ("/etc/iptables/rules.v6", "ip6tables-restore --test"),
    ]


def test_a_host_that_keeps_no_rules_has_no_file():
    opening = iptables.opening(WANTED, FOUND._replace(files=[]))
    assert (opening.files, opening.edits, len(opening.commands)) == ([], [], 2)


def test_the_file_that_is_named_is_the_only_one():
    wanted = WANTED._replace(file="/etc/fw")
    assert iptables.boot_files(wanted) == iptables.opening(wanted, FOUND).files == ["/etc/fw"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (V4, V4.replace("-A input -p", "-A %s\n-A input -p" % RULES[0])),
        (
            V4.replace("-A input -p tcp -j REJECT\n", ""),
            V4.replace("-A input -p tcp -j REJECT", "-A " + RULES[0]),
        ),
        (V4.replace("*filter", "*mangle"), V4.replace("*filter", "*mangle")),
    ],
    ids=["before the rules of the chain", "at the end of the table", "there is no such table"],
)
def test_where_the_rule_goes_in_the_file(before, after):
    edit = iptables.opening(WANTED, FOUND).edits[0]
    assert edited(edit, before) == after
    assert edited(edit, after) == after


def test_an_iptables_that_can_not_tell_is_said():
    answers = [Answer(4, "", "Another app is currently holding the xtables lock\n")] * 3
    with pytest.raises(ValueError, match="-C input .*: Another app is currently holding the xtables lock"):
        iptables.opening(WANTED, FOUND._replace(answers=answers))
