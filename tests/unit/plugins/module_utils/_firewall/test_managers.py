# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a program that writes all rules has its rules in force."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.managers import manager_of
from ansible_collections.webops.bad_gateway.plugins.module_utils._firewall.rules import chain
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.mark.parametrize(
    ("files", "name", "manager"),
    [
        ({"/etc/csf/csf.conf": "TESTING = 0\n"}, "LOCALINPUT", "csf"),
        ({"/etc/csf/csf.conf": "TESTING = 0\n"}, "mine", None),
        ({"/etc/shorewall/shorewall.conf": ""}, "shorewall", "shorewall"),
        ({"/etc/shorewall/shorewall.conf": ""}, "mine", None),
        ({"/etc/firehol/firehol.conf": ""}, "in_world", "firehol"),
        ({"/etc/ferm/ferm.conf": "", "/etc/default/ferm": "ENABLED=yes\n"}, "mine", "ferm"),
        ({"/etc/ferm/ferm.conf": "", "/etc/default/ferm": 'ENABLED="no"\n'}, "mine", None),
        ({"/etc/ferm/ferm.conf": ""}, "mine", "ferm"),
        ({}, "shorewall", None),
    ],
)
def test_a_manager_is_named_where_its_rules_are_in_force(tmp_path, files, name, manager):
    host = FakeHost(tmp_path, {})
    for path, text in files.items():
        host.write(path, text)
    assert manager_of(host, {"ip filter " + name: chain("ip", "filter", name, "iptables")}) == manager
