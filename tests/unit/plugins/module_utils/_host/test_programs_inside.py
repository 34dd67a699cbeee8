# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs beside an nginx in its container."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.processes import Processes
from ansible_collections.webops.bad_gateway.plugins.module_utils._host.programs_inside import (
    MOST,
    programs_beside_nginx,
)
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    for pid, name, space in (
        (1, "init", "pid:[1]"),
        (11, "nginx", "pid:[9]"),
        (12, "nginx", "pid:[9]"),
        (21, "nginx", "pid:[8]"),
    ):
        made.process(pid, name, name=name)
        made.link("/proc/%d/ns/pid" % pid, space)
    return made


def beside(host, *pids, daemon="nginx"):
    made = [{"inside": [{"name": daemon, "pid": pid}]} for pid in pids]
    return [(made.index(one), names) for one, names in programs_beside_nginx(Processes(host), made)]


def test_each_name_once_of_the_container_that_has_it(host):
    for pid, name, space in ((13, "node", "pid:[9]"), (14, "node", "pid:[9]"), (31, "mysqld", "pid:[7]")):
        host.process(pid, name, name=name)
        host.link("/proc/%d/ns/pid" % pid, space)
    assert beside(host, 11, 21) == [(0, ["node"])]


def test_no_more_than_so_many(host):
    for number in range(MOST + 5):
        host.process(100 + number, "x", name="program-%d" % number)
        host.link("/proc/%d/ns/pid" % (100 + number), "pid:[8]")
    ((_which, names),) = beside(host, 21)
    assert len(names) == MOST


def test_neither_of_a_container_without_nginx_nor_of_one_that_is_gone(host):
    assert beside(host, 11, daemon="PHP-FPM") == []
    assert beside(host, 999) == []
