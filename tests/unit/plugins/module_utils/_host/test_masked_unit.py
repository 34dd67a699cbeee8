# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mask hides of a unit."""

from ansible_collections.webops.bad_gateway.plugins.module_utils._host import unit_addresses
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.masked_unit import hidden_by_mask
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

MASKED = {"Id": "shop.service", "LoadState": "masked", "FragmentPath": "/dev/null"}


def test_the_packaged_file_says_where_a_masked_service_would_listen(tmp_path):
    host = FakeHost(tmp_path)
    host.write(
        "/lib/systemd/system/shop.service",
        "[Service]\nType=notify\nUser=shop\nEnvironment=A=1\nEnvironmentFile=-/etc/default/shop\n"
        "ExecStart=-/usr/bin/gunicorn \\\n  --bind ${BIND} shop:app\n",
    )
    host.write("/etc/default/shop", "BIND=127.0.0.1:8001\n")
    found = hidden_by_mask(host, MASKED)
    assert (found["LoadState"], found["FragmentPath"], found["Type"], found["User"]) == (
        "masked", "/lib/systemd/system/shop.service", "notify", "shop",
    )  # fmt: skip
    declared = unit_addresses.of_service(host, found)
    assert [(one["address"], one["file"]) for one in declared] == [("tcp:127.0.0.1:8001", "/etc/default/shop")]


def test_where_no_other_file_is_there_nothing_is_known(tmp_path):
    assert hidden_by_mask(FakeHost(tmp_path), MASKED) == MASKED
