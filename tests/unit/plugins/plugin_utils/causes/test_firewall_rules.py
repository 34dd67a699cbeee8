# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that let connections out of a host, or through it, are those of the tool whose rule refuses them."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._address import Address
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import Verdict
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_rules import let_out, let_through

TO = Address("10.0.0.2", 7080)
SIX = Address("fd00::2", 7080)


def refused(tool, chain="output"):
    return Verdict("reject", "reject", chain=chain, table="filter", family="inet", tool=tool)


@pytest.mark.parametrize(
    ("tool", "to", "command"),
    [
        ("ufw", TO, "ufw allow out proto tcp to 10.0.0.2 port 7080   # on web"),
        ("nftables", TO, "nft insert rule inet filter output ip daddr 10.0.0.2 tcp dport 7080 accept   # on web"),
        ("nftables", SIX, "nft insert rule inet filter output ip6 daddr fd00::2 tcp dport 7080 accept   # on web"),
        ("iptables", TO, "iptables -I output -d 10.0.0.2 -p tcp --dport 7080 -j ACCEPT   # on web"),
        ("iptables", SIX, "ip6tables -I output -d fd00::2 -p tcp --dport 7080 -j ACCEPT   # on web"),
        ("firewalld", SIX, "firewall-cmd --permanent --direct --add-rule ipv6 filter OUTPUT 0 -d fd00::2 -p tcp "),
    ],
)
def test_out_of_the_host_itself(tool, to, command):
    assert let_out(refused(tool), to, "web").startswith(command)


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("ufw", "ufw route allow proto tcp from 10.0.0.1 to 10.0.0.2 port 7080   # on app"),
        ("nftables", "nft insert rule inet filter FORWARD ip saddr 10.0.0.1 ip daddr 10.0.0.2 tcp dport 7080 accept"),
        ("iptables", "iptables -I FORWARD -s 10.0.0.1 -d 10.0.0.2 -p tcp --dport 7080 -j ACCEPT   # on app"),
        ("firewalld", "# let 10.0.0.1 through to 10.0.0.2:7080 in firewalld of app: a policy"),
    ],
)
def test_through_the_host(tool, command):
    assert let_through(refused(tool, "FORWARD"), "10.0.0.1", TO, "app").startswith(command)
