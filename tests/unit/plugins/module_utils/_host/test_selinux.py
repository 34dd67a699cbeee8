# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux as it is in force."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.selinux import selinux_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def test_a_host_without_it_has_it_disabled(host):
    assert selinux_facts(host) == {"mode": "disabled", "booleans": {}}


@pytest.mark.parametrize(("number", "mode"), [("1", "enforcing"), ("0", "permissive")])
def test_mode_and_booleans_are_those_in_force(host, number, mode):
    host.write("/sys/fs/selinux/enforce", number)
    host.write("/sys/fs/selinux/booleans/httpd_can_network_connect", "1 0")
    host.write("/sys/fs/selinux/booleans/httpd_can_network_relay", "0 1")
    host.write("/sys/fs/selinux/booleans/ftpd_full_access", "1 1")
    assert selinux_facts(host) == {
        "mode": mode,
        "booleans": {"httpd_can_network_connect": True, "httpd_can_network_relay": False},
    }


def test_what_cannot_be_read_is_unknown(host):
    host.write("/sys/fs/selinux/enforce", "")
    assert selinux_facts(host) is None
    assert host.unknown[0]["missing"] == "selinux"


def test_a_boolean_that_cannot_be_read_is_unknown(host):
    host.write("/sys/fs/selinux/enforce", "1")
    host.write("/sys/fs/selinux/booleans/httpd_use_nfs", "")
    assert selinux_facts(host)["booleans"] == {}
    assert host.unknown[0]["missing"] == "selinux boolean httpd_use_nfs"
