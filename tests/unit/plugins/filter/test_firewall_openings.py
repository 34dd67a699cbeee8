# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Openings for templates: what is passed on, and what is said to what can't be used."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.webops.bad_gateway.plugins.filter.firewall_openings import FilterModule

firewall_openings = FilterModule().filters()["firewall_openings"]


def test_one_source_may_come_alone_and_a_port_as_text():
    assert firewall_openings("192.0.2.10", "ufw", "7080")["rules"] == [
        "allow proto tcp from 192.0.2.10 to any port 7080"
    ]


def test_what_is_missing_is_said_once_it_was_read():
    place = {"chain": "INPUT"}
    found = {"files": [], "reads": [{"rc": 0}]}
    missing = firewall_openings(["192.0.2.10"], "iptables", 7080, place, found)
    assert (missing["files"], missing["edits"], missing["commands"]) == ([], [], [])


@pytest.mark.parametrize(
    "arguments",
    [
        (["any"], "ufw", 7080),
        (["192.0.2.10"], "pf", 7080),
        (["192.0.2.10"], "ufw", "https"),
        (["192.0.2.10"], "ufw", None),
        (["192.0.2.10"], "iptables", 7080, {"chain": "a;b"}),
        (["192.0.2.10"], "iptables", 7080, {"chain": "INPUT"}, {}),
    ],
)
def test_what_can_not_be_opened_is_one_sentence(arguments):
    with pytest.raises(AnsibleFilterError, match="^firewall_openings: [^\n]+$"):
        firewall_openings(*arguments)
