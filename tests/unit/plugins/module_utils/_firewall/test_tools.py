# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every firewall tool, and whose rules are whose."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import chain
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.tools import SERVICES, TOOLS, maker_of
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.firewall_openings import SOURCES, WANTED

#: What a shell takes for more than a name.
EVIL = ";'\"$()` \n\\"


@pytest.mark.parametrize("tool", TOOLS)
def test_each_source_has_a_rule_that_names_it_and_the_port(tool):
    rules = TOOLS[tool].rules(WANTED)
    assert len(rules) == len(SOURCES)
    assert all(source in rule and "7080" in rule for source, rule in zip(SOURCES, rules))


def test_only_to_ufw_an_opening_takes_the_place_of_a_refusal():
    assert [name for name, tool in TOOLS.items() if tool.REPLACES] == ["ufw"]


@pytest.mark.parametrize("tool", TOOLS)
def test_the_undo_is_about_the_rules_of_its_sources_alone(tool):
    assert TOOLS[tool].undo(WANTED._replace(sources=[])) == []
    assert all("7080" in " ".join(argv) for argv in TOOLS[tool].undo(WANTED))


@pytest.mark.parametrize("tool", TOOLS)
@given(text=some.text(alphabet="ab-/." + EVIL, max_size=6).filter(lambda text: set(text) & set(EVIL)))
def test_no_name_reaches_a_shell_unless_it_is_one(tool, text):
    """Whatever is no name is refused, or has no part in the commands."""
    try:
        commands = TOOLS[tool].undo(WANTED._replace(zone=text, table=text, chain=text))
    except ValueError:
        return
    assert commands == TOOLS[tool].undo(WANTED)


@pytest.mark.parametrize(
    ("made", "in_charge", "maker"),
    [
        (chain("inet", "firewalld", "filter_IN_public", "nft"), "firewalld", "firewalld"),
        (chain("inet", "filter", "input", "nft", "input"), "firewalld", "nftables"),
        (chain("ip", "filter", "IN_public_allow", "iptables"), "firewalld", "firewalld"),
        (chain("ip", "filter", "INPUT", "iptables", "input"), "firewalld", "firewalld"),
        (chain("ip", "filter", "f2b-sshd", "iptables"), "firewalld", "iptables"),
        (chain("ip", "filter", "ufw-user-input", "iptables"), "ufw", "ufw"),
        (chain("ip", "filter", "INPUT", "iptables", "input"), "ufw", "ufw"),
        (chain("ip", "filter", "mine", "iptables"), "ufw", "iptables"),
        (chain("inet", "filter", "input", "nft", "input"), "ufw", "nftables"),
        (chain("ip", "filter", "INPUT", "iptables", "input"), "none", "iptables"),
        (chain("ip", "filter", "ufw-reject-input", "iptables"), "ufw firewalld", "ufw"),
        (chain("ip", "filter", "INPUT", "iptables", "input"), "ufw firewalld", "ufw"),
        (chain("inet", "firewalld", "filter_IN_public", "nft"), "ufw firewalld", "firewalld"),
    ],
)
def test_a_refusal_is_blamed_on_the_tool_that_made_its_chain(made, in_charge, maker):
    assert maker_of(made, in_charge.split()) == maker


def test_each_tool_names_the_services_that_put_its_rules_in_force():
    assert all(tool.SERVICES for tool in TOOLS.values())
    assert {"firewalld", "netfilter-persistent"} < set(SERVICES)
