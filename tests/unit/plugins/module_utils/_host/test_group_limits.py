# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control groups of a process leave to it, in both versions."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.group_limits import group_limits, own_group
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

UNIT = "system.slice/php8.2-fpm.service"
V2, MEMORY, PIDS = "/sys/fs/cgroup/", "/sys/fs/cgroup/memory/", "/sys/fs/cgroup/pids/"


class Grouped:
    """A process that is in these groups."""

    def __init__(self, text):
        self.text = text

    def cgroup(self):
        return self.text


@pytest.fixture
def limits(tmp_path):
    def read(groups, **files):
        host = FakeHost(tmp_path)
        for path, text in files.items():
            host.write(path, text + "\n")
        return group_limits(host, Grouped(groups))

    return lambda groups, files: read(groups, **files)


def test_the_limits_of_its_unit(limits):
    files = {
        V2 + UNIT + "/memory.max": "1000",
        V2 + UNIT + "/memory.current": "900",
        V2 + UNIT + "/memory.stat": "anon 1\ninactive_file 300",
        V2 + UNIT + "/pids.max": "20",
        V2 + UNIT + "/pids.current": "7",
    }
    assert limits("0::/%s\n" % UNIT, files) == {"memory": 1000, "memory_free": 400, "tasks_free": 13}


@pytest.mark.parametrize(("most", "high", "free"), [("1000", "600", 500), ("max", "600", 500), ("600", "max", 500)])
def test_what_slows_a_group_down_is_a_limit_too(limits, most, high, free):
    files = {
        V2 + UNIT + "/memory.max": most,
        V2 + UNIT + "/memory.high": high,
        V2 + UNIT + "/memory.current": "100",
    }
    assert limits("0::/%s\n" % UNIT, files) == {"memory": 600, "memory_free": free, "tasks_free": None}


def test_the_tightest_of_all_groups_above_it_counts(limits):
    files = {
        V2 + UNIT + "/memory.max": "1000",
        V2 + UNIT + "/memory.current": "100",
        V2 + "system.slice/memory.max": "2000",
        V2 + "system.slice/memory.current": "1900",
        V2 + "system.slice/pids.max": "9",
    }
    assert limits("0::/%s\n" % UNIT, files) == {"memory": 2000, "memory_free": 100, "tasks_free": 9}


def test_version_1_has_a_tree_for_each_controller(limits):
    files = {
        MEMORY + UNIT + "/memory.limit_in_bytes": "1000",
        MEMORY + UNIT + "/memory.usage_in_bytes": "1200",
        MEMORY + "system.slice/memory.limit_in_bytes": "9223372036854771712",
        PIDS + UNIT + "/pids.max": "max",
    }
    groups = "9:pids:/{0}\n5:cpu,cpuacct:/\n4:memory:/{0}\n0::/{0}\n".format(UNIT)
    assert limits(groups, files) == {"memory": 1000, "memory_free": 0, "tasks_free": None}


@pytest.mark.parametrize("groups", ["", "0::/\n", "0::/../outside\n", "nonsense\n"])
def test_no_limit(limits, groups):
    root = {V2 + "memory.max": "1000"}
    assert limits(groups, root) == {"memory": None, "memory_free": None, "tasks_free": None}


@pytest.mark.parametrize("root", [V2, PIDS])
def test_the_tasks_of_a_container(limits, root):
    assert limits("0::/", {root + "pids.max": "20", root + "pids.current": "7"})["tasks_free"] == 13


@pytest.mark.parametrize(
    ("groups", "folder"),
    [
        ("0::/docker/5f\n", V2 + "docker/5f"),
        ("4:memory:/docker/5f\n0::/\n", MEMORY + "docker/5f"),
        # This host is a container itself, and is shown its own path from above.
        ("4:memory:/lxc/web1/docker/5f\n", MEMORY + "docker/5f"),
        ("4:memory:/elsewhere\n", "/sys/fs/cgroup"),
        ("0::/\n", "/sys/fs/cgroup"),
    ],
)
def test_the_own_group_of_a_process(tmp_path, groups, folder):
    host = FakeHost(tmp_path)
    host.write(folder + "/memory.max", "1000\n")
    assert own_group(host, Grouped(groups), "memory") == folder
