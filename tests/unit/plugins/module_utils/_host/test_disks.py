# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file systems of a host."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.disks import disk_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def test_each_file_system_is_one_fact(host):
    host.write("/var/log/x", "")
    host.write("/run/x", "")
    (only,) = disk_facts(host)
    assert only["path"] == "/"
    assert 0 < only["free_bytes"] <= only["total_bytes"]
