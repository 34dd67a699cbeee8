# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How ufw opens a port and closes it again."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import ufw
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.opening import Found
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.firewall_openings import SOURCES, WANTED


def test_rules_are_as_ufw_is_asked_for_them():
    assert ufw.rules(WANTED) == ["allow proto tcp from %s to any port 7080" % source for source in SOURCES]


def test_a_module_of_ansible_drives_it():
    opening = ufw.opening(WANTED, Found([], []))
    assert (ufw.reads(WANTED), opening.edits, opening.commands) == ([], [], [])


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


@pytest.mark.parametrize(
    ("name", "hook", "syntax", "is_its_own"),
    [
        ("ufw-reject-input", None, "iptables", True),
        ("ufw6-reject-input", None, "iptables", True),
        ("INPUT", "input", "iptables", True),
        ("shop", None, "iptables", False),
        ("ufw6-reject-input", None, "nft", False),
    ],
)
def test_its_chains_are_those_of_both_families_and_the_kernels(name, hook, syntax, is_its_own):
    chain = {"name": name, "hook": hook, "syntax": syntax}
    assert ufw.made(chain, in_charge=True) is is_its_own
    assert ufw.made(chain, in_charge=False) is False
