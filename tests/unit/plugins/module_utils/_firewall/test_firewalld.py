# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How firewalld opens a port and closes it again, and which chains are its own. Its zones are tested with facts.py."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import firewalld
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Found
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.firewall_openings import SOURCES, WANTED

RICH = 'rule priority="-1" family="%s" source address="%s" port port="7080" protocol="tcp" accept'
RULES = [RICH % ("ipv4", SOURCES[0]), RICH % ("ipv4", SOURCES[1]), RICH % ("ipv6", SOURCES[2])]


def test_rules_are_rich():
    assert firewalld.rules(WANTED) == RULES


def test_a_rich_rule_without_a_priority_is_one_of_older_firewalld():
    (rule,) = firewalld.rules(WANTED._replace(priority=0, sources=SOURCES[:1]))
    assert rule.startswith('rule family="ipv4" ')


def test_a_module_of_ansible_drives_it():
    opening = firewalld.opening(WANTED, Found([], []))
    assert (firewalld.reads(WANTED), opening.edits, opening.commands) == ([], [], [])


def test_the_copy_that_firewalld_makes_of_a_zone_is_put_back_with_it():
    files = firewalld.opening(WANTED, Found([], [])).files
    assert files == ["/etc/firewalld/zones/internal.xml", "/etc/firewalld/zones/internal.xml.old"]


def test_firewalld_forgets_a_rule_now_and_for_good():
    zone = ["firewall-cmd", "--zone=internal"]
    permanent = ["firewall-cmd", "--permanent", "--zone=internal"]
    removals = ["--remove-rich-rule=" + rule for rule in RULES]
    assert firewalld.undo(WANTED) == [zone + [word] for word in removals] + [permanent + [word] for word in removals]


@pytest.mark.parametrize(
    ("chain", "zone"),
    [
        ("IN_public_allow", "public"),
        ("filter_IN_my-zone_post", "my-zone"),
        ("filter_IN_drop", "drop"),
        ("filter_IN_policy_allow-host-ipv6_pre", None),
        ("INPUT", None),
    ],
)
def test_a_chain_belongs_to_a_zone_by_its_name(chain, zone):
    assert firewalld.zone_of_chain(chain) == zone
