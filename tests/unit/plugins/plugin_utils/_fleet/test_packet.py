# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a packet comes in, as far as the addresses of its host say."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.packet import interface_of

WEB, APP = "10.89.77.11", "10.89.77.12"
SYSTEM = {
    "interfaces": {
        "lo": ["127.0.0.1/8", "::1/128"],
        "eth0": ["10.89.77.12/24"],
        "eth1": ["192.0.2.5/24", "fd00::5/64"],
        "eth2": [],
    }
}


@pytest.mark.parametrize(
    ("source", "destination", "interface"),
    [
        (WEB, APP, "eth0"),
        ("192.0.2.9", APP, "eth1"),
        ("fd00::9", "fd00::5", "eth1"),
        ("198.51.100.1", APP, "eth0"),
        ("198.51.100.1", "203.0.113.1", None),
        (APP, APP, "lo"),
        ("127.0.0.1", "127.0.0.1", "lo"),
    ],
)
def test_the_interface_follows_from_the_addresses(source, destination, interface):
    assert interface_of(SYSTEM, source, destination) == interface
