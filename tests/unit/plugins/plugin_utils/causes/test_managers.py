# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each program takes that writes all rules of a host."""

from __future__ import annotations

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall import managers
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._fleet.firewall_verdict import Verdict
from ansible_collections.webops.bad_gateway.plugins.plugin_utils._remedies.known_panels import PANELS
from ansible_collections.webops.bad_gateway.plugins.plugin_utils.causes._firewall_owners import (
    MANAGERS,
    advice_of_manager,
)

FOUND = Verdict("drop", "-A INPUT -j DROP", chain="INPUT", port=7080)
NAMES = [name for name, _path, _sign in managers.MANAGERS]


def test_each_manager_that_is_looked_for_has_advice():
    assert set(NAMES) - set(PANELS) == set(MANAGERS)


@pytest.mark.parametrize("name", MANAGERS)
@pytest.mark.parametrize("source", ["192.0.2.7", "2001:db8::7"])
def test_the_advice_names_the_source_and_a_command_or_a_place(name, source):
    advice = advice_of_manager(name, FOUND, source, "app1", [])
    assert any(source in line for line in advice)
    assert all("app1" in line and "%" not in line for line in advice)


def test_a_zone_is_named_where_only_one_leads_to_the_host():
    one, *_rest = advice_of_manager("shorewall", FOUND, "2001:db8::7", "app1", [{"name": "net-fw"}])
    several, *_rest = advice_of_manager(
        "shorewall", FOUND, "192.0.2.7", "app1", [{"name": "net-fw"}, {"name": "loc-fw"}]
    )
    assert "/etc/shorewall6/rules: ACCEPT net:[2001:db8::7] $FW tcp 7080" in one
    assert "/etc/shorewall/rules: ACCEPT ZONE:192.0.2.7 $FW tcp 7080" in several
