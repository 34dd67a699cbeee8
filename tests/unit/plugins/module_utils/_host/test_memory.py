# Copyright (c) 2026, the webops.bad_gateway authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory a host has, and how much a limit leaves of it."""

import pytest

from ansible_collections.webops.bad_gateway.plugins.module_utils._host.memory import group_memory, memory_facts
from ansible_collections.webops.bad_gateway.tests.unit.plugins.module_utils.fake_host import FakeHost

MEMINFO = "MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    600 kB\n"
V1 = "/sys/fs/cgroup/memory/memory."


@pytest.fixture
def host(tmp_path):
    made = FakeHost(tmp_path)
    made.write("/proc/meminfo", MEMINFO)
    return made


@pytest.mark.parametrize(
    ("files", "memory"),
    [
        ({}, (600, None)),
        ({"/sys/fs/cgroup/memory.max": "max"}, (600, None)),
        ({V1 + "limit_in_bytes": "9223372036854771712"}, (600, None)),
        (
            {
                "/sys/fs/cgroup/memory.max": "512000",
                "/sys/fs/cgroup/memory.current": "307200",
                "/sys/fs/cgroup/memory.stat": "inactive_file 102400\n",
            },
            (300, 500),
        ),
        (
            {
                V1 + "limit_in_bytes": "512000",
                V1 + "usage_in_bytes": "307200",
                V1 + "stat": "inactive_file 1\ntotal_inactive_file 102400\n",
            },
            (300, 500),
        ),
        ({"/sys/fs/cgroup/memory.max": "921600", "/sys/fs/cgroup/memory.current": "0"}, (600, 900)),
    ],
)
def test_memory_is_what_the_limit_leaves(host, files, memory):
    for path, text in files.items():
        host.write(path, text + "\n")
    available, limit = memory
    assert memory_facts(host) == {
        "total": 1000 * 1024,
        "available": available * 1024,
        "limit": limit and limit * 1024,
        "oom_kills": None,
    }


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/sys/fs/cgroup/memory.events", "low 0\noom 4\noom_kill 3\n"),
        (V1 + "oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n"),
    ],
)
@pytest.mark.parametrize(("limit", "kills"), [("512000", 3), ("9223372036854771712", None)])
def test_kills_are_counted_where_there_is_a_limit(host, path, text, limit, kills):
    host.write(V1 + "limit_in_bytes", limit)
    host.write(path, text)
    assert memory_facts(host)["oom_kills"] == kills


def test_memory_that_cannot_be_read_is_unknown(tmp_path):
    host = FakeHost(tmp_path)
    assert memory_facts(host)["total"] is None
    assert host.unknown[0]["missing"] == "memory"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"memory.max": "1000", "memory.events": "oom 4\noom_kill 3\n"}, {"limit": 1000, "oom_kills": 3}),
        ({"memory.max": "max", "memory.events": "oom_kill 0\n"}, None),
    ],
)
def test_of_a_container(host, files, found):
    class Grouped:
        def cgroup(self):
            return "0::/docker/5f\n"

    for name, text in files.items():
        host.write("/sys/fs/cgroup/docker/5f/" + name, text)
    assert group_memory(host, Grouped()) == found
