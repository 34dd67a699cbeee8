# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a process holds open, by their paths."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.open_files import OpenFile, open_files
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    for number, target in enumerate(("/dev/null", "pipe:[5]", "/var/log/a.log", "socket:[7]", "/var/b (deleted)")):
        made.link("/proc/71/fd/%d" % number, target)
    return made


def test_those_with_a_path(host):
    assert list(open_files(host, 71)) == [
        OpenFile("/proc/71/fd/0", "/dev/null", False),
        OpenFile("/proc/71/fd/2", "/var/log/a.log", False),
        OpenFile("/proc/71/fd/4", "/var/b", True),
    ]


def test_a_process_that_is_gone_holds_none(host):
    assert list(open_files(host, 72)) == []
