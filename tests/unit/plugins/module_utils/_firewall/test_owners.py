# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose chains stand beside those of the tool in charge."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.owners import owner_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import chain


@pytest.mark.parametrize(
    ("table", "name", "owner"),
    [
        ("filter", "f2b-sshd", "fail2ban"),
        ("f2b-table", "f2b-chain", "fail2ban"),
        ("crowdsec", "crowdsec-chain", "crowdsec"),
        ("filter", "CROWDSEC_CHAIN", "crowdsec"),
        ("filter", "DOCKER-USER", "docker"),
        ("nat", "KUBE-SERVICES", "kubernetes"),
        ("filter", "ts-input", "tailscale"),
        ("filter", "DENYIN", "csf"),
        ("filter", "LOGDROPIN", None),
        ("filter", "INPUT", None),
        ("filter", "ufw-user-input", None),
        ("lxdx", "my-DOCKER", None),
    ],
)
def test_a_chain_is_known_by_how_its_name_begins(table, name, owner):
    assert owner_of(chain("ip", table, name, "iptables")) == owner
